"""Servers: a handler, which is a component, for each client that connects.

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

    ServerCore(protocol=Echo, port=1500).run()      # or as class attributes of a subclass

How does it work?
-----------------
A TCPServer accepts connections. Each one is a ConnectedSocketAdapter with a handler: the
handler's inbox and outbox lead from and to the peer, its control receives socketShutdown at the
end of the connection, and producerFinished from its signal closes the connection, as does the
end of the handler. An error in a handler is logged and closes its own connection only.

It logs in one line where it listens. If the program that calls run() has not configured logging,
run() writes this line, and further messages of Kamaelia, to standard error.

Termination: producerFinished or shutdownMicroprocess on "control", SIGTERM or SIGINT. The server
stops accepting, sends shutdownMicroprocess to its handlers, and closes the connections that are
left after `grace` seconds.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Generator, Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from Axon import Signals
from Axon.Component import component
from Axon.ComponentCheck import madeComponent
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Settings import refuseMisspelt
from Kamaelia.Chassis.ProtocolFactory import factoryOf
from Kamaelia.Chassis.ServerPlan import ServerPlan
from Kamaelia.Chassis.Workers import Workers
from Kamaelia.Internet.Addresses import checkedPort
from Kamaelia.Internet.Balancers import Balancers
from Kamaelia.Internet.ConnectionEnds import endsOf
from Kamaelia.Internet.EventLoop import eventLoopOf, timeOf
from Kamaelia.Internet.HandlerLinks import stopSubtree
from Kamaelia.Internet.TCPServer import TCPServer
from Kamaelia.Internet.UnixSockets import checkedPath
from Kamaelia.IPC import newCSA, serverShutdown, shutdownCSA
from Kamaelia.Support.ProgramLog import isCalledByProgram, messagesOnStderr
from Kamaelia.Util.Parent import PlannedLinkage

if TYPE_CHECKING:
    from ssl import SSLContext

LOG = logging.getLogger("Kamaelia.Chassis.ConnectedServer")


class ServerCore(component):
    """ServerCore(protocol=..., port=...): a server. Each setting may be a class attribute, too.

    protocol: called for each connection with peer=, peerport=, localip= and localport=, and with
    local=(address, port) and isEncrypted=... (TLS) if it has such parameters; returns the handler.
    port: 0 for any free port, see `ports`. host: one name or address, several, or None for all
    IPv4 addresses. path: that of a Unix socket, instead of host and port. workers: the number of
    processes that serve; limits on connections apply to each. proxy_protocol_from: the networks
    of load balancers, whose connections begin with a PROXY header.
    """

    Inboxes = {
        "_socketactivity": "newCSA and shutdownCSA, if the TCPS sends them",
        "inbox": "not used",
        "control": "producerFinished or shutdownMicroprocess: stop in order",
    }
    Outboxes = {
        "_serversignal": "serverShutdown, to the TCPServer: accept no more",
        "outbox": "not used",
        "signal": "the message from control, when the last connection has ended",
    }

    port: int = 1601
    protocol: Callable[..., component] | None = None
    socketOptions: Any = None  # arguments of setsockopt for the listening socket
    TCPS: Any = TCPServer
    host: str | Iterable[str] | None = None
    path: str | PathLike[str] | None = None
    ssl: SSLContext | None = None  # TLS from the first byte
    starttls: SSLContext | None = None  # for handlers that send True to "makessl"
    max_connections: int | None = None  # beyond it, `refusal` is sent; if empty, clients wait
    max_connections_per_peer: int | None = None  # beyond it, `refusal` is sent, and closed
    refusal: bytes | None = None  # None: the `refusal` of the protocol, if it has one
    descriptors: int | None = None  # of files, for each connection; None: as `protocol` says, or 1
    proxy_protocol_from: Iterable[str] | None = None  # see Kamaelia.Internet.Balancers
    grace: float = 5.0  # seconds
    endsAtSignals: bool = True  # whether SIGINT and SIGTERM stop this server
    workers: int | None = None  # see Kamaelia.Chassis.Workers
    sockets: Iterable[socket.socket] | None = None  # listening, and shared with other processes

    # Hooks. onRefused is called with the adapter of the refused connection, and TCPServer.MANY or
    # PEER; the others are called with this component.
    onRefused: Callable[[Any, str], object] | None = None  # a connection has been refused
    onListening: Callable[[Any], object] | None = None  # clients can connect; not in workers
    onWorker: Callable[[Any], object] | None = None  # in each worker, before it accepts
    onHangup: Callable[[Any], object] | None = None  # at SIGHUP; in each worker, if any

    # State
    isWorker = False  # whether this process is one of several workers
    _isWaitingForLast = False  # whether the end of the last connection ends this server
    _makeHandler: Any = None  # `protocol`, with the parameters that it has
    _plan: ServerPlan | None = None  # made when a picture is first asked for

    def __init__(self, **argd: Any) -> None:
        refuseMisspelt(type(self))
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

    def _makesOwnHandlers(self) -> bool:
        """Return whether a subclass creates handlers without a `protocol`."""
        inherited = (ServerCore.mkProtocolHandler, SimpleServer.mkProtocolHandler)
        return type(self).mkProtocolHandler not in inherited

    @property
    def ports(self) -> list[int]:
        """The ports on which it listens; empty until it does."""
        return list(self.server.ports) if self.server is not None else []

    # Life

    def run(self) -> None:
        """Run this server, and show where it listens if a program with no logging calls this.

        Otherwise it does what the run() of every component does.
        """
        with messagesOnStderr(isCalledByProgram()):
            super().run()

    def main(self) -> Generator[int, None, None]:
        eventLoopOf(self)
        self.initialiseServerSocket()
        scheduler = self.scheduler
        if self.endsAtSignals:
            Signals.subscribe(scheduler, self._interrupted, self.hangUp if self.onHangup else None)
        try:
            message = yield from self._serve()
            yield from self._endInOrder()
            self.send(message, "signal")
        finally:
            for adapter in list(self.connections):
                adapter.abort()
            self.server.close()
            Signals.unsubscribe(scheduler, self._interrupted)

    def _serve(self) -> Generator[int, None, Any]:
        """Act on the messages of the TCPS, until a shutdown message arrives; return that."""
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
        """Accept no more, tell the handlers, and stop those that are left after `grace` seconds."""
        if not self.isWorker:
            self.reportStopping()
        self.send(serverShutdown(), "_serversignal")
        for companion in self._companions:
            stopSubtree(companion)
        for handler in [*self.connections.values(), *self._outlived]:
            handler.deliver(shutdownMicroprocess(), "control")
        until = timeOf(self) + self.grace
        self._isWaitingForLast = True
        while self._hasHandlers() and (left := until - timeOf(self)) > 0:
            yield from self.waitForChange(left)
        for handler in [*self.connections.values(), *self._outlived]:
            stopSubtree(handler)
        while isinstance(self.server, Workers) and self.server.isActive():
            yield from self.waitForChange()  # its fork server kills workers that take too long

    def _hasHandlers(self) -> bool:
        return bool(self.connections) or any(each.isActive() for each in self._outlived)

    def _interrupted(self) -> None:
        self.deliver(shutdownMicroprocess(), "control")

    def hangUp(self) -> None:
        """Call `onHangup`, as SIGHUP does; in each worker, if there are workers."""
        if self.onHangup is None:
            return
        if isinstance(self.server, Workers):
            self.server.hangUp()
        else:
            try:
                plainResult(self.onHangup(self), "onHangup", self)
            except Exception:
                LOG.exception("the onHangup of %s failed", self.name)

    # Listening

    def initialiseServerSocket(self) -> None:
        """Create and activate the TCPS that accepts connections. Called in the first turn."""
        self.server = self.TCPS(listenport=self.port, socketOptions=self.socketOptions)
        for name, value in self._serverSettings().items():
            setattr(self.server, name, value)
        if self.workers is not None and self.workers > 1:
            self.server = Workers(self, self.server, self.workers)
        self.link((self.server, "protocolHandlerSignal"), (self, "_socketactivity"))
        self.link((self, "_serversignal"), (self.server, "control"))
        self.addChildren(self.server)
        self.server.activate(Scheduler=self.scheduler)
        if not isinstance(self.server, Workers):
            self.renewCompanions()

    def _serverSettings(self) -> dict[str, Any]:
        """Return the attributes that the TCPS gets."""
        refusal = self.refusal
        if refusal is None:
            refusal = getattr(self.protocol, "refusal", b"")
        return {
            "refusal": refusal,
            "descriptors": self.descriptors or getattr(self.protocol, "descriptors", 1),
            "maySendOn": self.isWorker,
            "host": self.host,
            "path": self.path,
            "sockets": self.sockets,
            "ssl": self.ssl,
            "balancers": self._balancers,
            "maxConnections": self.max_connections,
            "maxPerPeer": self.max_connections_per_peer,
            "onOpened": self._opened,
            "onClosed": self._closed,
            "onOutlived": self._takeOver,
            "onListening": self._listening,
            "onRefused": self.onRefused,
        }

    def _listening(self, server: Any) -> None:
        if server.ports:
            self.port = server.ports[0]
        addresses = getattr(server, "addresses", ())  # a TCPS of the program may have none
        if addresses and not self.isWorker:
            self.reportListening(addresses)
        if self.onListening is not None:
            plainResult(self.onListening(self), "onListening", self)

    def reportListening(self, addresses: Iterable[str]) -> None:
        """Log in one line where this server listens. Override it to report that differently.

        addresses: as bound, such as "127.0.0.1:1500" or the path of a Unix socket.
        """
        what = type(self).__name__
        if type(self) in (ServerCore, SimpleServer, FastRestartServer):
            name = getattr(self.protocol, "__name__", type(self.protocol).__name__)
            if name.isidentifier() and not name.startswith("_"):  # such as "<lambda>"
                what = f"{what}(protocol={name})"
        LOG.info("%s listens on %s", what, ", ".join(addresses))

    def reportStopping(self) -> None:
        """Do nothing. Override it to report that this server accepts no more connections."""

    # Companions

    def companions(self) -> list[Any]:
        """Return components that run beside the handlers, in each process that serves.

        By default `protocol.companions()` returns them, if there is such a function.
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

    # A picture of this server

    def plannedParts(self) -> Mapping[str, Any]:
        """Return a connection and its handler, as there is for each client, for a picture."""
        self._plan = self._plan or ServerPlan(self)
        return self._plan.parts

    def plannedLinkages(self) -> Iterable[PlannedLinkage]:
        """Return the linkages between the planned parts."""
        self._plan = self._plan or ServerPlan(self)
        return self._plan.linkages()

    # Connections

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        """Return the handler of a new connection. Override it to use the addresses."""
        return self._makeHandler(**sock_info)

    def handleNewConnection(self, newCSAMessage: Any) -> None:
        """Act on a newCSA message, which a TCPS of the program may send."""
        self._opened(newCSAMessage.object)

    def handleClosedCSA(self, shutdownCSAMessage: Any) -> None:
        """Act on a shutdownCSA message, which a TCPS of the program may send."""
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
        """Watch a handler whose connection has ended, in place of the connection."""
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
        """Contain the error of a handler. Do not contain an error of the TCPServer."""
        if child in self._outlived:
            stopSubtree(child, but=culprit)
        return child is not self.server


class SimpleServer(ServerCore):
    """SimpleServer(protocol=..., port=...): a ServerCore whose `protocol` gets no arguments."""

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        """Return the handler of a new connection."""
        return self._makeHandler()


class FastRestartServer(ServerCore):
    """A ServerCore. Historically it could be restarted at once; today every server can."""

    socketOptions = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


MoreComplexServer = ServerCore

__kamaelia_components__ = (ServerCore, SimpleServer, FastRestartServer)
