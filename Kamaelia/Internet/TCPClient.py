"""A TCP client: "inbox" takes data for the server, "outbox" sends data from the server.

Example usage
-------------
    Pipeline(ConsoleReader(), TCPClient("example.org", 25), ConsoleEchoer()).run()

How does it work?
-----------------
It is the adapter of its own connection (ConnectedSocketAdapter). Names are resolved without
blocking other components. If a name has several addresses, the first one that responds is used
(HappyEyeballs). Data that is sent before the connection is made is kept; a component that sends
more than `mostKept` messages is held until then.

Termination: when the connection has ended or cannot be made. One socketShutdown is sent to
"signal" then; its message is the error, or None.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Generator
from os import PathLike
from ssl import SSLContext
from typing import Any

from Axon.Settings import refuseMisspelt
from Kamaelia.Internet.Addresses import checkedPort, isLiteral
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.EventLoop import isShutdownReceived, waitForCoroutine
from Kamaelia.Internet.HappyEyeballs import connectedSocket
from Kamaelia.Internet.OutgoingData import discard
from Kamaelia.Internet.StartTLS import certificateName
from Kamaelia.Internet.UnixSockets import checkedPath


class TCPClient(ConnectedSocketAdapter):
    """TCPClient(host, port[, delay][, connect_timeout][, wait_for_serverclose]...): a connection.

    delay: seconds before the attempt to connect; connect_timeout: seconds for it.
    wait_for_serverclose: after producerFinished, wait until the server closes the connection.
    halfClose: the same, and end this side of the connection (not in TLS). Some servers wait for
    that end; some HTTP servers take it for the end of the connection.
    ssl: an SSLContext, or True for the default one. serverHostname: the name in the certificate of
    the server, if it is not `host`. path: that of a Unix socket, instead of host and port.
    """

    Inboxes = {
        "inbox": "bytes for the server; text is sent as UTF-8",
        "_socketFeedback": "not used",
        "control": "producerFinished: close when all is sent; shutdownMicroprocess: close soon",
        "makessl": "an SSLContext, or True for the default one: start TLS",
    }
    Outboxes = {
        "outbox": "bytes from the server, in the pieces in which they arrived",
        "signal": "socketShutdown, once: the connection has ended or could not be made",
        "_selectorSignal": "not used",
        "sslready": "True: TLS has started",
        "CreatorFeedback": "socketShutdown: the connection has ended",
    }
    Usescomponents = [ConnectedSocketAdapter]

    ssl: SSLContext | bool | None = None
    path: str | PathLike[str] | None = None
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
        refuseMisspelt(type(self))
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
        """`yield from` this to connect. It ends with connection_lost() if that fails."""
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

    async def _connect(self, loop: AbstractEventLoop) -> None:
        name: dict[str, Any] = {}
        if self.ssl:
            hostname = certificateName(self.serverHostname)
            name = {"ssl": self._context(), "server_hostname": hostname}
        if self.path is not None:
            path: Any = self.path  # asyncio accepts other types than its type hints say
            await loop.create_unix_connection(lambda: self, path, **name)
        elif self.host is None or isLiteral(self.host):  # there is one address
            host: Any = self.host
            await loop.create_connection(lambda: self, host, self.port or 0, **name)
        else:
            await self._connectByName(loop, self.host, self.port or 0, name)

    async def _connectByName(
        self, loop: AbstractEventLoop, host: str, port: int, name: dict[str, Any]
    ) -> None:
        sock = await connectedSocket(loop, host, port)
        try:
            await loop.create_connection(lambda: self, sock=sock, **name)
        except BaseException:
            sock.close()
            raise

    def _context(self) -> SSLContext | bool:
        """Return the context for TLS, or True for the default one."""
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
