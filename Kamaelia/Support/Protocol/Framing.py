"""Frames and chunks: messages within a stream of data that may lose parts.

Example usage
-------------
    frame = bytes(SimpleFrame(7, b"data"))           # b"7 4\\ndata"
    SimpleFrame.fromString(frame)                    # (7, b"data")

    cutter = ChunkCutter("SYNC")
    cutter.feed(encodeChunk(b"one", "SYNC") + encodeChunk(b"two", "SYNC"))    # [b"one"]
    cutter.flush()                                                            # [b"two"]

How does it work?
-----------------
A frame is "TAG LENGTH", a newline and the data; LENGTH counts bytes, of text in UTF-8. A chunk is a
sync message and the data, in which each character of the sync message is escaped
(Kamaelia.Support.Data.Escape). So the end of a chunk is known when the next one begins. The format
is that of 1.14 and has no checksum: what is damaged is recognised only by a wrong length.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from Kamaelia.Support.Data.Escape import escape, unescape

__all__ = [
    "SYNC_MESSAGE",
    "ChunkCutter",
    "CorruptFrame",
    "IncompleteChunk",
    "ShortFrame",
    "SimpleFrame",
    "checkedSyncMessage",
    "decodeChunk",
    "encodeChunk",
]

SYNC_MESSAGE = "X" * 24
_CODE = b"%0123456789abcdef"  # the characters of escapes
_HEADER = re.compile(rb"(\S+) (\d{1,18})")
_LONGEST_HEADER = 1000  # bytes, so that a frame without a newline is not searched to its end


class CorruptFrame(ValueError):
    """The data does not begin with the header of a frame."""


class ShortFrame(ValueError):
    """The data is shorter than the header says."""


class IncompleteChunk(ValueError):
    """The chunk has lost its beginning, is too long, or cannot be complete for another reason."""


class SimpleFrame:
    """SimpleFrame(tag, data): a frame. bytes() and str() return it as it is transported.

    tag: a number, or text without whitespace. data: bytes or text. Raises ValueError if the tag is
    empty or contains whitespace.
    """

    def __init__(self, tag: Any, data: bytes | str) -> None:
        self.tag = tag.decode() if isinstance(tag, bytes) else str(tag)
        self.data = data
        if self.tag.split() != [self.tag]:
            raise ValueError(f"{tag!r} is not a tag: it must be one word")

    def __bytes__(self) -> bytes:
        data = self.data.encode() if isinstance(self.data, str) else bytes(self.data)
        return b"%s %d\n%s" % (self.tag.encode(), len(data), data)

    def __str__(self) -> str:
        return bytes(self).decode()

    @staticmethod
    def fromString(frame: Any, isExact: bool = False) -> tuple[Any, Any]:
        """Return (tag, data) of a frame, with data of the type of `frame`, bytes or str.

        A tag of digits is returned as a number, any other as a str. Data after the end of the
        frame is discarded, or, with isExact=True, an error. Raises CorruptFrame or ShortFrame.
        """
        data = frame.encode() if isinstance(frame, str) else bytes(frame)
        end = data.find(b"\n", 0, _LONGEST_HEADER)
        found = _HEADER.fullmatch(data, 0, end) if end >= 0 else None
        if found is None:
            raise CorruptFrame(f"{data[:40]!r} is not the beginning of a frame")
        length, present = int(found[2]), len(data) - end - 1
        if present < length or (isExact and present > length):
            kind = ShortFrame if present < length else CorruptFrame
            raise kind(f"{length} bytes were announced, but {present} are there")
        body = data[end + 1 : end + 1 + length]
        tag = found[1].decode(errors="replace")
        isNumber = tag.isdecimal() and tag.isascii() and len(tag) <= 1000
        return int(tag) if isNumber else tag, (
            body.decode(errors="replace") if isinstance(frame, str) else body
        )


@lru_cache(maxsize=64)
def checkedSyncMessage(syncmessage: str | bytes) -> bytes:
    """Return the sync message as bytes.

    Raises ValueError if it is text that is not ASCII, or if it could occur in an escaped message:
    it must contain a character that is neither "%" nor a lower-case hexadecimal digit.
    """
    sync = syncmessage.encode("ascii") if isinstance(syncmessage, str) else bytes(syncmessage)
    if not sync.strip(_CODE):
        raise ValueError(f"{syncmessage!r} cannot be a sync message: it may occur in escaped data")
    return sync


def encodeChunk(message: bytes | str, syncmessage: str | bytes = SYNC_MESSAGE) -> Any:
    """Return the message, bytes or text, as a chunk of the same type."""
    sync = checkedSyncMessage(syncmessage)
    if isinstance(message, str):
        return sync.decode("ascii") + escape(message, sync.decode("ascii"))
    return sync + escape(bytes(message), sync)


def decodeChunk(chunk: bytes | str, syncmessage: str | bytes = SYNC_MESSAGE) -> Any:
    """Return the message in a chunk, as bytes or text like the chunk.

    Raises IncompleteChunk if the chunk does not begin with the sync message, or contains more of
    it.
    """
    sync = checkedSyncMessage(syncmessage)
    data = chunk.encode() if isinstance(chunk, str) else bytes(chunk)
    if not data.startswith(sync):
        raise IncompleteChunk(f"{data[:40]!r} does not begin with the sync message")
    message = data[len(sync) :]
    if message.translate(None, _forbiddenIn(sync)) != message:
        raise IncompleteChunk(f"{message[:40]!r} contains a part of a sync message")
    message = unescape(message, sync)
    return message.decode(errors="replace") if isinstance(chunk, str) else message


@lru_cache(maxsize=64)
def _forbiddenIn(sync: bytes) -> bytes:
    """Return the bytes of a sync message that do not occur in an escaped message."""
    return bytes(set(sync) - set(_CODE))


class ChunkCutter:
    """ChunkCutter(syncmessage, limit): finds the chunks in a stream of bytes or of text.

    limit: the length of a chunk in bytes, at most; a longer one is discarded.
    """

    def __init__(self, syncmessage: str | bytes = SYNC_MESSAGE, limit: int = 1 << 24) -> None:
        self.sync = checkedSyncMessage(syncmessage)
        self.limit = limit
        self._begun = bytearray()  # begins with the sync message if `_isSynchronised`
        self._isSynchronised = False
        self._searched = 0  # no further sync message begins before this place
        self._isText = False

    def feed(self, data: bytes | str) -> list[bytes | str | IncompleteChunk]:
        """Add data and return the messages that it completes, of its type.

        For data that is discarded, an IncompleteChunk is returned.
        """
        self._isText = isinstance(data, str)
        self._begun += data.encode() if isinstance(data, str) else data
        results: list[bytes | str | IncompleteChunk] = []
        while True:
            if not self._isSynchronised and not self._skipToSync(results):
                return results
            end = self._begun.find(self.sync, self._searched)
            if end < 0 and len(self._begun) <= self.limit:
                self._searched = max(len(self.sync), len(self._begun) - len(self.sync) + 1)
                return results
            results.append(self._decode(end) if end >= 0 else self._discard(len(self._begun)))
            self._searched = len(self.sync)

    def flush(self) -> list[bytes | str | IncompleteChunk]:
        """Return the message of the last chunk, as if its end were here, and forget all data."""
        last = [self._decode(len(self._begun))] if self._begun else []
        self._isSynchronised, self._searched = False, 0
        return last

    def _skipToSync(self, results: list[bytes | str | IncompleteChunk]) -> bool:
        """Discard what precedes the first sync message. Return whether there is one."""
        at = self._begun.find(self.sync)
        surplus = at if at >= 0 else len(self._begun) - len(self.sync) + 1
        if surplus > 0:
            results.append(self._discard(surplus))
        self._isSynchronised = at >= 0
        self._searched = len(self.sync)
        return self._isSynchronised

    def _discard(self, length: int) -> IncompleteChunk:
        error = IncompleteChunk(f"{length} bytes without a sync message before and after them")
        del self._begun[:length]
        self._isSynchronised = False
        return error

    def _decode(self, end: int) -> bytes | str | IncompleteChunk:
        """Remove the chunk that ends at `end` and return its message, or the error."""
        chunk = bytes(self._begun[:end])
        del self._begun[:end]
        try:
            message: bytes = decodeChunk(chunk, self.sync)
        except IncompleteChunk as error:
            return error
        return message.decode(errors="replace") if self._isText else message
