"""Lines of a limited length, from pieces of any size.

Example usage
-------------
    lines = LineBuffer(512)
    for piece in pieces:
        for line in lines.feed(piece): ...  # bytes without the line end, or an IRCError

How does it work?
-----------------
A line ends with CR LF, LF or CR; empty lines are dropped. Of a line that is too long only its
beginning is kept, for the error that takes its place; the rest of it is dropped as it arrives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from Kamaelia.Support.Protocol.IRC.Message import LONGEST_LINE, IRCError

__all__ = ["LineBuffer"]

END = re.compile(rb"[\r\n]")


class LineBuffer:
    """LineBuffer(longest): the lines in a stream; `longest` is the most bytes of a line."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self.longest = longest
        self._kept = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes | IRCError]:
        """Generate each line that `data` completes, or an IRCError for a line that is too long."""
        *complete, last = END.split(data)
        for part in complete:
            self._keep(part)
            if self._kept:
                yield self._line()
                self._kept.clear()
        self._keep(last)

    def _keep(self, part: bytes) -> None:
        self._kept += part[: self.longest + 1 - len(self._kept)]

    def _line(self) -> bytes | IRCError:
        if len(self._kept) <= self.longest:
            return bytes(self._kept)
        begin = bytes(self._kept[:50])
        return IRCError(f"a line is longer than {self.longest} bytes: {begin!r}")
