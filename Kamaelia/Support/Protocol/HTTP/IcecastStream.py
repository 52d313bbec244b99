"""A radio stream with metadata among the sound: the two, separated.

Example usage
-------------
    stream = IcecastStream(interval=16000)
    for part in stream.receive(data):
        ...                                 # bytes: sound; a dict: metadata

How does it work?
-----------------
A server that is asked for metadata (icy-metadata: 1) announces an interval (icy-metaint). After
each interval, in bytes, comes one byte, a length in units of 16 bytes, and metadata of that length:
"StreamTitle='singer, title';StreamUrl='...';", filled up with NULs. The length is mostly 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

UNIT = 16  # bytes, in which the length of metadata counts

NAME = re.compile(r"(?<![^=;\s])([^=;\s]++)=")  # "++": a run is not divided in several ways
# The quote at the end of a value: the next pair or the end of the text follows, because titles
# contain quotes.
QUOTE = re.compile(r"'\s*+(?:;(?=\s*+[^=;\s]++=)|;?\s*+\Z)")


class IcecastStream:
    """IcecastStream(interval): separates one stream. interval: in bytes; 0: no metadata."""

    def __init__(self, interval: int = 0) -> None:
        self._interval = interval
        self._left = interval  # bytes of sound before the next metadata
        self._metadata = bytearray()  # with its length; incomplete

    def receive(self, data: bytes) -> Iterator[bytes | dict[str, str]]:
        """Generate the parts that `data` completes: sound as bytes, metadata as a dict."""
        if self._interval <= 0:
            if data:
                yield data
            return
        start = 0
        while start < len(data):
            if self._left:
                sound = data[start : start + self._left]
                self._left -= len(sound)
                start += len(sound)
                yield sound
            else:
                needed = self._needed()
                self._metadata += data[start : start + needed]
                start += needed
                if self._needed() == 0:
                    if text := self._takeMetadata():
                        yield parseMetadata(text)
                    self._left = self._interval

    def _needed(self) -> int:
        """Return how many bytes of metadata are missing, as far as that is known."""
        if not self._metadata:
            return 1
        return 1 + self._metadata[0] * UNIT - len(self._metadata)

    def _takeMetadata(self) -> str:
        text = decoded(bytes(self._metadata[1:]))
        self._metadata.clear()
        return text


def decoded(metadata: bytes) -> str:
    """Return metadata as text, without the NULs at its end. Old servers do not use UTF-8."""
    data = metadata.rstrip(b"\0")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parseMetadata(text: str) -> dict[str, str]:
    """Return the values in metadata by name. Nothing is searched twice."""
    values: dict[str, str] = {}
    end, mayBeQuoted = 0, True
    while name := NAME.search(text, end):
        begin = name.end()
        if mayBeQuoted and text.startswith("'", begin):
            if quote := QUOTE.search(text, begin + 1):
                values[name[1]] = text[begin + 1 : quote.start()]
                end = quote.end()
                continue
            mayBeQuoted = False
        end = text.find(";", begin)
        if end < 0:
            end = len(text)
        values[name[1]] = text[begin:end]
    return values
