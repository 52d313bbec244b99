"""Servers: a component of yours for each client that connects.

Example usage
-------------
    class Echo(component):
        def main(self):
            while True:
                yield from self.waitForMessage()
                for data in self.Inbox():
                    self.send(data)
                if self.isShuttingDown():
                    return

    ServerCore(protocol=Echo, port=1500).run()

    class EchoServer(ServerCore):       # the same
        protocol = Echo
        port = 1500

How does it work?
-----------------
A TCPServer accepts; each connection is a ConnectedSocketAdapter, whose child
the handler is: inbox and outbox lead to and from the peer, control hears of the
connection's end (socketShutdown), producerFinished out of signal ends it, and
so does the handler's end. An error in a handler is logged, and costs its own
connection only.

Termination: producerFinished or shutdownMicroprocess on "control", SIGTERM or
SIGINT: it stops accepting, tells its handlers (shutdownMicroprocess), gives
them `grace` seconds, and then closes what is left.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Generator, Iterable
from os import PathLike
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from Axon import Signals
from Axon.Component import component
from Axon.ComponentCheck import madeComponent
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Chassis.ProtocolFactory import factoryOf
from Kamaelia.Chassis.Workers import Workers
from Kamaelia.Internet.Addresses import checkedPort
from Kamaelia.Internet.Balancers import Balancers
from Kamaelia.Internet.EventLoop import eventLoopOf
from Kamaelia.Internet.HandlerLinks import stopSubtree
from Kamaelia.Internet.TCPServer import TCPServer, endsOf
from Kamaelia.Internet.UnixSockets import checkedPath
from Kamaelia.IPC import newCSA, serverShutdown, shutdownCSA
from Kamaelia.Util.Settings import refuseMisspelt

if TYPE_CHECKING:
    from ssl import SSLContext

LOG = logging.getLogger("Kamaelia.Chassis.ConnectedServer")


class ServerCore(component):
    """ServerCore(protocol=..., port=...) -> a server; each setting may be a class attribute, too.

    protocol: called for each connection with peer=, peerport=, localip=,
    localport=, and local= if it asks for that; gives the handler. port: 0 for
    any that is free, see `ports`. host: one, several, None for all IPv4
    addresses. path: a Unix socket instead. ssl: an SSLContext. workers: so many
    processes serve; limits on connections are those of each. proxy_protocol_from: the
    networks of load balancers, whose connections begin with a PROXY header.
    """

    Inboxes = {
        "_socketactivity": "newCSA and shutdownCSA, from a TCPS that sends them",
        "inbox": "not used",
        "control": "producerFinished or shutdownMicroprocess: stop in order",
    }
    Outboxes = {
        "_serversignal": "to the TCPServer",
        "outbox": "not used",
        "signal": "what came to control, when the last connection has ended",
    }

    port: int = 1601
    protocol: Callable[..., component] | None = None
    socketOptions: Any = None
    TCPS: Any = TCPServer
    host: str | Iterable[str] | None = None
    path: str | PathLike[str] | None = None
    ssl: SSLContext | None = None  # TLS from the first byte
    starttls: SSLContext | None = None  # for handlers that send True to "makessl"
    max_connections: int | None = None  # more hear `refusal`; without it they wait to be accepted
    max_connections_per_peer: int | None = None  # more of them are closed at once, after `refusal`
    refusal: bytes | None = None  # what those hear; None: the `refusal` of the protocol, if any
    # That each connection may need, so that accepting stops in time; None: those that the protocol
    # says in its `descriptors`, or one.
    descriptors: int | None = None
    proxy_protocol_from: Iterable[str] | None = None  # see Kamaelia.Internet.Balancers
    grace: float = 5.0  # seconds
    workers: int | None = None  # see Kamaelia.Chassis.Workers
    # Called with this component:
    onListening: Callable[[Any], object] | None = None  # clients can connect; not in workers
    onWorker: Callable[[Any], object] | None = None  # in each worker, before it accepts
    onHangup: Callable[[Any], object] | None = None  # at SIGHUP; if there are workers, in each
    # Called with an adapter and the limit (TCPServer.MANY or PEER) for a connection too many:
    onRefused: Callable[[Any, str], object] | None = None
    sockets: Iterable[socket.socket] | None = None  # listening, and shared with other processes

    def __init__(self, **argd: Any) -> None:
        refuseMisspelt(type(self), argd)
        super().__init__(**argd)
        checkedPort(self.port)
        if self.path is not None:
            checkedPath(self.path)
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers is the number of processes that serve, not {self.workers}")
        networks = self.proxy_protocol_from
        self._balancers = Balancers(networks) if networks else None
        self.server: Any = None
        self._companions: list[Any] = []
        self.connections: dict[Any, Any] = {}  # the adapters, with their handlers
        self._outlived: WeakSet[Any] = WeakSet()  # handlers whose connections have ended
        if self.protocol is not None or not self._makesOwnHandlers():
            self._makeHandler = factoryOf(self)

    _makeHandler: Any = None

    def _makesOwnHandlers(self) -> bool:
        """Return whether a subclass makes handlers without a `protocol`."""
        inherited = (ServerCore.mkProtocolHandler, SimpleServer.mkProtocolHandler)
        return type(self).mkProtocolHandler not in inherited

    @property
    def ports(self) -> list[int]:
        """Where it listens; empty until it does."""
        return list(self.server.ports) if self.server is not None else []

    def main(self) -> Generator[int, None, None]:
        eventLoopOf(self)
        self.initialiseServerSocket()
        scheduler = self.scheduler
        Signals.subscribe(scheduler, self._interrupted, self.hangUp if self.onHangup else None)
        try:
            message = yield from self._serve()
            yield from self._endInOrder()
            self.send(message, "signal")
        finally:
            for adapter in list(self.connections):
                adapter.abort()
            self.server.cease()
            Signals.unsubscribe(scheduler, self._interrupted)

    def _serve(self) -> Generator[int, None, Any]:
        while True:
            for message in self.Inbox("_socketactivity"):
                if isinstance(message, newCSA):
                    self.handleNewConnection(message)
                elif isinstance(message, shutdownCSA):
                    self.handleClosedCSA(message)
            for message in self.Inbox("control"):
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    return message
            yield from self.waitForMessage()

    def _endInOrder(self) -> Generator[int, None, None]:
        self.send(serverShutdown(), "_serversignal")
        for companion in self._companions:
            stopSubtree(companion)
        for handler in [*self.connections.values(), *self._outlived]:
            handler.deliver(shutdownMicroprocess(), "control")
        clock = self.scheduler.timers.clock
        until = clock.now() + self.grace
        self._isWaitingForLast = True
        while self._hasHandlers() and (left := until - clock.now()) > 0:
            yield from self.waitForChange(left)
        for handler in [*self.connections.values(), *self._outlived]:
            stopSubtree(handler)
        while isinstance(self.server, Workers) and self.server.isActive():
            yield from self.waitForChange()  # it sees to it that they end in time

    def _hasHandlers(self) -> bool:
        return bool(self.connections) or any(each.isActive() for each in self._outlived)

    _isWaitingForLast = False
    _isWorker = False  # one of several processes: a client that is too many may wait for another

    def _interrupted(self) -> None:
        self.deliver(shutdownMicroprocess(), "control")

    def hangUp(self) -> None:
        """What SIGHUP does: `onHangup` is called, in each worker if there are some."""
        if self.onHangup is None:  # nothing, then: the signal itself would end a worker
            return
        if isinstance(self.server, Workers):
            self.server.hangUp()
        else:
            try:
                plainResult(self.onHangup(self), "onHangup", self)
            except Exception:
                LOG.exception("the onHangup of %s failed", self.name)

    def initialiseServerSocket(self) -> None:
        """Makes and activates the TCPS that accepts. Called in the first turn."""
        self.server = self.TCPS(listenport=self.port, socketOptions=self.socketOptions)
        refusal = self.refusal
        if refusal is None:
            refusal = getattr(self.protocol, "refusal", b"")
        descriptors = self.descriptors or getattr(self.protocol, "descriptors", 1)
        self.server.__dict__.update(
            refusal=refusal,
            descriptors=descriptors,
            maySendOn=self._isWorker,
            host=self.host,
            path=self.path,
            sockets=self.sockets,
            ssl=self.ssl,
            balancers=self._balancers,
            maxConnections=self.max_connections,
            maxPerPeer=self.max_connections_per_peer,
            onOpened=self._opened,
            onClosed=self._closed,
            onOutlived=self._takeOver,
            onListening=self._listening,
            onRefused=self.onRefused,
        )
        if self.workers is not None and self.workers > 1:
            self.server = Workers(self, self.server, self.workers)
        self.link((self.server, "protocolHandlerSignal"), (self, "_socketactivity"))
        self.link((self, "_serversignal"), (self.server, "control"))
        self.addChildren(self.server)
        self.server.activate(Scheduler=self.scheduler)
        if not isinstance(self.server, Workers):
            self.renewCompanions()

    def companions(self) -> list[Any]:
        """Return components that run beside the handlers, in each process that serves.

        Those that the `companions` of the protocol returns, if it has such a method.
        """
        make = getattr(self.protocol, "companions", None)
        return list(make()) if callable(make) else []

    def renewCompanions(self) -> None:
        """End the companions that run, and activate those that companions() returns now."""
        for companion in self._companions:
            stopSubtree(companion)
        self._companions = self.companions()
        self.addChildren(*self._companions)
        for companion in self._companions:
            companion.activate(Scheduler=self.scheduler)

    def _listening(self, server: Any) -> None:
        if server.ports:
            self.port = server.ports[0]
        if self.onListening is not None:
            plainResult(self.onListening(self), "onListening", self)

    # Connections

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        """The handler of a new connection."""
        return self._makeHandler(**sock_info)

    def handleNewConnection(self, newCSAMessage: Any) -> None:
        """A TCPS of your own has sent word of a connection."""
        self._opened(newCSAMessage.object)

    def handleClosedCSA(self, shutdownCSAMessage: Any) -> None:
        """A TCPS of your own has sent word of a connection's end."""
        self._closed(shutdownCSAMessage.object)

    def _opened(self, adapter: Any) -> None:
        peer, peerport, localip, localport = endsOf(adapter)
        try:
            handler = self.mkProtocolHandler(
                peer=peer, peerport=peerport, localip=localip, localport=localport
            )
            madeComponent(handler, "mkProtocolHandler", self)
            adapter.attach(handler)
        except Exception:
            LOG.exception("no handler could be made for %s, port %s", peer, peerport)
            adapter.abort()
            return
        adapter.mayStayHalfClosed = True
        if self.starttls is not None:
            adapter.sslContext = self.starttls
        self.connections[adapter] = handler
        adapter.addWatcher(self)
        adapter.activate(Scheduler=self.scheduler)
        handler.activate(Scheduler=self.scheduler)

    def _closed(self, adapter: Any) -> None:
        self.connections.pop(adapter, None)
        if self._isWaitingForLast and not self.connections:
            self.unpause()

    def _takeOver(self, adapter: Any) -> None:
        """The connection has ended and its handler has not: the handler is ours from now on."""
        handler = adapter.handler
        handler.removeWatcher(adapter)
        handler.addWatcher(self)
        self._outlived.add(handler)

    def childComponents(self) -> list[Any]:
        """Return the TCPServer, each connection with its handler, and handlers without one."""
        pairs = (each for pair in self.connections.items() for each in pair)
        outlived = (each for each in self._outlived if each.isActive())
        return [*self.children, *pairs, *outlived]

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """A handler's error ends that handler; the TCPServer's ends the server."""
        if child in self._outlived:
            stopSubtree(child, but=culprit)
        return child is not self.server


class SimpleServer(ServerCore):
    """SimpleServer(protocol=..., port=...) -> calls `protocol` without arguments."""

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        return self._makeHandler()


class FastRestartServer(ServerCore):
    """A ServerCore that may be started again at once, as each of them may today."""

    socketOptions = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


MoreComplexServer = ServerCore

__kamaelia_components__ = (ServerCore, SimpleServer, FastRestartServer)
