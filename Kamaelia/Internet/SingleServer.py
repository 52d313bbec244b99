"""A server with one connection at a time, whose boxes are those of the connection.

Example usage
-------------
    Pipeline(SingleServer(port=1601), ConsoleEchoer()).run()

How does it work?
-----------------
It is a TCPServer with at most one connection: the next client waits in the queue of the system
until the connection has ended. Data that is sent while no client is connected waits. At the end
of each connection, it sends producerFinished to "signal" and continues. It reports where it
listens as a ServerCore does (Kamaelia.Chassis.ConnectedServer).

Termination: producerFinished or shutdownMicroprocess on "control". A producerFinished that this
component itself has sent, and that comes back, does not end it.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Generator, Iterable
from typing import Any

from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Linkage import linkage
from Axon.Settings import refuseMisspelt
from Kamaelia.Internet.Addresses import checkedPort
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.EventLoop import eventLoopOf
from Kamaelia.Internet.ListeningSockets import Options
from Kamaelia.Internet.TCPServer import TCPServer
from Kamaelia.IPC import newCSA, serverShutdown
from Kamaelia.Support.ProgramLog import isCalledByProgram, messagesOnStderr

LOG = logging.getLogger("Kamaelia.Internet.SingleServer")


class SingleServer(component):
    """SingleServer([port][, socketOptions][, host]): a server for one client at a time.

    port: 0 for any free port; see `ports`.
    """

    Inboxes = {
        "inbox": "bytes or text for the client",
        "control": "producerFinished: end when all is sent; shutdownMicroprocess: end soon",
        "_oobinfo": "newCSA and shutdownCSA, from the TCPServer",
    }
    Outboxes = {
        "outbox": "bytes from the client",
        "signal": "producerFinished: a connection has ended; at the end, the message from control",
        "_CSA_signal": "serverShutdown, to the TCPServer",
    }

    port = 1601
    socketOptions: Options = None  # arguments of setsockopt for the listening socket
    TCPS: Callable[..., Any] = TCPServer
    host: str | Iterable[str] | None = None  # names or addresses; None: all
    onListening: Callable[[Any], object] | None = None  # called with this component

    def __init__(self, **argd: Any) -> None:
        refuseMisspelt(type(self))
        super().__init__(**argd)
        checkedPort(self.port)
        self.server: Any = None
        self.adapter: ConnectedSocketAdapter | None = None
        self._passthroughs: list[linkage] = []

    @property
    def ports(self) -> list[int]:
        """The ports on which it listens; empty until it does."""
        return list(self.server.ports) if self.server is not None else []

    def main(self) -> Generator[int, None, None]:
        eventLoopOf(self)
        self._begin()
        while True:
            while not self.dataReady("_oobinfo") and not self.dataReady("control"):
                yield from self.waitForChange()
            for message in self.Inbox("_oobinfo"):
                if isinstance(message, newCSA):
                    self.handleNewCSA(message)
                else:
                    self._forget(message.object)
            for message in self.Inbox("control"):
                if self._isOrder(message):
                    yield from self._end(message)
                    return

    def _isOrder(self, message: Any) -> bool:
        """Return whether `message` ends this component."""
        if isinstance(message, producerFinished):
            return message.caller is not self
        return isinstance(message, shutdownMicroprocess)

    def _begin(self) -> None:
        server = self.server = self.TCPS(listenport=self.port, socketOptions=self.socketOptions)
        server.host, server.maxConnections = self.host, 1
        server.onListening = self._listening
        self.link((server, "protocolHandlerSignal"), (self, "_oobinfo"))
        self.link((self, "_CSA_signal"), (server, "control"))
        self.addChildren(server)
        server.activate(Scheduler=self.scheduler)

    def run(self) -> None:
        """Run this server, and show where it listens if a program with no logging calls this."""
        with messagesOnStderr(isCalledByProgram()):
            super().run()

    def _listening(self, server: Any) -> None:
        LOG.info("%s listens on %s", type(self).__name__, ", ".join(server.addresses))
        if self.onListening is not None:
            plainResult(self.onListening(self), "onListening", self)

    def handleNewCSA(self, data: newCSA) -> None:
        """Connect the boxes of this component with those of a new connection."""
        adapter = self.adapter = data.object
        self.addChildren(adapter)
        self._passthroughs = [
            self.link((self, "inbox"), (adapter, "inbox"), passthrough=1),
            self.link((adapter, "outbox"), (self, "outbox"), passthrough=2),
        ]
        adapter.activate(Scheduler=self.scheduler)

    def _forget(self, adapter: ConnectedSocketAdapter) -> None:
        if adapter is self.adapter:
            self.adapter = None
            for each in self._passthroughs:
                self.unlink(thelinkage=each)
            self.removeChild(adapter)
            self.send(producerFinished(self), "signal")

    def _end(self, message: Any) -> Generator[int, None, None]:
        self.send(serverShutdown(), "_CSA_signal")
        if self.adapter is not None:
            self.adapter.deliver(message, "control")
            while self.adapter.isActive():
                yield from self.waitForChange()
        self.send(message, "signal")


class FastRestartSingleServer(SingleServer):
    """A SingleServer. Historically it could be restarted at once; today every server can."""

    socketOptions = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


class echo(component):
    """A component that sends back each message that it receives."""

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data)
            if self.isShuttingDown():
                return


__kamaelia_components__ = (SingleServer, FastRestartSingleServer, echo)
