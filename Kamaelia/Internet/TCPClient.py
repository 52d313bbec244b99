"""A TCP client: what comes to its inbox goes to the server, what the server sends comes out.

Example usage
-------------
    Pipeline(ConsoleReader(), TCPClient("example.org", 25), ConsoleEchoer()).run()

How does it work?
-----------------
It is the adapter of its own connection (ConnectedSocketAdapter). Names are resolved
without blocking other components. Of several addresses, the first that responds is
used (HappyEyeballs). What is sent before the connection is established is kept; a
component that sends more than `mostKept` messages is held until then.

Termination: when the connection has ended, or cannot be made: one socketShutdown
is sent to "signal" then, whose message is the error, if there was one.
"""

from __future__ import annotations

from collections.abc import Generator
from ssl import SSLContext
from typing import Any

from Kamaelia.Internet.Addresses import checkedPort, isLiteral
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.EventLoop import isShutdownReceived, waitForCoroutine
from Kamaelia.Internet.HappyEyeballs import connectedSocket
from Kamaelia.Internet.OutgoingData import discard
from Kamaelia.Internet.StartTLS import certificateName
from Kamaelia.Internet.UnixSockets import checkedPath
from Kamaelia.Util.Settings import refuseMisspelt


class TCPClient(ConnectedSocketAdapter):
    """TCPClient(host, port[, delay][, connect_timeout][, wait_for_serverclose]) -> a connection.

    delay, connect_timeout: seconds before the attempt, and for it.
    wait_for_serverclose: at producerFinished, wait until the server closes. halfClose: do so,
    and tell the server that no more will come (not in TLS): for those that wait for that,
    and not for HTTP, where some take it for a hang-up.
    ssl: an SSLContext, or True. path: of a Unix socket, instead of host and port.
    serverHostname: whose certificate it must be, if not host's.
    """

    Inboxes = {
        "inbox": "bytes for the server; text is sent as UTF-8",
        "_socketFeedback": "not used",
        "control": "producerFinished: close when all is sent; shutdownMicroprocess: close soon",
        "makessl": "an SSLContext, or True: go on in TLS",
    }
    Outboxes = {
        "outbox": "bytes from the server, as they came",
        "signal": "socketShutdown, once: the connection has ended, or there was none",
        "_selectorSignal": "not used",
        "sslready": "True: TLS has begun",
        "CreatorFeedback": "socketShutdown: the connection has ended",
    }
    Usescomponents = [ConnectedSocketAdapter]

    ssl: Any = None
    path: Any = None  # str or Path
    halfClose = False

    def __init__(
        self,
        host: str | None = None,
        port: int | None = None,
        delay: float = 0,
        connect_timeout: float = 60,
        wait_for_serverclose: bool = False,
        **argd: Any,
    ) -> None:
        refuseMisspelt(type(self), argd)
        super().__init__(**argd)
        self.host = host
        self.port = None if port is None else checkedPort(port)
        if self.path is not None:
            self.path = checkedPath(self.path)
        self.delay = delay
        self.connect_timeout = connect_timeout
        self.wait_for_serverclose = wait_for_serverclose
        if self.serverHostname is None and (self.path is None or self.ssl):
            self.serverHostname = host
        self.takeTLSDirectly()

    def openConnection(self) -> Generator[int, None, None]:
        try:
            if self.delay:
                yield from self.waitForMessage("control", timeout=self.delay)
                if isShutdownReceived(self):
                    return
            yield from waitForCoroutine(
                self, self._connect, self.mayStopConnecting, self.connect_timeout
            )
        except (OSError, ValueError) as error:  # ValueError: a name for TLS is missing
            self.connection_lost(error)

    async def _connect(self, loop: Any) -> None:
        name: dict[str, Any] = {}
        if self.ssl:
            hostname = certificateName(self.serverHostname)
            name = {"ssl": self._context(), "server_hostname": hostname}
        if self.path is not None:
            await loop.create_unix_connection(lambda: self, self.path, **name)
        elif self.host is None or isLiteral(self.host):  # one address: there is no race to run
            await loop.create_connection(lambda: self, self.host, self.port, **name)
        else:
            await self._connectByName(loop, self.host, self.port or 0, name)

    async def _connectByName(self, loop: Any, host: str, port: int, name: dict[str, Any]) -> None:
        sock = await connectedSocket(loop, host, port)
        try:
            await loop.create_connection(lambda: self, sock=sock, **name)
        except BaseException:
            sock.close()
            raise

    def _context(self) -> SSLContext | bool:
        """Return the context for TLS: anything true that is no context means the default."""
        return self.ssl if isinstance(self.ssl, SSLContext) else True

    def startTLS(self, message: object) -> None:
        """Start TLS, at once or as soon as the connection is made."""
        if self.transport is None:
            self.ssl = message if isinstance(message, SSLContext) else self.sslContext or True
        else:
            super().startTLS(message)

    def close(self, patience: float, mayRenew: bool = True) -> None:
        """Close as ConnectedSocketAdapter does, unless a setting says otherwise.

        After producerFinished, `halfClose` ends only this side, and `wait_for_serverclose` waits
        for the server.
        """
        if mayRenew and self.halfClose:
            self._endOutput()
        elif not (mayRenew and self.wait_for_serverclose):
            super().close(patience, mayRenew)

    def _endOutput(self) -> None:
        """Send nothing more, and tell the server so; what it sends still arrives. Not in TLS."""
        state, transport = self.connectionState, self.transport
        if transport is None or state.isOver or state.isHandshake or not transport.can_write_eof():
            return
        self.takeDirectly("inbox", discard)
        transport.write_eof()


__kamaelia_components__ = (TCPClient,)
