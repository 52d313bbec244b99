"""Undo the compression of a body, piece by piece and within a limit.

Example usage
-------------
    decoder = decoderFor("gzip", mostBytes=10_000_000)
    for piece in decoder.decode(data): ...
    decoder.finish()                           # raises ValueError if the end is missing

How does it work?
-----------------
A few kilobytes may expand to gigabytes. The pieces are generated one at a time, none is larger
than PIECE, and decode() raises ValueError when all of them together exceed the limit. zlib copies
the input that it leaves over, so after such a remainder it gets small slices of the input: the
time for a body of many small members is proportional to its length.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

PIECE = 64 * 1024  # bytes, the largest piece that is generated
SLICE = 1024  # bytes, the smallest slice of the input, except the last one
MOST_EMPTY = 1000  # members of a gzip body that contain nothing
WITH_HEADER = 47  # zlib's wbits: the header of gzip or zlib, whichever is there
WITHOUT_HEADER = -15  # some servers send "deflate" without the header of zlib
CODINGS = {"gzip", "x-gzip", "deflate"}


class ContentDecoder:
    """ContentDecoder(mostBytes[, mayLackHeader]): decompresses one body.

    mostBytes: the limit on what all pieces together may contain.
    """

    def __init__(self, mostBytes: int, mayLackHeader: bool = False) -> None:
        self._left = self._leftBefore = self._most = mostBytes  # Before: before this member
        self._emptyMembers = 0
        self._mayLackHeader = mayLackHeader
        self._inflater = zlib.decompressobj(WITH_HEADER)
        self._isEmpty = True
        self._held = b""  # the first byte, until the second one arrives

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Generate the pieces that `data` expands to. Raises ValueError if that is impossible."""
        data, self._held = self._held + data, b""
        if self._isEmpty and self._mayLackHeader and len(data) == 1:
            self._held = data  # the header of zlib has two bytes
            return
        at, size, hasMore = 0, len(data), False
        while at < len(data) or hasMore:
            if self._inflater.eof:
                self._beginMember()
            part = data[at : at + size]
            piece = self._inflate(part)
            self._isEmpty = False
            self._left -= len(piece)
            if self._left < 0:
                raise ValueError(f"the body expands to more than {self._most} bytes")
            if piece:
                yield piece
            remainder = len(self._inflater.unconsumed_tail or self._inflater.unused_data)
            at += len(part) - remainder
            size = SLICE if remainder else 2 * size
            # zlib may have read the last byte, and have no room left for what that expands to
            hasMore = len(piece) == PIECE and not self._inflater.eof

    def finish(self) -> None:
        """Raise ValueError if the body is incomplete."""
        if self._held or not (self._isEmpty or self._inflater.eof):
            raise ValueError("the compressed body is incomplete")

    def _beginMember(self) -> None:
        """Begin the next member of gzip, which may have several: RFC 1952, section 2.2."""
        if self._left == self._leftBefore:
            self._emptyMembers += 1
            if self._emptyMembers > MOST_EMPTY:
                raise ValueError(f"the compressed body has more than {MOST_EMPTY} empty members")
        self._leftBefore = self._left
        self._inflater = zlib.decompressobj(WITH_HEADER)

    def _inflate(self, data: bytes) -> bytes:
        try:
            return self._inflater.decompress(data, PIECE)
        except zlib.error as error:
            if not (self._isEmpty and self._mayLackHeader):
                raise ValueError(f"the compressed body is not valid: {error}") from error
        self._mayLackHeader = False
        self._inflater = zlib.decompressobj(WITHOUT_HEADER)
        return self._inflate(data)


def decoderFor(coding: str, mostBytes: int) -> ContentDecoder | None:
    """Return a decoder for the value of a header Content-Encoding, or None if there is none."""
    name = coding.strip().lower()
    return ContentDecoder(mostBytes, name == "deflate") if name in CODINGS else None
