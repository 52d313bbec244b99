"""Datagrams: peers that send to one address, to a changing one, or to one for each message.

Example usage
-------------
    Pipeline(ConsoleReader(), UDPSender("127.0.0.1", 2000)).run()
    Pipeline(UDPReceiver("0.0.0.0", 2000), ConsoleEchoer()).run()

How does it work?
-----------------
A peer is the asyncio protocol of its socket: what is sent to its inbox goes out
within the sender's turn, or as soon as the name of the target is resolved. UDP
promises nothing, so a peer drops what comes while more than `mostUnread` datagrams
wait at the far end of its outbox, and what is sent to a name that has no address.

Termination: shutdownMicroprocess on "control", which is passed on; of a sender also
producerFinished, once all is sent. Other peers go on then, as answers may still come.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Generator
from typing import Any

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Internet.Addresses import checkedPort, explained, resolveNow
from Kamaelia.Internet.EventLoop import eventLoopOf, waitForCoroutine
from Kamaelia.Internet.OutgoingData import asBytes, discard
from Kamaelia.Internet.UDPTargets import Targets
from Kamaelia.Internet.WriteGate import GatedComponent

LOG = logging.getLogger("Kamaelia.Internet.UDP")

Address = tuple[str, int]


class BasicPeer(GatedComponent):
    """A UDP socket as a component. Its kinds say what a message in "inbox" is.

    Raises OSError, which names the port, where it cannot be bound.
    """

    Inboxes = {
        "inbox": "what to send",
        "control": "shutdownMicroprocess: close when all is sent",
        "readReady": "not used: the event loop calls",
        "writeReady": "not used: the event loop calls",
    }
    Outboxes = {
        "outbox": "(data, (host, port)) for each datagram that came",
        "signal": "what came to control",
        "_selectorSignal": "not used",
    }

    mostUnread = 1000  # datagrams
    promptly = 5.0  # seconds for what waits for the address of a name, at the end
    endsAt: tuple[type, ...] = (shutdownMicroprocess,)  # messages to control
    local: Address | None = None  # where it is bound; port 0 becomes the real one
    target: Address | None = None

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
                self.heed()
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
        """Wait for names that are being resolved, `promptly` seconds at most."""
        if self._targets is None:  # it was told to end before it was bound
            return
        clock = self.scheduler.timers.clock
        until = clock.now() + self.promptly
        while self._targets.isWaiting() and (left := until - clock.now()) > 0:
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
        """Called before the socket is bound."""

    def heed(self) -> None:
        """Called when a message came to a box other than "inbox", which never holds any."""

    def take(self, message: Any) -> Any:
        """A message came to "inbox": gives the gate at which its sender waits, if any."""
        return self.sendTo(message, self.target)

    def sendTo(self, data: Any, target: Any) -> Any:
        """Send one datagram to (host, port); text as UTF-8. Without a target it is dropped.

        Raises ValueError for a number that is no port, and TypeError for what is no bytes.
        """
        if target is not None and self._targets is not None:
            host, port = target
            wire = data if isinstance(data, bytes) else asBytes(self, "inbox", data)
            self._targets.send(wire, host, checkedPort(port))
        return self.shutGate

    # What the transport says

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._targets = Targets(self, self.scheduler.loop, transport)

    def datagram_received(self, data: bytes, address: Any) -> None:
        """A datagram came."""
        if len(self.outboxes["outbox"]) < self.mostUnread:
            self.send(self.describe(data, address[:2]))

    def describe(self, data: bytes, address: Any) -> Any:
        """What is sent out for a datagram."""
        return data, address

    def error_received(self, error: OSError) -> None:
        """A datagram of ours was refused; UDP promises nothing."""
        LOG.debug("%s: %s", self.name, error)

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed."""


class SimplePeer(BasicPeer):
    """SimplePeer([localaddr][, localport][, receiver_addr][, receiver_port]) -> to one address.

    "inbox": bytes or text; dropped without a receiver_port.
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
    """TargettedPeer(...) -> a SimplePeer whose target changes: (host, port) to "target"."""

    Inboxes = {
        "inbox": "what to send",
        "control": "shutdownMicroprocess: close when all is sent",
        "readReady": "not used: the event loop calls",
        "writeReady": "not used: the event loop calls",
        "target": "(host, port): where all goes from now on",
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
        self.takeDirectly("target", self._aim)

    def _aim(self, target: Any) -> None:
        host, port = target
        self.target = (host, checkedPort(port))


class PostboxPeer(BasicPeer):
    """PostboxPeer(localaddr, localport) -> "inbox": (host, port, data), each to its address."""

    def __init__(self, localaddr: str = "0.0.0.0", localport: int = 0, **argd: Any) -> None:
        super().__init__(**argd)
        self.local = (localaddr, checkedPort(localport, "localport"))

    def take(self, message: Any) -> Any:
        host, port, data = message
        return self.sendTo(data, (host, port))


class UDPSender(BasicPeer):
    """UDPSender([receiver_addr][, receiver_port]) -> "inbox": bytes or text."""

    endsAt = (producerFinished, shutdownMicroprocess)

    def __init__(self, receiver_addr: str = "0.0.0.0", receiver_port: int = 0, **argd: Any) -> None:
        super().__init__(**argd)
        if checkedPort(receiver_port, "receiver_port"):
            self.target = (receiver_addr, receiver_port)
        if ":" in receiver_addr:
            self.local = ("::", 0)


class UDPReceiver(BasicPeer):
    """UDPReceiver([localaddr][, localport]) -> sends nothing; what came, out of "outbox"."""

    def __init__(self, localaddr: str = "0.0.0.0", localport: int = 0, **argd: Any) -> None:
        super().__init__(**argd)
        self.local = (localaddr, checkedPort(localport, "localport"))

    def take(self, message: Any) -> None:
        """Has nobody to send it to."""


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
