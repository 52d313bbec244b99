"""A page that shows the running system in a browser: components, linkages, queues, what waits.

Example usage
-------------
    Watch().activate()              # before run(); it prints the address of the page
    Pipeline(Producer(), Consumer()).run()

    KAMAELIA_WATCH=8080 python program.py       # without a change of the program

How does it work?
-----------------
It is a server with HTTP and WebSocket on one port, and an attendant (Axon.Attendants): the run
does not wait for it, and the page does not show it. While no browser is connected, it does nothing.
Only programs on the same machine can connect, and only with the token in the address.

Termination: with the system that it shows.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Self

from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Internet.Addresses import checkedPort
from Kamaelia.Internet.ListeningSockets import openSockets
from Kamaelia.Protocol.HTTP.HTTPServer import HTTPServer
from Kamaelia.Protocol.WebSocket.Conversation import Timing
from Kamaelia.Protocol.WebSocket.WebSocketServer import webSocketHandler
from Kamaelia.Support.Protocol.WebSocket.Handshake import Refusal
from Kamaelia.Visualisation.Live.Access import LOOPBACK_NAMES, Access
from Kamaelia.Visualisation.Live.PageFiles import pageFile, textResponse
from Kamaelia.Visualisation.Live.Session import Session
from Kamaelia.Visualisation.Live.View import Observation
from Kamaelia.Visualisation.ProcessPath import isForked

ALL_ADDRESSES = ("", "0.0.0.0", "::")
MOST_BYTES = 64 * 1024  # of a message from a browser
PATIENCE = Timing(pingInterval=30, pingTimeout=120)  # a browser may be stopped for a while


def tellUser(line: str) -> None:
    """Print a line at once, without mixing it with the output of the program."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def start(scheduler: Any, value: str) -> None:
    """Activate a Watch on the port `value` in a run of `scheduler` (Axon.StartHooks).

    Raises ValueError for a port or a run that is not suitable, and OSError if the port is in use.
    A process that is forked, such as a worker of a server, has no page, unless the port is 0.
    """
    if scheduler.loop is None:
        raise ValueError("a run without an event loop cannot be watched")
    port = checkedPort(int(value))
    if port == 0 or not isForked():
        sockets = openSockets(port, [Watch.host])
        Watch(port=port, sockets=sockets).activate(Scheduler=scheduler)


class Watch(ServerCore):
    """Watch([port][, host][, names][, token][, tell]): the server of the page.

    port: 0 for any free port. host: where it listens. names: further names by which browsers reach
    it, if it listens elsewhere than on the loopback address. token: a random one by default.
    tell: called with the address of the page when it can be opened; it prints it by default.
    """

    port = 0
    host = "127.0.0.1"
    names: tuple[str, ...] = ()
    token: str = ""
    tell: Callable[[str], object] = staticmethod(tellUser)
    grace = 0.5
    max_connections = 100
    endsAtSignals = False  # signals are for the system

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd, protocol=self._connection, onListening=self._announce)
        self._access = Access(
            self.token or secrets.token_urlsafe(24),
            self.port,
            (*LOOPBACK_NAMES, *self.names, self._shownHost()),
        )
        self._observation: Any = None
        self._openWebSocket = webSocketHandler(
            lambda _: Session(observation=self._observation),
            mostBytes=MOST_BYTES,
            timing=PATIENCE,
        )

    @property
    def address(self) -> str:
        """The address of the page with the token, once it can be opened."""
        return self._access.address(self._shownHost())

    def _shownHost(self) -> str:
        """Return the name in the address of the page."""
        if self.names:
            return self.names[0]
        isOne = isinstance(self.host, str) and self.host not in ALL_ADDRESSES
        if not isOne:
            return LOOPBACK_NAMES[0]
        return f"[{self.host}]" if ":" in str(self.host) else str(self.host)

    def activate(
        self, Scheduler: Any = None, Tracker: Any = None, mainmethod: str = "main"
    ) -> Self:
        """Register this with a scheduler, as an attendant of the system that it runs."""
        super().activate(Scheduler, Tracker, mainmethod)
        self.scheduler.attendants.add(self)
        return self

    def main(self) -> Generator[int, None, None]:
        self._observation = Observation(self.scheduler)
        yield from super().main()

    def reportListening(self, addresses: Iterable[str]) -> None:
        """Do nothing: `tell` is called instead."""

    def _announce(self, _: ServerCore) -> None:
        self._access.port = self.port
        self.tell(self.address)

    def _connection(self, **facts: Any) -> Any:
        return HTTPServer(self._respond, **facts)

    def _respond(self, request: Mapping[str, Any]) -> Any:
        """Return the response to a request."""
        try:
            self._access.check(request)
        except Refusal as refusal:
            return textResponse(refusal.status, str(refusal))
        if request["non-query-uri"] == "/system":
            return self._openWebSocket(request)
        if request["method"] not in ("GET", "HEAD"):
            return textResponse(405, "the page is only read")
        response = pageFile(request["non-query-uri"])
        if response["statuscode"] == 200 and self._access.isTokenInQuery(request):
            response["headers"].append(self._access.cookie())
        return response


__kamaelia_components__ = (Watch,)
