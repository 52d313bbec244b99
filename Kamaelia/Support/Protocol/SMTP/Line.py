"""The lines of an SMTP client: their ends, faults and words (RFC 5321 section 2.3.8).

A line is what CRLF ends, however the network cut it. The first thing that is
wrong with a line decides, so that the answer does not depend on the cuts.
"""

from __future__ import annotations

import re

from Kamaelia.Support.Protocol.SMTP.Reply import Reply

# RFC 5321 section 4.5.3.1.4, CRLF included; MAIL and RCPT are longer with parameters:
# sections 4.1.1.11, RFC 1870, RFC 3461, RFC 6531 each add some.
LONGEST_LINE = 512
LONGEST_LINE_WITH_PARAMETERS = 4096
VERBS_WITH_PARAMETERS = (b"MAIL", b"RCPT")

LINE = re.compile(rb"[^\r\n\0]{0,%d}" % LONGEST_LINE_WITH_PARAMETERS)

# A quoted string is one word whatever is in it; one that does not end takes the rest. The
# possessive repeat keeps the search linear, whatever a stranger writes.
WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*+(?:"|\\?$)|[^ "])+')

TOO_LONG = Reply(500, "5.5.2 Line too long", isMistake=True)
BAD_LINE = Reply(
    500, "5.5.2 A line ends with CRLF, and has no CR, LF or NUL within", isMistake=True
)


def lineAt(data: bytes, start: int, mayEndWithLF: bool = False) -> tuple[bytes | Reply | None, int]:
    """Return the line that starts at `start`, and where the next one starts.

    Instead of the line, return None if its end has not arrived yet, and a Reply if it is
    malformed. mayEndWithLF: a bare LF ends a line, too.
    """
    end = LINE.match(data, start).end()  # type: ignore[union-attr]
    length = end - start + 2
    if length > LONGEST_LINE and length > longestLine(data[start : start + 4]):
        return TOO_LONG, start
    after = data[end : end + 2]
    if after == b"\r\n":
        return data[start:end], end + 2
    if mayEndWithLF and after[:1] == b"\n":
        return data[start:end], end + 1
    return (None if after in (b"", b"\r") else BAD_LINE), start


def firstOf(data: bytes, start: int) -> bytes:
    """Return how a faulty line begins there: up to its first CR, LF or NUL, 512 octets at most."""
    return LINE.match(data, start, start + LONGEST_LINE)[0]  # type: ignore[index]


def longestLine(verb: bytes) -> int:
    """How long a line may be that begins so."""
    return LONGEST_LINE_WITH_PARAMETERS if verb.upper() in VERBS_WITH_PARAMETERS else LONGEST_LINE


def wordsOf(line: bytes) -> list[str]:
    """Return the words of a line as text.

    Only a space separates words: a tab or any other control character stays part of its
    word, except for white space at the end of the line (RFC 5321 section 4.1.1).
    Octets that are not UTF-8 become lone surrogates, which no address may contain.
    """
    text = line.decode("utf-8", "surrogateescape").rstrip(" \t")
    if '"' in text:
        return WORD.findall(text)
    return [word for word in text.split(" ") if word]


def verbOf(words: list[str]) -> str:
    """The verb in capitals; empty when there is none.

    Letters that only become ASCII as capitals are no letters.
    """
    verb = words[0] if words else ""
    return verb.upper() if verb.isascii() else ""
