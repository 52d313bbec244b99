"""Short messages in one frame, the most common form: read and written faster than by wsproto.

Example usage
-------------
    reader = PlainFrameReader(isClient=False)
    for each in reader.receive(data):
        ...     # a str or bytes, the message of a plain frame; or Raw, bytes for wsproto

How does it work?
-----------------
A plain frame is a whole text or binary message of at most LONGEST bytes, masked as it must be. The
reader finds the borders of all frames, and returns every frame that is not plain as it is: parts of
messages, long messages, control frames, and whatever violates RFC 6455. What such a frame
means is left to wsproto. Frames are described in RFC 6455, section 5.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from os import urandom

LONGEST = 64 * 1024  # bytes of a plain frame; a longer one is not collected, but passed on

FINAL_TEXT = 0x81
FINAL_BINARY = 0x82
FINAL = 0x80
OPCODE = 0x0F
FIRST_CONTROL = 0x8  # opcodes from here on may come between the parts of a message
MASKED = 0x80
LENGTH = 0x7F
TWO_BYTES, EIGHT_BYTES = 126, 127  # values of the length which say that it follows
LEAST_IN_TWO = 126  # a shorter length must not be written in two bytes
MASK_SIZE = 4


class Raw(bytes):
    """Bytes for wsproto."""

    __slots__ = ()


class PlainFrameReader:
    """PlainFrameReader(isClient): splits what one side of a connection receives.

    isClient: whether this side is the client, which receives frames without masks.
    """

    def __init__(self, isClient: bool) -> None:
        self._mask = 0 if isClient else MASKED
        self._buffer = bytearray()  # the beginning of a frame
        self._rest = 0  # bytes of the frame that is passed on
        self._isWithinMessage = False  # whether a message has begun that has several frames

    def receive(self, data: bytes) -> Iterator[str | bytes | Raw]:
        """Generate the messages in plain frames, and the bytes of other frames, in order."""
        source: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            source = self._buffer
        start = 0
        while True:
            if self._rest:
                raw = Raw(source[start : start + self._rest])
                start += len(raw)
                self._rest -= len(raw)
                if raw:
                    yield raw
                if self._rest:
                    break
            found = self._next(source, start)
            if found is None:
                break
            message, start = found
            if message is not None:
                yield message
        self._buffer = bytearray(source[start:]) if start < len(source) else bytearray()

    def whole(self, data: bytes) -> str | bytes | None:
        """Return the message if `data` is exactly one plain frame; pass it to receive() if not."""
        if self._buffer or self._rest:
            return None
        found = self._next(data, 0)
        return found[0] if found is not None and found[1] == len(data) else None

    def _next(self, source: bytes | bytearray, start: int) -> tuple[str | bytes | None, int] | None:
        """Return the message in the plain frame at `start` and its end; None if it is incomplete.

        If the frame is not plain, set `_rest`, and return no message and `start`.
        """
        if len(source) < start + 2:
            return None
        first, second = source[start], source[start + 1]
        length, at = second & LENGTH, start + 2
        if length >= TWO_BYTES:
            size = 2 if length == TWO_BYTES else 8
            if len(source) < at + size:
                return None
            length = int.from_bytes(source[at : at + size], "big")
            at += size
        isMasked = second & MASKED
        bodyAt = at + MASK_SIZE if isMasked else at
        end = bodyAt + length
        isShort = length <= LONGEST and (length >= LEAST_IN_TWO or at == start + 2)
        isData = first in (FINAL_TEXT, FINAL_BINARY)
        if isData and isShort and isMasked == self._mask and not self._isWithinMessage:
            if len(source) < end:
                return None
            body = bytes(source[bodyAt:end])
            if isMasked:
                body = masked(body, bytes(source[at:bodyAt]))
            if first == FINAL_BINARY:
                return body, end
            try:
                return body.decode(), end
            except UnicodeDecodeError:
                pass  # wsproto ends the connection for it
        if first & OPCODE < FIRST_CONTROL:
            self._isWithinMessage = not first & FINAL
        self._rest = end - start
        return None, start


def plainFrame(message: str | bytes, isClient: bool) -> bytes:
    """Return the frame of a whole message."""
    if isinstance(message, str):
        first, body = FINAL_TEXT, message.encode()
    else:
        first, body = FINAL_BINARY, message
    length, mask = len(body), MASKED if isClient else 0
    if length < LEAST_IN_TWO:
        head = bytes((first, mask | length))
    elif length < 1 << 16:
        head = bytes((first, mask | TWO_BYTES)) + length.to_bytes(2, "big")
    else:
        head = bytes((first, mask | EIGHT_BYTES)) + length.to_bytes(8, "big")
    if not isClient:
        return head + body
    key = urandom(MASK_SIZE)  # it must be unpredictable: RFC 6455, section 10.3
    return head + key + masked(body, key)


def maskedInPython(body: bytes, key: bytes) -> bytes:
    """Return `body` masked with `key`, or without its mask: the operation is its own inverse."""
    length = len(body)
    if length > LONG:
        pattern = int.from_bytes(key, "little") * _repeatedOne(length // MASK_SIZE + 1)
        pattern &= (1 << 8 * length) - 1
    else:
        pattern = int.from_bytes((key * (length // MASK_SIZE + 1))[:length], "little")
    return (int.from_bytes(body, "little") ^ pattern).to_bytes(length, "little")


LONG = 512  # bytes from which on a product is faster than a repetition


@lru_cache(maxsize=16)
def _repeatedOne(count: int) -> int:
    """Return the number whose product with a mask is the mask, repeated `count` times."""
    return ((1 << 8 * MASK_SIZE * count) - 1) // ((1 << 8 * MASK_SIZE) - 1)


try:
    from Kamaelia.Support.Protocol.WebSocket._masks import masked
except ImportError:  # it was installed without a C compiler
    masked = maskedInPython
