"""The common part of WebSocket servers and clients: messages, pings and the close.

How does it work?
-----------------
A Conversation belongs to a component, which reads the bytes of the peer. What the program sends is
passed to the connection at once, within the turn of the sender, and the sender is held while the
peer does not read. The component itself is not, so it continues to read and to watch the time;
meanwhile it does not answer pings. While the program does not take messages, the component
waits, so the peer has to wait, too.

A silent peer receives a ping. If it stays silent, the conversation ends with the code 1006.
"""

from __future__ import annotations

from collections.abc import Generator
from math import inf
from typing import Any

from Axon.Component import component
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Internet.OutgoingData import asBytes
from Kamaelia.IPC import socketShutdown
from Kamaelia.Support.Protocol.WebSocket.MessagePeer import (
    ABNORMAL,
    MOST_BYTES,
    NORMAL,
    Closed,
    MessagePeer,
)
from Kamaelia.Util.SendWithRoom import isToStop, sendWithRoom


class webSocketShutdown(socketShutdown):
    """webSocketShutdown(caller, message, code, reason): a WebSocket has been closed.

    message: the error that ended the connection, or None. code, reason: RFC 6455, section 7.4;
    the code is 1006 if the peer did not close in order.
    """

    __slots__ = ("code", "reason")

    def __init__(
        self, caller: Any = None, message: Any = None, code: int = ABNORMAL, reason: str = ""
    ) -> None:
        super().__init__(caller, message)
        self.code = code
        self.reason = reason


class Timing:
    """Timing(pingInterval, pingTimeout, closeTimeout): in seconds; None means no limit.

    pingInterval: the silence after which a ping is sent. pingTimeout: the further silence after
    which the peer counts as lost. closeTimeout: how long the peer may take to answer a close.
    """

    def __init__(
        self,
        pingInterval: float | None = 20,
        pingTimeout: float | None = 20,
        closeTimeout: float | None = 10,
    ) -> None:
        self.pingInterval = inf if pingInterval is None else pingInterval
        self.pingTimeout = inf if pingTimeout is None else pingTimeout
        self.closeTimeout = inf if closeTimeout is None else closeTimeout


class Conversation:
    """Conversation(owner, isClient, toPeer, toProgram[, mostBytes, timing]).

    owner: the component. toPeer, toProgram: its outboxes for bytes and for messages.
    """

    def __init__(
        self,
        owner: component,
        isClient: bool,
        toPeer: str,
        toProgram: str,
        mostBytes: int = MOST_BYTES,
        timing: Timing | None = None,
    ) -> None:
        self._owner = owner
        self._peer = MessagePeer(isClient, mostBytes)
        self._toPeer = toPeer
        self._toProgram = toProgram
        self._timing = timing or Timing()
        self._due = inf  # when the peer must have sent something
        self._isPinged = False
        self._gate: Any = None  # of the connection, once the peer did not read

    @property
    def closed(self) -> Closed | None:
        """How the conversation has ended, or None."""
        return self._peer.closed

    def begin(self) -> None:
        """Begin: the handshake is complete."""
        self._due = timeOf(self._owner) + self._timing.pingInterval

    # From the program to the peer

    def sendMessage(self, message: Any) -> Any:
        """Send a message of the program. Return the gate that holds the sender, or None.

        Raises TypeError as checked() does.
        """
        data = self._peer.message(self.checked(message))
        return self._transmit(data) if data else None

    def checked(self, message: Any) -> str | bytes:
        """Return a message of the program as text or bytes.

        Raises TypeError, which names the sender, if it is neither.
        """
        if isinstance(message, str | bytes):
            return message
        return asBytes(self._owner, "inbox", message)

    def _transmit(self, data: bytes) -> Any:
        """Send bytes to the peer, and return the gate. send() would hold the owner at it."""
        sink = self._owner.outboxes[self._toPeer]
        self._gate = gate = sink.append(data)
        sink.task.messageArrived(sink.isUrgent)
        return gate

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Begin to close, if neither side has begun."""
        if data := self._peer.close(code, reason):
            self._transmit(data)
            self._due = timeOf(self._owner) + self._timing.closeTimeout

    def isOpen(self) -> bool:
        """Return whether messages can be sent: neither side has begun to close."""
        return self._peer.isOpen()

    # From the peer to the program

    def receive(self, data: bytes) -> Generator[int, None, None]:
        """`yield from` this to send on the messages in `data`; b"": the end of the connection."""
        peer, owner = self._peer, self._owner
        if peer.isOpen():
            self._isPinged = False
            self._due = timeOf(owner) + self._timing.pingInterval
        mayDeliver = not isToStop(owner)
        message = peer.receiveWhole(data) if mayDeliver else None
        if message is not None:  # most messages arrive like that
            yield from sendWithRoom(owner, message, self._toProgram)
            return
        for event in peer.receive(data):
            if event is None:
                self._reply()
                yield 1
            elif mayDeliver and isinstance(event, str | bytes):
                mayDeliver = yield from sendWithRoom(owner, event, self._toProgram)
        self._reply()

    def _reply(self) -> None:
        """Send the answers to pings and to a close, unless the peer reads too slowly for pings."""
        replies = self._peer.takeReplies()
        if replies and (self._peer.closed is not None or not self._isPeerSlow()):
            self._transmit(replies)

    def _isPeerSlow(self) -> bool:
        return self._gate is not None and self._gate.isShut()

    # Times

    def checkTime(self) -> float:
        """Send a ping or give up, if it is time. Return when to check again."""
        now = timeOf(self._owner)
        if now < self._due:
            return self._due
        if self._isPinged or not self.isOpen():
            self._peer.lose("the peer was silent for too long")
        else:
            self._transmit(self._peer.ping())
            self._isPinged = True
            self._due = now + self._timing.pingTimeout
        return self._due
