"""The real servers behind one mail handler, and the session with one of them.

How does it work?
-----------------
`ask` opens a session with the first server that has not failed lately, and holds
a conversation there. If the session breaks, `ask` begins again with the next
server, if that can neither lose nor duplicate a mail: the server's failure is its
own, no dot has been sent, and the caller allows it (`mayMove`). Otherwise the
client gets the reply that says what went wrong. A session that an earlier mail has
used may end at any time, so it is first replaced by one with the same server.

The backend reaches the boxes only through its handler, see BackendHandler. All
handlers of a class share `smtp_health` and `smtp_offers`.

Termination: `leave()`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, NamedTuple, Protocol

from Kamaelia.Apps.Grey.Backend.RelaySession import Conversation, RelaySession
from Kamaelia.Apps.Grey.Backend.ServerSettings import ServerSettings, serversFor
from Kamaelia.Support.Failover import ServerAddress
from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity
from Kamaelia.Support.Protocol.SMTP.Relay import Broken, Relay
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

LOG = logging.getLogger("Kamaelia.Apps.Grey")


class BackendHandler(Protocol):
    """What the backend may ask of its handler, which owns the boxes."""

    recipients: Any  # of the mail in progress: a list, new for each mail
    servername: str

    def now(self) -> float:
        """Return the time in seconds."""

    def realClient(self) -> ClientIdentity:
        """Return what the real server may be told about the client."""

    def connectToRealSMTPServer(self) -> None:
        """Connect to `backend.server`."""

    def disconnectFromRealSMTPServer(self) -> None:
        """Unlink that connection and drop what it has sent."""

    def sendToServer(self, data: bytes) -> None:
        """Send bytes on the connection."""

    def beginServerTLS(self) -> None:
        """Begin TLS on the connection."""

    def closeServer(self, isInOrder: bool) -> None:
        """Close the connection: after what has been sent, or at once."""

    def waitForServer(self) -> None:
        """Read nothing more from the client."""

    def resumeClient(self) -> None:
        """Read from the client again."""

    def workSoon(self) -> None:
        """Continue in the next turn."""

    def noteToLog(self, line: str) -> None:
        """Write a line to the log of mails."""


class Request(NamedTuple):
    """A conversation that is asked for: `make(session, *given)`, whose reply `then` gets."""

    make: Callable[..., Conversation]
    then: Callable[[Reply], None]
    given: tuple[Any, ...]
    mayMove: bool


class Backend:
    """Backend(handler, settings) -> the way to the real servers; it is a ServerLink.

    server: the server that is asked, or was asked last. session: the session with it, or None.
    deadline: when the server is late, in seconds of the handler's clock, or infinity.
    """

    __slots__ = (
        "_dots",
        "_handler",
        "_isReused",
        "_lostMail",
        "_lostReply",
        "_request",
        "_settings",
        "_tried",
        "deadline",
        "server",
        "session",
    )

    def __init__(self, handler: BackendHandler, settings: ServerSettings) -> None:
        self._handler = handler
        self._settings = settings
        self._request: Request | None = None
        self._tried: list[ServerAddress] = []
        self._dots = 0
        self._isReused = False  # whether the request began in a session of an earlier one
        self._lostMail: Any = None
        self._lostReply: Reply | None = None
        self.session: RelaySession | None = None
        self.deadline = inf
        self.server = self._inOrder()[0]

    def ask(
        self,
        make: Callable[..., Conversation],
        then: Callable[[Reply], None],
        *given: Any,
        mayMove: bool = False,
    ) -> None:
        """Hold the conversation `make(session, *given)`, and call `then` with its reply.

        mayMove: it may begin again with another server until it has sent a dot.
        """
        self._request = Request(make, then, given, mayMove)
        self._tried = []
        self._handler.waitForServer()
        self._isReused = self.session is not None
        self._hold(self._request, self.session or self._connectTo(self._inOrder()[0]))

    def lostReply(self) -> Reply | None:
        """Return the reply to a mail that began in a session which has broken, or None."""
        return self._lostReply if self._lostMail is self._handler.recipients else None

    @property
    def isAwaitingDot(self) -> bool:
        """Whether the server has a mail with its dot and has not answered."""
        return self.session is not None and self.session.isAwaitingDot

    def passOn(self, chunk: bytes, isLast: bool) -> None:
        """Send a piece of a mail's text as it arrives."""
        if self.session is not None:
            self.session.passOn(chunk, isLast)

    def timedOut(self) -> None:
        """Give up the session: the server has taken too long."""
        if self.session is not None:
            self.session.timedOut()

    def leave(self, isInOrder: bool = False) -> None:
        """End the session, if there is one. A mail in progress gets no dot."""
        if self.session is not None:
            self.session.leave(isInOrder)
            self._forgetSession()

    def _inOrder(self) -> list[ServerAddress]:
        """Return all servers; the one to ask first is at the head."""
        settings = self._settings
        return settings.smtp_health.inOrder(serversFor(settings), self._handler.now())

    def _connectTo(self, server: ServerAddress) -> RelaySession:
        handler, settings = self._handler, self._settings
        isTelling = settings.smtp_client_address != "no"
        relay = Relay(
            settings.smtp_helo or handler.servername,
            settings.smtp_tls,
            settings.smtp_timeouts,
            protocol=settings.smtp_protocol,
            telling=settings.smtp_client_address,
            client=handler.realClient() if isTelling else None,
        )
        self.server = server
        self.session = RelaySession(server, relay, self)
        handler.connectToRealSMTPServer()
        self.session.begin()
        return self.session

    def _hold(self, request: Request, session: RelaySession) -> None:
        self._dots = session.relay.dots
        session.ask(request.make(session, *request.given))

    def _forgetSession(self) -> None:
        """Free the boxes for another connection."""
        self.session = None
        self._handler.disconnectFromRealSMTPServer()

    # What the session says: see ServerLink

    def write(self, data: bytes) -> None:
        """Send bytes to the server."""
        self._handler.sendToServer(data)

    def beginTLS(self) -> None:
        """Begin TLS on the connection."""
        self._handler.beginServerTLS()

    def close(self, isInOrder: bool) -> None:
        """Close the connection."""
        self._handler.closeServer(isInOrder)

    def expect(self, seconds: float | None) -> None:
        """Set the time within which the server has to answer."""
        self.deadline = inf if seconds is None else self._handler.now() + seconds

    def continueSoon(self) -> None:
        """Continue the conversation in the next turn."""
        self._handler.workSoon()

    def opened(self, extensions: Mapping[str, str]) -> None:
        """Remember that the server works, and what it offers."""
        self._settings.smtp_health.worked(self.server)
        self._settings.smtp_offers.record(self.server, extensions)

    def ended(self, reply: Reply) -> None:
        """Pass the reply on; the client may send again."""
        request, self._request = self._request, None
        self._handler.resumeClient()
        if request is not None:
            request.then(reply)

    def broke(self, broken: Broken) -> None:
        """Ask the next server, or pass on what went wrong. A mail that was begun is lost."""
        request, session, handler = self._request, self.session, self._handler
        isReused, self._isReused = self._isReused, False
        if request is not None and broken.isServers and not isReused:
            self._settings.smtp_health.failed(self.server, handler.now())
        self._log(broken)
        self._forgetSession()
        if handler.recipients:
            self._lostMail, self._lostReply = handler.recipients, broken.reply
        if request is None or session is None:
            return
        if not isReused:
            self._tried.append(self.server)
        mayMove = request.mayMove and broken.isServers and session.relay.dots == self._dots
        others = [each for each in self._inOrder() if each not in self._tried] if mayMove else []
        if others:
            self._hold(request, self._connectTo(others[0]))
        else:
            self.ended(broken.reply)

    def noteToLog(self, line: str) -> None:
        """Write a line to the log of mails."""
        self._handler.noteToLog(line)

    def _log(self, broken: Broken) -> None:
        health, server = self._settings.smtp_health, self.server
        self._handler.noteToLog(f"real server {server}: {broken.reason}")
        if broken.hint and health.isNews(server, broken.hint, self._handler.now()):
            LOG.warning("real server %s: %s", server, broken.explanation)
