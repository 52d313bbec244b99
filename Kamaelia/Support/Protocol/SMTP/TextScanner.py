"""A scanner for the text of a mail: its end, and whether it may be passed on (RFC 5321 4.1.1.4).

Example usage::

    text = TextScanner(limit=1000)
    passOn(text.take(b"Subject: one\\r\\n\\r\\nHello\\r\\n."))
    passOn(text.take(b"\\r\\nQUIT\\r\\n"))
    assert text.hasEnded and text.refusal() is None and text.rest == b"QUIT\\r\\n"

How does it work?

The end is CRLF . CRLF and nothing else. Servers that disagree about that can be made to
see two mails instead of one. Therefore a text with a bare CR, a bare LF or a NUL is
refused as a whole, after its end. For trusted clients a bare LF may become CRLF instead;
then the result must not contain the end of a text, or it is refused like the others.
A chunk is searched and counted in bulk, never line by line, and is passed on as the same
object. Only one or two octets at the end of a chunk are held back, if they may be part of
the end of the text or half of a CRLF: the real server never receives a dot before its
meaning is known. Stuffed dots stay. The caller sends END to the real server.
"""

from __future__ import annotations

from io import IncrementalNewlineDecoder
from typing import Final, Protocol

from Kamaelia.Support.Protocol.SMTP.Line import NUL
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

END: Final = b".\r\n"
CRLF_END: Final = b"\r\n.\r\n"

BARE: Final = Reply(550, "5.5.2 A bare CR, a bare LF or a NUL in the text: refused", closes=True)
TOO_BIG: Final = Reply(552, "5.3.4 The mail is too big")


class Normalizer(Protocol):
    """Makes the line ends of a text whole."""

    def take(self, text: bytes) -> bytes | None:
        """Return the text with whole line ends, or None if it has to be refused."""


class TextJudge:
    """TextJudge(limit, normalizer=None): counts the octets of a text, and may refuse it.

    `size` is the number of octets that arrived; `isEightBit` is true if one of them was not
    ASCII. isTooBig: it exceeds the limit. hasEnded: the text is complete. isChunked: it arrives by
    BDAT, not by DATA.
    """

    __slots__ = ("_normalizer", "hasEnded", "isBare", "isEightBit", "isTooBig", "limit", "size")

    isChunked = False

    def __init__(self, limit: float, normalizer: Normalizer | None = None) -> None:
        self.limit = limit
        self.size = 0
        self.isEightBit = False
        self.isBare = False
        self.isTooBig = False
        self.hasEnded = False
        self._normalizer = normalizer

    def refusal(self) -> Reply | None:
        """Return the refusal of the text, or None if it may be accepted."""
        if self.isBare:
            return BARE
        return TOO_BIG if self.isTooBig else None

    def judge(self, text: bytes) -> bytes:
        """Count the octets, look for forbidden ones, and return what may be passed on.

        No CRLF is split at either end of `text`.
        """
        self.size += len(text)
        self.isTooBig = self.size > self.limit
        if not self.isEightBit:
            self.isEightBit = not text.isascii()
        if self.isBare:
            return b""
        if NUL in text:
            self.isBare = True
        elif self._normalizer is not None:
            normalized = self._normalizer.take(text)
            self.isBare = normalized is None
            return normalized or b""
        else:
            self.isBare = not lineEndsOf(text) <= WHOLE
        return text


class TextScanner(TextJudge):
    """TextScanner(limit, normalizes=False): takes chunks, returns the text that may be passed on.

    `size` does not count END. normalizes: a bare LF becomes CRLF.
    """

    __slots__ = ("_atLineStart", "_held", "_isLineStart", "rest")

    def __init__(self, limit: float = float("inf"), normalizes: bool = False) -> None:
        super().__init__(limit, LineFeedNormalizer() if normalizes else None)
        self.rest = b""
        self._held = b""
        self._atLineStart = True  # after CRLF
        self._isLineStart = True  # after CRLF or a bare LF

    def take(self, chunk: bytes) -> bytes:
        """Return the octets to pass on now: the chunk itself, if all of it is text.

        Return nothing once the text has to be refused. `rest` contains what follows the end.
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
            self._atLineStart = text.endswith(b"\r\n")
            self._isLineStart = text.endswith(b"\n")
            text = self.judge(text)
        return b"" if self.isBare or self.isTooBig else text

    def _findEnd(self, data: bytes) -> int:
        if self._atLineStart and data.startswith(END):
            return 0
        found = data.find(CRLF_END)
        return found + 2 if found >= 0 else -1

    def _undecided(self, data: bytes) -> int:
        """Return how many of the last octets may be text or its end, depending on the next."""
        tail = data[-3:]
        if not tail.endswith((b"\r", b".")):
            return 0
        if tail == b"\n.\r" or (self._isLineStart and data == b".\r"):
            return 2
        if tail.endswith((b"\n.", b"\r")) or (self._isLineStart and data == b"."):
            return 1
        return 0


class LineFeedNormalizer:
    """LineFeedNormalizer() -> replaces each bare LF of a text by CRLF."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = b"\r\n"  # of what was returned: enough to find an end across two pieces

    def take(self, text: bytes) -> bytes | None:
        """Return the piece with whole line ends, or None if the text has to be refused.

        It is refused for a bare CR, and for a line with a single dot: the real server would
        take that for the end of the text. No CRLF may be cut at either end of a piece.
        """
        ends = lineEndsOf(text)
        if "\r" in ends:
            return None
        if "\n" in ends:
            text = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        sent = self._last + text
        if CRLF_END in sent:
            return None
        self._last = sent[1 - len(CRLF_END) :]
        return text


def lineEndsOf(text: bytes) -> frozenset[str]:
    """Return the kinds of line ends in `text`: of CR, LF and CRLF.

    The standard library's decoder of newlines notes the kinds in one pass, four times as fast
    as counting CR, LF and CRLF.
    """
    decoder = IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(str(text, "latin-1"), final=True)
    return LINE_ENDS[decoder.newlines]


WHOLE: Final = frozenset({"\r\n"})  # every CR is followed by LF, and every LF preceded by CR
LINE_ENDS: Final[dict[object, frozenset[str]]] = {
    None: frozenset(),
    **{kind: frozenset({kind}) for kind in ("\r", "\n", "\r\n")},
    **{
        kinds: frozenset(kinds)
        for kinds in (("\r", "\n"), ("\r", "\r\n"), ("\n", "\r\n"), ("\r", "\n", "\r\n"))
    },
}
