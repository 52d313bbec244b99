"""Lines in a stream of text or bytes that arrives in pieces of any length.

Example usage
-------------
    lines = LineBuffer(b"\\n", limit=1000)
    lines.feed(b"GET / HT")             # []
    lines.feed(b"TP/1.1\\r\\nHos")        # [b"GET / HTTP/1.1\\r\\n"]
    lines.takeRest()                    # b"Hos"

How does it work?
-----------------
The pieces of an incomplete line are kept, and are joined once, when the line is complete. Of a
line that is longer than the limit only the beginning is kept.
"""

from __future__ import annotations

from typing import Any, AnyStr, Generic, NamedTuple

__all__ = ["LineBuffer", "LongLine"]


class LongLine(NamedTuple, Generic[AnyStr]):
    """A line that is too long, of which the rest was discarded."""

    beginning: AnyStr  # as many characters or bytes as the limit


class LineBuffer(Generic[AnyStr]):
    """LineBuffer(end[, limit]): collects lines that end with `end`.

    end: one character or byte, "\\n" or b"\\n". limit: the greatest length of a line without
    its end, in characters or bytes; None for no limit. Raises ValueError if it is less than 1.
    """

    def __init__(self, end: AnyStr, limit: int | None = None) -> None:
        if limit is not None and limit < 1:
            raise ValueError(f"the limit of a line must be at least 1, not {limit!r}")
        self._end: Any = end
        self._limit = limit
        self._pieces: list[Any] = []
        self._length = 0  # of the incomplete line, including what was discarded

    def feed(self, data: AnyStr) -> list[AnyStr | LongLine[AnyStr]]:
        """Return the lines that `data` completes, with their ends, or LongLine for a long one."""
        *complete, rest = data.split(self._end)
        lines = [self._completed(piece) for piece in complete]
        self._keep(rest)
        return lines

    def takeRest(self) -> AnyStr | LongLine[AnyStr]:
        """Return the incomplete line, which may be empty, and forget it."""
        self._keep(self._end[:0])
        line: AnyStr = self._end[:0].join(self._pieces)
        isLong = self._limit is not None and self._length > self._limit
        self._pieces, self._length = [], 0
        return LongLine(line) if isLong else line

    def _completed(self, piece: Any) -> Any:
        if not self._length and (self._limit is None or len(piece) <= self._limit):
            return piece + self._end  # the most common line: all of it is in one piece
        self._keep(piece)
        line = self.takeRest()
        return line if isinstance(line, LongLine) else line + self._end

    def _keep(self, piece: Any) -> None:
        room = len(piece) if self._limit is None else max(0, self._limit - self._length)
        self._length += len(piece)
        if kept := piece[:room]:
            self._pieces.append(kept)
