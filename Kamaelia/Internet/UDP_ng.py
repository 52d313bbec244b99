"""Datagram peers: for one receiver, for a changing one, or for a receiver in each message.

Example usage
-------------
    Pipeline(ConsoleReader(), UDPSender("127.0.0.1", 2000)).run()
    Pipeline(UDPReceiver("0.0.0.0", 2000), ConsoleEchoer()).run()

How does it work?
-----------------
A peer is the asyncio protocol of its socket. A message to its inbox is sent within the turn of
the sender, or as soon as the name of the receiver is resolved. UDP guarantees nothing, so a peer
drops datagrams that arrive while more than `mostUnread` wait unread, and datagrams to a name
without an address.

Termination: shutdownMicroprocess on "control", which is passed on. A sender also ends at
producerFinished, when all data has been sent; other peers continue then, as answers may come.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Generator
from typing import Any

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Internet.Addresses import checkedPort, explained, resolveNow
from Kamaelia.Internet.EventLoop import eventLoopOf, timeOf, waitForCoroutine
from Kamaelia.Internet.OutgoingData import asBytes, discard
from Kamaelia.Internet.UDPTargets import Targets
from Kamaelia.Internet.WriteGate import GatedComponent

LOG = logging.getLogger("Kamaelia.Internet.UDP")

Address = tuple[str, int]


class BasicPeer(GatedComponent):
    """A UDP socket as a component. Subclasses define the form of a message in "inbox".

    Raises OSError, which names the port, in the first turn if it cannot be bound.
    """

    Inboxes = {
        "inbox": "data to send; its form depends on the class",
        "control": "shutdownMicroprocess: close when all is sent",
        "readReady": "not used: the event loop reads",
        "writeReady": "not used: the event loop writes",
    }
    Outboxes = {
        "outbox": "(data, (host, port)) for each datagram that arrives",
        "signal": "the message from control",
        "_selectorSignal": "not used",
    }

    mostUnread = 1000  # datagrams
    promptly = 5.0  # seconds to resolve names and send the rest, at the end
    endsAt: tuple[type, ...] = (shutdownMicroprocess,)  # the messages that end it
    local: Address | None = None  # its own address; port 0 is replaced with the real port
    target: Address | None = None  # the receiver

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self.transport: Any = None
        self._targets: Any = None

    def main(self) -> Generator[int, None, None]:
        self.scheduler.outside += 1
        try:
            yield from self._open()
            self.takeDirectly("inbox", self.take)
            while not self._isToldToEnd():
                yield from self.waitForMessage()
                self.handleMessages()
            yield from self._sendLast()
        finally:
            self.scheduler.outside -= 1
            self.takeDirectly("inbox", discard)
            self.resume_writing()
            if self._targets is not None:
                self._targets.close()
            if self.transport is not None:
                self.transport.close()

    def _sendLast(self) -> Generator[int, None, None]:
        """Wait at most `promptly` seconds for names that are being resolved."""
        if self._targets is None:  # it ended before it was bound
            return
        until = timeOf(self) + self.promptly
        while self._targets.isWaiting() and (left := until - timeOf(self)) > 0:
            yield from self.waitForChange(left)

    def _isToldToEnd(self) -> bool:
        for message in self.Inbox("control"):
            if isinstance(message, self.endsAt):
                self.send(message, "signal")
                return True
        return False

    def _open(self) -> Generator[int, None, None]:
        eventLoopOf(self)
        sock = self.makeSocket()
        try:
            yield from waitForCoroutine(
                self,
                lambda loop: loop.create_datagram_endpoint(lambda: self, sock=sock),
            )
        finally:
            if self.transport is None:
                sock.close()

    def makeSocket(self) -> socket.socket:
        """Return the socket, bound. Raises OSError, which names the port."""
        local = self.local or ("", 0)
        sock = None
        try:
            family, address = _localAddress(*local)
            sock = socket.socket(family, socket.SOCK_DGRAM)
            self.setOptions(sock)
            sock.bind(address)
            sock.setblocking(False)
        except OSError as error:
            if sock is not None:
                sock.close()
            raise explained(error, "bind", local) from error
        self.local = sock.getsockname()[:2]
        return sock

    def setOptions(self, sock: socket.socket) -> None:
        """Set socket options. Called before the socket is bound; does nothing by default."""

    def handleMessages(self) -> None:
        """Act on messages in other inboxes than "inbox". Does nothing by default."""

    def take(self, message: Any) -> Any:
        """Send a message that came to "inbox". Return the gate that holds the sender, or None."""
        return self.sendTo(message, self.target)

    def sendTo(self, data: Any, target: Any) -> Any:
        """Send one datagram to `target`, (host, port). Drop it if `target` is None.

        data: bytes, or text, which is sent as UTF-8. Raises ValueError if the port is not valid,
        and TypeError if `data` is neither bytes nor text.
        """
        if target is not None and self._targets is not None:
            host, port = target
            wire = data if isinstance(data, bytes) else asBytes(self, "inbox", data)
            self._targets.send(wire, host, checkedPort(port))
        return self.shutGate

    # Called by the transport

    def connection_made(self, transport: Any) -> None:
        """Send through `transport` from now on."""
        self.transport = transport
        self._targets = Targets(self, self.scheduler.loop, transport)

    def datagram_received(self, data: bytes, address: Any) -> None:
        """Send out a datagram, unless too many wait unread."""
        if len(self.outboxes["outbox"]) < self.mostUnread:
            self.send(self.describe(data, address[:2]))

    def describe(self, data: bytes, address: Any) -> Any:
        """Return what is sent to "outbox" for a datagram."""
        return data, address

    def error_received(self, error: OSError) -> None:
        """Log that the receiver has refused a datagram."""
        LOG.debug("%s: %s", self.name, error)

    def connection_lost(self, error: Exception | None) -> None:
        """Do nothing: the component closes its socket itself."""


class SimplePeer(BasicPeer):
    """SimplePeer([localaddr][, localport][, receiver_addr][, receiver_port]): for one receiver.

    "inbox": bytes or text, which is dropped if receiver_port is 0.
    """

    def __init__(
        self,
        localaddr: str = "0.0.0.0",
        localport: int = 0,
        receiver_addr: str = "0.0.0.0",
        receiver_port: int = 0,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        self.local = (localaddr, checkedPort(localport, "localport"))
        if checkedPort(receiver_port, "receiver_port"):
            self.target = (receiver_addr, receiver_port)


class TargettedPeer(SimplePeer):
    """TargettedPeer(...): a SimplePeer whose receiver can be changed."""

    Inboxes = {
        "inbox": "data to send; its form depends on the class",
        "control": "shutdownMicroprocess: close when all is sent",
        "readReady": "not used: the event loop reads",
        "writeReady": "not used: the event loop writes",
        "target": "(host, port): the receiver of all further datagrams",
    }

    def __init__(
        self,
        localaddr: str = "0.0.0.0",
        localport: int = 0,
        receiver_addr: str = "0.0.0.0",
        receiver_port: int = 0,
        **argd: Any,
    ) -> None:
        super().__init__(localaddr, localport, receiver_addr, receiver_port, **argd)
        self.takeDirectly("target", self._setTarget)

    def _setTarget(self, target: Any) -> None:
        host, port = target
        self.target = (host, checkedPort(port))


class PostboxPeer(BasicPeer):
    """PostboxPeer(localaddr, localport): sends each message, (host, port, data), to its address."""

    def __init__(self, localaddr: str = "0.0.0.0", localport: int = 0, **argd: Any) -> None:
        super().__init__(**argd)
        self.local = (localaddr, checkedPort(localport, "localport"))

    def take(self, message: Any) -> Any:
        host, port, data = message
        return self.sendTo(data, (host, port))


class UDPSender(BasicPeer):
    """UDPSender([receiver_addr][, receiver_port]): sends bytes or text to one receiver."""

    endsAt = (producerFinished, shutdownMicroprocess)

    def __init__(self, receiver_addr: str = "0.0.0.0", receiver_port: int = 0, **argd: Any) -> None:
        super().__init__(**argd)
        if checkedPort(receiver_port, "receiver_port"):
            self.target = (receiver_addr, receiver_port)
        if ":" in receiver_addr:
            self.local = ("::", 0)


class UDPReceiver(BasicPeer):
    """UDPReceiver([localaddr][, localport]): receives datagrams, and sends none."""

    def __init__(self, localaddr: str = "0.0.0.0", localport: int = 0, **argd: Any) -> None:
        super().__init__(**argd)
        self.local = (localaddr, checkedPort(localport, "localport"))

    def take(self, message: Any) -> None:
        """Drop the message: there is no receiver."""


def _localAddress(host: str, port: int) -> tuple[int, Any]:
    """Return the family and the address to bind. Raises OSError if the name has none."""
    if not host:
        return socket.AF_INET, (host, port)
    return resolveNow(host, port, socket.SOCK_DGRAM)[0]


__kamaelia_components__ = (
    BasicPeer,
    SimplePeer,
    TargettedPeer,
    PostboxPeer,
    UDPSender,
    UDPReceiver,
)
