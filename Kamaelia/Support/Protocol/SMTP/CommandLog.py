"""The lines that an SMTP client has sent, bounded in number and in octets.

Example usage::

    >>> log = CommandLog(mostLines=6, mostOctets=1000)
    >>> for verb in [b"EHLO a", b"NOOP", b"NOOP", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>", b"NOOP"]:
    ...     log.add(verb)
    >>> log.add(b"NOOP")
    >>> log.lines
    ['EHLO a\\r\\n', 'MAIL FROM:<a@b>\\r\\n', 'RCPT TO:<c@d>\\r\\n', 'NOOP\\r\\n']

How does it work?

When it is full, it drops what no replay of the mail in progress needs: all but the last
HELO or EHLO, the last MAIL and the lines RCPT after it. If these alone fill more than half
of it, the oldest are dropped until half is free, so that adding a line stays cheap.

Most logs are never read, so a line becomes text only when `lines` is read or when it is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from Kamaelia.Support.Protocol.SMTP.Line import wordsOf

MOST_LINES: Final = 5000
MOST_OCTETS_OF_LINE: Final = 4 * 4098  # Line.LONGEST_LINE_WITH_PARAMETERS, its end: see octetsOf
MOST_OCTETS: Final = 256 * 1024  # a thousand recipients with paths of 256 octets

HELLO: Final = ("HELO", "EHLO")


class CommandLog:
    """CommandLog(mostLines, mostOctets): takes lines, and keeps the last ones and what is needed.

    octets: of the lines that have been counted, which happens only when the log may be full.
    """

    __slots__ = ("_counted", "_lines", "_new", "_room", "mostLines", "mostOctets", "octets")

    def __init__(self, mostLines: int = MOST_LINES, mostOctets: int = MOST_OCTETS) -> None:
        self.mostLines = mostLines
        self.mostOctets = mostOctets
        self.octets = self._counted = 0
        self._room = min(mostLines, mostOctets // MOST_OCTETS_OF_LINE)  # for lines of any length
        self._lines: list[str] = []
        self._new: list[bytes] = []  # what is not in `_lines` yet

    def add(self, line: bytes) -> None:
        """Append a line, which is given without its end."""
        if self._room == 0:
            self._makeRoom(line)
        self._room -= 1
        self._new.append(line)

    @property
    def lines(self) -> list[str]:
        """The lines with their ends, the oldest first: one space between words, as in a replay."""
        if self._new:
            self._lines += map(textOf, self._new)
            self._new = []
        return self._lines

    @lines.setter
    def lines(self, lines: list[str]) -> None:
        self._lines, self._new = lines, []
        self.octets = self._counted = self._room = 0

    def _makeRoom(self, line: bytes) -> None:
        """Shorten the log if `line` does not fit. Note how many lines fit, however long."""
        lines = self.lines
        self.octets += sum(map(octetsOf, lines[self._counted :]))
        if len(lines) >= self.mostLines or self.octets + octetsOf(textOf(line)) > self.mostOctets:
            self._shorten(lines)
        self._counted = len(lines)
        free = (self.mostOctets - self.octets) // MOST_OCTETS_OF_LINE
        self._room = min(self.mostLines - self._counted, max(free, 1))

    def _shorten(self, lines: list[str]) -> None:
        lines[:] = _needed(lines)
        self.octets = sum(map(octetsOf, lines))
        dropped = 0
        while len(lines) - dropped > self.mostLines // 2 or self.octets > self.mostOctets // 2:
            self.octets -= octetsOf(lines[dropped])
            dropped += 1
        del lines[:dropped]


def textOf(line: bytes) -> str:
    """Return a line as it is replayed."""
    return " ".join(wordsOf(line)) + "\r\n"


def octetsOf(line: str) -> int:
    """Return the octets of memory that the characters of a line take, at most."""
    return len(line) if line.isascii() else 4 * len(line)


def _needed(lines: list[str]) -> Iterator[str]:
    """Yield the lines that lead to where the session is: hello, then the mail in progress."""
    verbs = [line[:4].upper() for line in lines]
    hello = max((i for i, verb in enumerate(verbs) if verb in HELLO), default=-1)
    mail = max((i for i, verb in enumerate(verbs) if verb == "MAIL"), default=len(lines))
    for index, (verb, line) in enumerate(zip(verbs, lines, strict=True)):
        if index in (hello, mail) or (index > mail and verb == "RCPT"):
            yield line
