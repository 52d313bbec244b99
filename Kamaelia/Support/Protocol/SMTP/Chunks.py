"""The text of a mail that arrives by BDAT: chunks of a declared size (RFC 3030, CHUNKING).

Example usage::

    text = ChunkScanner(limit=1000)
    passOn(text.take(b"Subject: one\\r\\n\\r\\n.He", isLast=False))
    passOn(text.take(b"llo\\r\\n", isLast=True))
    assert text.hasEnded and text.refusal() is None

How does it work?

What is passed on is the same text as DATA sends it: a dot is added to each line that begins
with one, and CRLF to a last line without it (RFC 5321 sections 4.5.2 and 4.1.1.4). So the real
server needs no CHUNKING, and nothing in a chunk can end a mail there. The rules for line ends
are those of TextScanner: a text with a bare CR, a bare LF or a NUL is refused as a whole. A
chunk may be cut within CRLF, so a CR at its end is held back until the next chunk.
"""

from __future__ import annotations

import re
from typing import Final

from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SMTP.TextScanner import TextJudge, lineEndsOf

# RFC 3030 section 2 has no limit. RFC 1870 section 4 limits the size of a mail to 20 digits.
CHUNK: Final = re.compile(r"([0-9]{1,20})( LAST)?", re.ASCII | re.IGNORECASE)

# These replies close the connection, even if a mistake does not: it is unknown how many of the
# following octets are commands.
BAD_CHUNK: Final = Reply(501, "5.5.4 Syntax: BDAT octets [LAST]", closes=True)
CHUNKS_FIRST: Final = Reply(503, "5.5.1 Send the last chunk or RSET first", isMistake=True)
CHUNK_TAKEN: Final = Reply(250, "2.0.0 Chunk received")

# Commands that would begin another text or change the envelope of the mail whose chunks arrive.
NOT_BETWEEN_CHUNKS: Final = frozenset({"MAIL", "RCPT", "DATA", "STARTTLS"})


class Chunk:
    """Chunk(octets, isLast): a chunk of which `left` octets have not been taken."""

    __slots__ = ("isLast", "isTaken", "left")

    def __init__(self, octets: int, isLast: bool) -> None:
        self.left = octets
        self.isLast = isLast
        self.isTaken = False


def readChunk(words: list[str]) -> Chunk | None:
    """Return the chunk that a line of BDAT announces, or None if the line is malformed."""
    found = CHUNK.fullmatch(" ".join(words[1:]))
    return None if found is None else Chunk(int(found[1]), found[2] is not None)


class ChunkScanner(TextJudge):
    """ChunkScanner(limit, normalizes=False): takes the octets of chunks, returns text for DATA.

    `size` is the number of octets in all chunks. normalizes: a bare LF becomes CRLF.
    """

    __slots__ = ("_held", "_isLineStart")

    isChunked = True

    def __init__(self, limit: float = float("inf"), normalizes: bool = False) -> None:
        super().__init__(limit, AnyLineFeed() if normalizes else None)
        self._held = b""  # a CR
        self._isLineStart = True  # after CRLF, in what was passed on

    def take(self, data: bytes, isLast: bool) -> bytes:
        """Return the octets to pass on now. isLast: no more octets follow.

        Return nothing once the text has to be refused.
        """
        text = self._held + data
        self.hasEnded = isLast
        self._held = b"\r" if text.endswith(b"\r") and not isLast else b""
        text = self.judge(text[:-1] if self._held else text)
        return b"" if self.isBare or self.isTooBig else self._stuffed(text)

    def _stuffed(self, text: bytes) -> bytes:
        """Return the text as DATA sends it."""
        if self._isLineStart and text.startswith(b"."):
            text = b"." + text
        text = text.replace(b"\r\n.", b"\r\n..")
        if text:
            self._isLineStart = text.endswith(b"\r\n")
        return text if self._isLineStart or not self.hasEnded else text + b"\r\n"


class AnyLineFeed:
    """AnyLineFeed() -> replaces each bare LF of a text by CRLF, before dots are added."""

    __slots__ = ()

    def take(self, text: bytes) -> bytes | None:
        """Return the text with whole line ends, or None if it has a bare CR."""
        ends = lineEndsOf(text)
        if "\r" in ends:
            return None
        return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") if "\n" in ends else text
