"""The lines that an SMTP client has sent, bounded in number and in octets.

Example usage::

    >>> log = CommandLog(mostLines=6, mostOctets=1000)
    >>> lines = ["EHLO a", "NOOP", "NOOP", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "NOOP", "NOOP"]
    >>> for line in lines:
    ...     log.add(line.split())
    >>> log
    ['EHLO a\\r\\n', 'MAIL FROM:<a@b>\\r\\n', 'RCPT TO:<c@d>\\r\\n', 'NOOP\\r\\n']

How does it work?

When it is full, it drops what no replay of the mail in progress needs: all but the last
HELO or EHLO, the last MAIL and the lines RCPT after it. If these alone fill more than half
of it, the oldest are dropped until half is free, so that adding a line stays cheap.
"""

from __future__ import annotations

from collections.abc import Iterator

MOST_LINES = 5000
MOST_OCTETS_OF_LINE = 4 * 4098  # Line.LONGEST_LINE_WITH_PARAMETERS and its end: see octetsOf
MOST_OCTETS = 256 * 1024  # a thousand recipients with paths of 256 octets

HELLO = ("HELO", "EHLO")


class CommandLog(list[str]):
    """CommandLog(mostLines, mostOctets) -> a list of lines, the oldest first.

    octets: of the lines that have been counted, which happens only when the log may be full.
    """

    __slots__ = ("_counted", "_mayHold", "mostLines", "mostOctets", "octets")

    def __init__(self, mostLines: int = MOST_LINES, mostOctets: int = MOST_OCTETS) -> None:
        self.mostLines = mostLines
        self.mostOctets = mostOctets
        self.octets = self._counted = 0
        self._mayHold = min(mostLines, mostOctets // MOST_OCTETS_OF_LINE)

    def add(self, words: list[str]) -> None:
        """Append the line of these words."""
        line = " ".join(words) + "\r\n"
        if len(self) >= self._mayHold:
            self._makeRoom(line)
        self.append(line)

    def _makeRoom(self, line: str) -> None:
        """Shorten the log if `line` does not fit. Note how many lines fit, however long."""
        self.octets += sum(map(octetsOf, self[self._counted :]))
        if len(self) >= self.mostLines or self.octets + octetsOf(line) > self.mostOctets:
            self._shorten()
        self._counted = len(self)
        free = (self.mostOctets - self.octets) // MOST_OCTETS_OF_LINE
        self._mayHold = min(self.mostLines, self._counted + max(free, 1))

    def _shorten(self) -> None:
        self[:] = _needed(self)
        self.octets = sum(map(octetsOf, self))
        dropped = 0
        while len(self) - dropped > self.mostLines // 2 or self.octets > self.mostOctets // 2:
            self.octets -= octetsOf(self[dropped])
            dropped += 1
        del self[:dropped]


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
