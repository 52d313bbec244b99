"""Undo the compression of a body, piece by piece and within a limit.

Example usage
-------------
    decoder = decoderFor("gzip", mostBytes=10_000_000)
    for piece in decoder.decode(data): ...
    decoder.finish()                           # raises ValueError if the end is missing

How does it work?
-----------------
A few kilobytes may expand to gigabytes. The pieces are generated one at a time, none is larger
than PIECE, and decode() raises ValueError when all of them together exceed the limit.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

PIECE = 64 * 1024  # bytes, the largest piece that is generated
WITH_HEADER = 47  # zlib's wbits: the header of gzip or zlib, whichever is there
WITHOUT_HEADER = -15  # some servers send "deflate" without the header of zlib
CODINGS = {"gzip", "x-gzip", "deflate"}


class ContentDecoder:
    """ContentDecoder(mostBytes[, mayLackHeader]): decompresses one body.

    mostBytes: the limit on what all pieces together may contain.
    """

    def __init__(self, mostBytes: int, mayLackHeader: bool = False) -> None:
        self._left = self._most = mostBytes
        self._mayLackHeader = mayLackHeader
        self._inflater = zlib.decompressobj(WITH_HEADER)
        self._isEmpty = True

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Generate the pieces that `data` expands to. Raises ValueError if that is impossible."""
        while data:
            if self._inflater.eof:  # gzip may consist of several members: RFC 1952, section 2.2
                self._inflater = zlib.decompressobj(WITH_HEADER)
            piece = self._inflate(data)
            self._isEmpty = False
            self._left -= len(piece)
            if self._left < 0:
                raise ValueError(f"the body expands to more than {self._most} bytes")
            if piece:
                yield piece
            data = self._inflater.unconsumed_tail or self._inflater.unused_data

    def finish(self) -> None:
        """Raise ValueError if the body is incomplete."""
        if not (self._isEmpty or self._inflater.eof):
            raise ValueError("the compressed body is incomplete")

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
