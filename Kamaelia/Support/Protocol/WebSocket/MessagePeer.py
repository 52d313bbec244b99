"""One side of a WebSocket connection: messages from bytes, and bytes from messages.

Example usage
-------------
    peer = MessagePeer(isClient=False)
    send(peer.message("hello"))
    for each in peer.receive(data):            # str, bytes, Pong or Closed; None: work goes on
        ...
    send(peer.takeReplies())                   # answers to pings and to the close of the peer

How does it work?
-----------------
wsproto reads and writes the frames and checks the masks, the opcodes and the UTF-8, except for
short messages (PlainFrames). This module puts the parts of a message together, limits its
size, answers pings, and does the close handshake.
A violation of the protocol ends the connection with a code of RFC 6455, section 7.4.1; after a
Closed, nothing more is read. What arrives during the own close is discarded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from wsproto.connection import CLIENT, SERVER, Connection, ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.events import Pong as PongFrame
from wsproto.frame_protocol import CloseReason

from Kamaelia.Support.Protocol.WebSocket.PlainFrames import (
    LONGEST,
    PlainFrameReader,
    Raw,
    plainFrame,
)

NORMAL = 1000
GOING_AWAY = 1001
ABNORMAL = 1006  # the connection was lost without a close
TOO_LARGE = 1009
INTERNAL_ERROR = 1011

MOST_BYTES = 1024 * 1024  # in a message
MOST_UTF8 = 4  # bytes of a character in UTF-8
MOST_WHOLE = LONGEST * MOST_UTF8  # no message in a plain frame has more bytes
MANY_FRAMES = 64  # frames that wsproto reads in about 2 ms
MANY_PARTS = 256  # parts of a message are joined when there are so many


class Closed(NamedTuple):
    """Closed(code, reason): the end of a connection."""

    code: int
    reason: str


class Pong(NamedTuple):
    """Pong(payload): the answer of the peer to a ping."""

    payload: bytes


Event = str | bytes | Pong | Closed


class MessagePeer:
    """MessagePeer(isClient[, mostBytes]): one side of a connection, after the handshake.

    mostBytes: the limit on a message from the peer, as it is sent.
    """

    def __init__(self, isClient: bool, mostBytes: int = MOST_BYTES) -> None:
        self._isClient = isClient
        self._wsproto: Connection | None = None  # it is created for the first frame that needs it
        self._reader = PlainFrameReader(isClient)
        self._mostBytes = mostBytes
        self._parts: list[Any] = []  # of the message that is incomplete, all of one type
        self._size = 0  # bytes in these parts
        self._replies: list[bytes] = []
        self.closed: Closed | None = None  # how the connection was closed

    @property
    def _connection(self) -> Connection:
        if self._wsproto is None:
            self._wsproto = Connection(CLIENT if self._isClient else SERVER)
        return self._wsproto

    def _isConnectionOpen(self) -> bool:
        return self._wsproto is None or self._wsproto.state is ConnectionState.OPEN

    # To the peer

    def isOpen(self) -> bool:
        """Return whether messages may be sent: neither side has begun to close."""
        return self.closed is None and self._isConnectionOpen()

    def message(self, data: str | bytes) -> bytes:
        """Return the frame of a text or binary message, or b"" if the connection is closing."""
        return plainFrame(data, self._isClient) if self.isOpen() else b""

    def ping(self, payload: bytes = b"") -> bytes:
        """Return a ping, at most 125 bytes of payload, or b"" if the connection is closing."""
        return bytes(self._connection.send(Ping(payload))) if self.isOpen() else b""

    def close(self, code: int = NORMAL, reason: str = "") -> bytes:
        """Return the frame that begins to close, or b"" if the connection is closing."""
        if not self.isOpen():
            return b""
        return bytes(self._connection.send(CloseConnection(code, reason)))

    def takeReplies(self) -> bytes:
        """Return the frames that answer what was received."""
        if not self._replies:
            return b""
        replies, self._replies = self._replies, []
        return b"".join(replies)

    # From the peer

    def receiveWhole(self, data: bytes) -> str | bytes | None:
        """Return the message if `data` is one short message and no more; else, call receive()."""
        if self._mostBytes < MOST_WHOLE or not self._isConnectionOpen():
            return None
        return self._reader.whole(data)

    def receive(self, data: bytes) -> Iterator[Event | None]:
        """Generate the messages in `data`; b"" means the end of the connection.

        None is generated after each MANY_FRAMES frames that are not plain: a peer that sends many
        empty ones need not keep the caller from other work.
        """
        if self.closed is not None:
            return
        if not data:
            yield self._end(ABNORMAL, "the connection was lost")
            return
        count = 0
        for each in self._reader.receive(data):
            if isinstance(each, Raw):
                count += 1
                if count % MANY_FRAMES == 0:
                    yield None
                self._connection.receive_data(each)
                for event in self._events():
                    yield event
                    if isinstance(event, Closed):
                        return
            elif self._isConnectionOpen():
                if len(each) * MOST_UTF8 > self._mostBytes and _sizeOf(each) > self._mostBytes:
                    yield self._failAsTooLarge()
                    return
                yield each

    def _events(self) -> Iterator[Event]:
        """Generate what the frames mean that wsproto has read."""
        for event in self._connection.events():
            if isinstance(event, TextMessage | BytesMessage):
                complete = self._add(event) if self.isOpen() else None
                if complete is not None:
                    yield complete
            elif isinstance(event, Ping):
                if self.isOpen():
                    self._replies.append(self._connection.send(event.response()))
            elif isinstance(event, PongFrame):
                yield Pong(bytes(event.payload))
            elif isinstance(event, CloseConnection):
                yield self._closedBy(event)

    def lose(self, reason: str) -> None:
        """End without a close: the connection cannot be used any more."""
        if self.closed is None:
            self._end(ABNORMAL, reason)

    def _add(self, event: TextMessage | BytesMessage) -> Event | None:
        """Add a part of a message. Return the message if it is complete, or Closed."""
        data: Any = event.data
        isComplete = event.message_finished
        self._size += _sizeOf(data)
        if self._size > self._mostBytes:
            return self._failAsTooLarge()
        if data:
            self._parts.append(data)
        if not isComplete and len(self._parts) < MANY_PARTS:
            return None
        joined: str | bytes = data[:0].join(self._parts)
        self._parts = [joined]
        if not isComplete:
            return None
        self._parts, self._size = [], 0
        return joined

    def _closedBy(self, event: CloseConnection) -> Closed:
        state = self._connection.state
        if state is ConnectionState.REMOTE_CLOSING:
            self._replies.append(self._connection.send(_echoOf(event)))
        elif state is ConnectionState.OPEN:  # the peer has violated the protocol
            return self._fail(int(event.code), event.reason or "")
        return self._end(int(event.code), event.reason or "")

    def _failAsTooLarge(self) -> Closed:
        return self._fail(TOO_LARGE, f"a message has more than {self._mostBytes} bytes")

    def _fail(self, code: int, reason: str) -> Closed:
        self._replies.append(self.close(code, reason))
        return self._end(code, reason)

    def _end(self, code: int, reason: str) -> Closed:
        self.closed = Closed(code, reason)
        self._parts = []
        return self.closed


def _sizeOf(data: str | bytes) -> int:
    """Return how many bytes `data` has as it is sent."""
    return len(data if isinstance(data, bytes) or data.isascii() else data.encode())


def _echoOf(event: CloseConnection) -> CloseConnection:
    """Return the answer to a close: it has the same code, RFC 6455, section 5.5.1."""
    if event.code == CloseReason.NO_STATUS_RCVD:
        return CloseConnection(CloseReason.NO_STATUS_RCVD)
    return CloseConnection(event.code, event.reason)
