"""The text of a mail: where it ends, and whether it may be passed on (RFC 5321 4.1.1.4).

Example usage::

    text = Text(limit=1000)
    passOn(text.take(b"Subject: one\\r\\n\\r\\nHello\\r\\n."))
    passOn(text.take(b"\\r\\nQUIT\\r\\n"))
    assert text.hasEnded and text.refusal() is None and text.rest == b"QUIT\\r\\n"

How does it work?

The end is CRLF . CRLF and nothing else. Servers that disagree about that can
be made to see two mails where there was one, so that a text with a bare CR, a
bare LF or a NUL is refused as a whole, after its end. A chunk is searched and
counted in bulk, never line by line, and is passed on as the object that it
is. Held back are only the one or two octets at the end of a chunk which may
turn out to be the end of the text, or half of a CRLF: the real server never
sees a dot before it is known what the dot means. Nothing is changed, and the
stuffed dots stay; END goes out behind the text once somebody has taken it.
"""

from __future__ import annotations

from io import IncrementalNewlineDecoder

from Kamaelia.Support.Protocol.SMTPReply import Reply

END = b".\r\n"
CRLF_END = b"\r\n.\r\n"

BARE = Reply(550, "5.5.2 A bare CR, a bare LF or a NUL in the text: refused", closes=True)
TOO_BIG = Reply(552, "5.3.4 The mail is too big")


class Text:
    """Text(limit) -> takes chunks, gives back those octets that are text and may be passed on.

    `size` counts the octets of the text as they came, END not included;
    `isEightBit` says whether one of them was not ASCII.
    """

    __slots__ = (
        "_atLineStart",
        "_held",
        "hasEnded",
        "isBare",
        "isEightBit",
        "limit",
        "rest",
        "size",
    )

    def __init__(self, limit: float = float("inf")) -> None:
        self.limit = limit
        self.size = 0
        self.isEightBit = False
        self.isBare = False
        self.hasEnded = False
        self.rest = b""
        self._held = b""
        self._atLineStart = True

    @property
    def isTooBig(self) -> bool:
        """It has become bigger than the limit."""
        return self.size > self.limit

    def refusal(self) -> Reply | None:
        """Why the text is not to be taken, whoever would take it; None when it may be."""
        if self.isBare:
            return BARE
        return TOO_BIG if self.isTooBig else None

    def take(self, chunk: bytes) -> bytes:
        """The octets to pass on now: the chunk itself, if all of it is text.

        They are empty once the text is to be refused. What follows the end is left in `rest`.
        """
        data = self._held + chunk if self._held else chunk
        end = self._findEnd(data)
        if end >= 0:
            self.hasEnded = True
            self.rest = data[end + len(END) :]
            self._held = b""
        else:
            end = len(data) - self._undecided(data)
            self._held = data[end:]
        text = data if end == len(data) else data[:end]
        if text:
            self._judge(text)
        return b"" if self.isBare or self.isTooBig else text

    def _findEnd(self, data: bytes) -> int:
        if self._atLineStart and data.startswith(END):
            return 0
        found = data.find(CRLF_END)
        return found + 2 if found >= 0 else -1

    def _undecided(self, data: bytes) -> int:
        """How many of the last octets may be text or its end, depending on what comes next."""
        tail = data[-4:]
        if not tail.endswith((b"\r", b".")):
            return 0
        if tail.endswith(b"\r\n.\r") or (self._atLineStart and data == b".\r"):
            return 2
        if tail.endswith((b"\r\n.", b"\r")) or (self._atLineStart and data == b"."):
            return 1
        return 0

    def _judge(self, text: bytes) -> None:
        """Count, and look for what makes it all bad. No CRLF is cut at either end of it."""
        self.size += len(text)
        self._atLineStart = text.endswith(b"\r\n")
        if not self.isBare:
            self.isBare = b"\0" in text or not hasWholeLineEnds(text)
        if not self.isEightBit:
            self.isEightBit = not text.isascii()


def hasWholeLineEnds(text: bytes) -> bool:
    """Every CR in it has its LF, and every LF its CR.

    The standard library's decoder of newlines notes which kinds it has met,
    in one pass: four times as fast as counting CR, LF and CRLF.
    """
    decoder = IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(str(text, "latin-1"), final=True)
    return decoder.newlines in (None, "\r\n")
