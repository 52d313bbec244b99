"""A server for TCP or Unix sockets, with or without TLS: an adapter for each client.

Example usage
-------------
    server = TCPServer(listenport=8080)
    self.link((server, "protocolHandlerSignal"), (self, "inbox"))   # newCSA, shutdownCSA
    self.addChildren(server.activate())
    ...
    adapter = self.recv("inbox").object     # link its boxes, then activate it

Usually a ServerCore (Kamaelia.Chassis.ConnectedServer) does that.

How does it work?
-----------------
It listens from its first turn on; `ports` contains the ports. A new ConnectedSocketAdapter
reads nothing before it is activated. Accepting pauses while there are too many connections or
too few file descriptors, and resumes by itself.

Termination: producerFinished or shutdownMicroprocess on "control". Existing connections stay
open.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Generator, Iterable
from math import inf
from os import PathLike
from ssl import SSLContext
from typing import Any

from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Settings import refuseMisspelt
from Kamaelia.Internet.Acceptor import AMONG_SEVERAL, AT_ONCE
from Kamaelia.Internet.Addresses import checkedPort, networkOf, textOfAddress
from Kamaelia.Internet.Balancers import Balancers
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.ConnectionEnds import endsOf
from Kamaelia.Internet.EventLoop import eventLoopOf
from Kamaelia.Internet.ListeningSockets import Listener, Options, openSockets
from Kamaelia.Internet.UnixSockets import checkedPath, openPath
from Kamaelia.IPC import newCSA, serverShutdown, shutdownCSA
from Kamaelia.Support.Protocol.ProxyHeader import BadHeader, Origin

LOG = logging.getLogger("Kamaelia.Internet.TCPServer")
MANY, PEER = "too many connections", "too many connections of one peer"


class TCPServer(component):
    """TCPServer(listenport[, socketOptions]...): listens, and reports each connection.

    listenport: 0 for any free port; see `ports`. socketOptions: (level, option, value), or several
    of them. host: a name or an address, several, or None for all IPv4 addresses. path: that of a
    Unix socket, instead of host and port. balancers: load balancers whose connections begin with
    a PROXY header. maxConnections, maxPerPeer: limits on the connections at one time. Raises
    OSError in the first turn if the port is not available.
    """

    Inboxes = {
        "_feedbackFromCSA": "not used: adapters call methods of this component",
        "newconnection": "not used: the event loop accepts",
        "control": "producerFinished or shutdownMicroprocess: accept no more",
    }
    Outboxes = {
        "protocolHandlerSignal": "newCSA for each connection, shutdownCSA when it has ended",
        "signal": "the message from control",
        "_selectorSignal": "not used",
        "_selectorShutdownSignal": "not used",
    }

    CSA: Callable[..., Any] = ConnectedSocketAdapter
    host: str | Iterable[str] | None = None
    path: str | PathLike[str] | None = None
    sockets: Iterable[socket.socket] | None = None  # that listen already
    ssl: SSLContext | None = None  # TLS from the first byte
    balancers: Balancers | None = None
    maxConnections: int | None = None
    maxPerPeer: int | None = None
    refusal = b""  # sent to a client beyond a limit; if empty, it waits (maxPerPeer: is closed)
    descriptors = 1  # that each connection may need: 2 if its handler connects to another server
    maySendOn = False  # other processes accept from the same sockets: a client may wait for them
    onOpened: Callable[[Any], None] | None = None  # called with each adapter, instead of newCSA
    onClosed: Callable[[Any], None] | None = None  # called with each adapter that has ended
    onOutlived: Callable[[Any], None] | None = None  # takes over an adapter's handler
    onListening: Callable[[Any], None] | None = None  # called with this component
    onRefused: Callable[[Any, str], None] | None = None  # with an adapter, and MANY or PEER

    def __init__(self, listenport: int = 0, socketOptions: Options = None, **argd: Any) -> None:
        refuseMisspelt(type(self))
        super().__init__(**argd)
        self.listenport = checkedPort(listenport, "listenport")
        if self.path is not None:
            checkedPath(self.path)
        self.socketOptions = socketOptions
        self.ports: list[int] = []
        self.addresses: list[str] = []  # as bound: "127.0.0.1:25", or the path of a Unix socket
        self.connections: set[Any] = set()
        self.perPeer: dict[str, int] = {}
        self._listener = Listener([], self._newAdapter)
        self._makesWait = False  # clients beyond maxConnections are not accepted, and wait

    def main(self) -> Generator[int, None, None]:
        loop = eventLoopOf(self)
        keepsPath = self.sockets is not None
        sockets = list(self.openAll())
        introduce = self._introduced if self.balancers is not None else None
        self._makesWait = self.maxConnections is not None and (self.maySendOn or not self.refusal)
        atOnce = AMONG_SEVERAL if self.maySendOn else AT_ONCE
        self._listener = Listener(
            sockets,
            self._newAdapter,
            self.ssl,
            self._room if self._makesWait else None,
            keepsPath,
            introduce,
            atOnce,
            self.connections,
            self.descriptors,
        )
        self.scheduler.outside += 1
        try:
            self._listener.start(loop)
            if self.onListening is not None:
                plainResult(self.onListening(self), "onListening", self)
            while not self._isOver():
                yield from self.waitForChange()
        finally:
            self.scheduler.outside -= 1
            self.close()

    def _isOver(self) -> bool:
        while self.dataReady("control"):
            message = self.recv("control")
            if isinstance(message, producerFinished | shutdownMicroprocess | serverShutdown):
                self.send(message, "signal")
                return True
        return False

    def openAll(self) -> list[socket.socket]:
        """Return the sockets to listen on, and set `ports` and `addresses`."""
        sockets = list(self.sockets or ())
        if not sockets and self.path is not None:
            sockets = [openPath(self.path)]
        elif not sockets:
            sockets = self.makeTCPServerPort(self.listenport, self.host)[0]
        self.addresses = [textOfAddress(each) for each in sockets]
        if self.path is not None:
            return sockets
        self.ports = [each.getsockname()[1] for each in sockets if each.family != socket.AF_UNIX]
        return sockets

    def makeTCPServerPort(
        self, suppliedport: int, HOST: str | Iterable[str] | None = None
    ) -> tuple[list[socket.socket], int]:
        """Return sockets that listen on this port of one host, several, or all; and the port."""
        hosts = [HOST] if HOST is None or isinstance(HOST, str) else list(HOST)
        sockets = openSockets(suppliedport, hosts, self.socketOptions)
        return sockets, sockets[0].getsockname()[1]

    def close(self) -> None:
        """Accept no connection any more. Existing connections stay open."""
        self._listener.close()

    # Called by the Acceptor and by adapters

    def _newAdapter(self) -> ConnectedSocketAdapter:
        adapter: ConnectedSocketAdapter = self.CSA(None)
        adapter.creator = self
        adapter.isServer = True
        adapter.scheduler = self.scheduler
        return adapter

    async def _introduced(self, sock: socket.socket) -> Callable[[], ConnectedSocketAdapter]:
        """Return the factory of the adapter for `sock`, after reading its PROXY header."""
        if self.balancers is None or not self.balancers.includes(sock):
            return self._newAdapter
        try:
            origin, early = await self.balancers.readHeader(eventLoopOf(self), sock)
        except BadHeader as error:
            LOG.warning("closing a connection from a load balancer: %s", error)
            raise ConnectionAbortedError(str(error)) from error
        if early and self.ssl is None:  # data that came before any greeting; otherwise it is TLS
            sock.recv(len(early))
        return lambda: self._newIntroduced(origin, early if self.ssl is None else b"")

    def _newIntroduced(self, origin: Origin | None, early: bytes) -> ConnectedSocketAdapter:
        adapter = self._newAdapter()
        adapter.origin = origin
        if early:
            adapter.receivedEarly(early)
        return adapter

    def opened(self, adapter: Any) -> None:
        """Admit or refuse a new connection."""
        if self.maxConnections is not None and len(self.connections) >= self.maxConnections:
            self._refuse(adapter, MANY)
        elif self.maxPerPeer is not None and not self._mayJoin(adapter):
            self._refuse(adapter, PEER)
        else:
            self._admit(adapter)

    def _refuse(self, adapter: Any, limit: str) -> None:
        if self.onRefused is not None:
            self.onRefused(adapter, limit)
        adapter.creator = None
        if self.refusal:  # so little data is sent at once, whether the peer reads it or not
            adapter.transport.write(self.refusal)
            adapter.transport.close()
        else:
            adapter.abort()

    def _room(self) -> float:
        """Return how many more connections there may be."""
        return inf if self.maxConnections is None else self.maxConnections - len(self.connections)

    def _admit(self, adapter: Any) -> None:
        self.connections.add(adapter)
        if self._makesWait and self._room() <= 0:
            self._listener.pause()
        if self.onOpened is not None:
            self.onOpened(adapter)
        else:
            adapter.socket = adapter.transport.get_extra_info("socket")
            self.send(newCSA(self, adapter, adapter.socket), "protocolHandlerSignal")

    def closed(self, adapter: Any) -> None:
        """Forget a connection that has ended, and report its end."""
        if self.maxPerPeer is not None:
            self._leave(adapter)
        self.connections.discard(adapter)
        if self.onClosed is not None:
            self.onClosed(adapter)
        else:
            self.send(shutdownCSA(self, adapter), "protocolHandlerSignal")
        if self._makesWait:
            self._listener.resume()

    def outlived(self, adapter: Any) -> bool:
        """Return whether the handler of a connection that has ended is taken over."""
        if self.onOutlived is None:
            return False
        self.onOutlived(adapter)
        return True

    def _mayJoin(self, adapter: Any) -> bool:
        adapter.origin = Origin(*endsOf(adapter))  # the onOpened of a server asks, too
        peer = adapter.peer = networkOf(adapter.origin.peer)
        count = self.perPeer.get(peer, 0)
        if self.maxPerPeer is not None and count >= self.maxPerPeer:
            return False
        self.perPeer[peer] = count + 1
        return True

    def _leave(self, adapter: Any) -> None:
        left = self.perPeer.get(adapter.peer, 0) - 1
        if left > 0:
            self.perPeer[adapter.peer] = left
        else:
            self.perPeer.pop(adapter.peer, None)


__kamaelia_components__ = (TCPServer,)
