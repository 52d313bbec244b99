"""Frames: how a link divides a stream of bytes.

Example usage
-------------
    decoder = FrameDecoder(maximum=1 << 20)
    for frame in decoder.feed(data):
        ...

How does it work?
-----------------
A frame has a header of 17 bytes: the length of the payload (4 bytes), the kind (1), the number of
the last message in it (8), and how many messages it has (4), all big-endian. The decoder checks the
length before it stores anything, so its memory is bounded by `maximum`.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from struct import Struct
from typing import Any, NamedTuple

from Kamaelia.Support.Counts import counted
from Kamaelia.Support.Links.Errors import linkError

HELLO, WELCOME, PROOF, REFUSAL = b"H", b"W", b"P", b"X"  # the payload is a JSON object
DATA, END, CONFIRM, GOODBYE = b"D", b"E", b"C", b"B"
KNOWN = 1  # the number of messages of a CONFIRM that the writer need not echo
KINDS = frozenset({HELLO, WELCOME, PROOF, REFUSAL, DATA, END, CONFIRM, GOODBYE})

MAXIMUM = 64 << 20  # bytes of a payload
PIECE = 1 << 16  # bytes after which frames are not combined with more of them
GREETING = 4096  # bytes of a payload before both ends know each other

_HEADER = Struct("!IcQI")


class Frame(NamedTuple):
    """A frame. last: the number of its last message. messages: how many it has."""

    kind: bytes
    last: int
    messages: int
    payload: bytes

    def encoded(self, prefix: bytes = b"") -> bytes:
        """Return the frame as bytes; `prefix` precedes the payload."""
        kind, last, messages, payload = self
        header = _HEADER.pack(len(prefix) + len(payload), kind, last, messages)
        return header + prefix + payload

    def fields(self) -> dict[str, Any]:
        """Return the JSON object of the payload. Raise linkError if it is none."""
        try:
            found = json.loads(self.payload)
        except (ValueError, RecursionError) as error:
            raise linkError(f"a greeting is not JSON: {error}") from None
        if type(found) is not dict:
            raise linkError("a greeting is not an object")
        return found


def greeting(kind: bytes, **fields: Any) -> bytes:
    """Return a frame with a JSON object as bytes."""
    return Frame(kind, 0, 0, json.dumps(fields).encode("ascii")).encoded()


def encodedTogether(frames: Iterable[Frame], codec: bytes) -> Iterator[bytes]:
    """Yield several frames as few pieces; `codec` precedes the payload of those with messages."""
    parts: list[bytes] = []
    size = 0
    for frame in frames:
        part = frame.encoded(codec if frame.kind == DATA else b"")
        parts.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


class FrameDecoder:
    """FrameDecoder(maximum) -> divides a stream; a payload has at most `maximum` bytes."""

    def __init__(self, maximum: int = MAXIMUM) -> None:
        self.maximum = maximum
        self._data = bytearray()

    def feed(self, data: bytes) -> Generator[Frame, None, None]:
        """Generate the frames that are complete. Raise linkError for what is no frame."""
        self._data += data
        arrived, size, unpack = self._data, _HEADER.size, _HEADER.unpack_from
        at, end = 0, len(arrived)
        try:
            while end - at >= size:
                length, kind, last, count = unpack(arrived, at)
                self._check(length, kind, last, count)
                begin = at + size
                if end - begin < length:
                    return
                at = begin + length
                yield Frame(kind, last, count, bytes(memoryview(arrived)[begin:at]))
        finally:
            del self._data[:at]

    def _check(self, length: int, kind: bytes, last: int, count: int) -> None:
        if kind not in KINDS:
            raise linkError(f"there is no frame of kind {kind!r}")
        if length > self.maximum:
            raise linkError(f"a frame of {length} bytes exceeds the limit of {self.maximum}")
        if count > last or (kind == DATA and not 0 < count <= length):
            size, messages = counted(length, "byte"), counted(count, "message")
            raise linkError(f"a frame of {size} cannot have {messages} up to {last}")
