"""A server with one connection at a time: its boxes are the connection's.

Example usage
-------------
    Pipeline(SingleServer(port=1601), ConsoleEchoer()).run()

How does it work?
-----------------
A TCPServer of one connection at most: the next client waits in the system's
queue until this one has gone. What is sent while nobody is connected waits. At the
end of each connection it sends a producerFinished to "signal", and goes on: who is
to outlive a client must not be ended by that.

Termination: producerFinished or shutdownMicroprocess on "control", unless it is its
own that comes back.
"""

from __future__ import annotations

import socket
from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Internet.Addresses import checkedPort
from Kamaelia.Internet.EventLoop import eventLoopOf
from Kamaelia.Internet.TCPServer import TCPServer
from Kamaelia.IPC import newCSA, serverShutdown
from Kamaelia.Util.Settings import refuseMisspelt


class SingleServer(component):
    """SingleServer([port][, socketOptions]) -> whoever is connected; port 0: see `ports`."""

    Inboxes = {
        "inbox": "bytes or text for the client",
        "control": "producerFinished: end when all is sent; shutdownMicroprocess: end soon",
        "_oobinfo": "newCSA and shutdownCSA",
    }
    Outboxes = {
        "outbox": "bytes from the client",
        "signal": "producerFinished: a client has gone; at the end what came to control",
        "_CSA_signal": "to the TCPServer",
    }

    port = 1601
    socketOptions: Any = None
    TCPS: Any = TCPServer
    host: Any = None
    onListening: Any = None  # called with this component

    def __init__(self, **argd: Any) -> None:
        refuseMisspelt(type(self), argd)
        super().__init__(**argd)
        checkedPort(self.port)
        self.server: Any = None
        self.adapter: Any = None
        self._onward: list[Any] = []

    @property
    def ports(self) -> list[int]:
        """Where it listens; empty until it does."""
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
        """Whether it is to end: not when it is told what it said itself of a client."""
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

    def _listening(self, _: Any) -> None:
        if self.onListening is not None:
            plainResult(self.onListening(self), "onListening", self)

    def handleNewCSA(self, data: Any) -> None:
        """A client has connected: from now on its boxes are this component's."""
        adapter = self.adapter = data.object
        self.addChildren(adapter)
        self._onward = [
            self.link((self, "inbox"), (adapter, "inbox"), passthrough=1),
            self.link((adapter, "outbox"), (self, "outbox"), passthrough=2),
        ]
        adapter.activate(Scheduler=self.scheduler)

    def _forget(self, adapter: Any) -> None:
        if adapter is self.adapter:
            self.adapter = None
            for linkage in self._onward:
                self.unlink(thelinkage=linkage)
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
    """A SingleServer that may be started again at once, as each of them may today."""

    socketOptions = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


class echo(component):
    """Sends back what it gets."""

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data)
            if self.isShuttingDown():
                return


__kamaelia_components__ = (SingleServer, FastRestartSingleServer, echo)
