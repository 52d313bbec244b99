"""The lines of an SMTP client: their ends, faults and words (RFC 5321 section 2.3.8).

A line ends at CRLF, however the network splits it. The first fault of a line determines the
reply, so the reply does not depend on the pieces.
"""

from __future__ import annotations

import re
from typing import Final

from Kamaelia.Support.Protocol.SMTP.Reply import Reply

# RFC 5321 section 4.5.3.1.4, with CRLF. Parameters make MAIL and RCPT longer (section 4.1.1.11,
# RFC 1870, RFC 3461, RFC 6531).
LONGEST_LINE: Final = 512
LONGEST_LINE_WITH_PARAMETERS: Final = 4096
VERBS_WITH_PARAMETERS: Final = (b"MAIL", b"RCPT")

# To look for a number in bytes takes a tenth of the time that a string of one byte takes.
CR: Final = 0x0D
LF: Final = 0x0A
NUL: Final = 0x00

LINE: Final = re.compile(rb"[^\r\n\0]{0,%d}" % LONGEST_LINE_WITH_PARAMETERS)

# A quoted string is one word; one without an end contains the rest. The possessive quantifier
# keeps the search linear for hostile input.
WORD: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*+(?:"|\\?$)|[^ "])+')

TOO_LONG: Final = Reply(500, "5.5.2 Line too long", isMistake=True)
BAD_LINE: Final = Reply(
    500, "5.5.2 A line ends with CRLF, and has no CR, LF or NUL within", isMistake=True
)


def lineAt(data: bytes, start: int, mayEndWithLF: bool = False) -> tuple[bytes | Reply | None, int]:
    """Return the line that starts at `start`, and where the next one starts.

    Instead of the line, return None if its end has not arrived yet, and a Reply if it is
    malformed. mayEndWithLF: a bare LF ends a line, too.
    """
    end = len(data) - 2
    isWhole = 0 <= end - start <= LONGEST_LINE - 2 and data.endswith(b"\r\n")
    if not isWhole or LF in data[start:end]:  # mostly it is one line, and needs no slow search
        end = data.find(b"\r\n", start, start + LONGEST_LINE)
    if end >= 0:
        line = data[start:end]
        if CR not in line and LF not in line and NUL not in line:
            return line, end + 2
    return _unusualLineAt(data, start, mayEndWithLF)


def _unusualLineAt(data: bytes, start: int, mayEndWithLF: bool) -> tuple[bytes | Reply | None, int]:
    """Return the same as lineAt(), also for a line that is long, incomplete or malformed."""
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
    """Return the beginning of a faulty line: up to its first CR, LF or NUL, at most 512 octets."""
    return LINE.match(data, start, start + LONGEST_LINE)[0]  # type: ignore[index]


def longestLine(verb: bytes) -> int:
    """Return the maximum length of a line with this verb."""
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
    words = text.split(" ")
    return [word for word in words if word] if "" in words else words


def commandOf(line: bytes) -> tuple[str, list[str]]:
    """Return the verb of a line in capitals, or "" if there is none, and all words.

    A verb with letters that are not ASCII is none, even if its capitals are ASCII.
    """
    words = wordsOf(line)
    verb = words[0] if words else ""
    return verb.upper() if verb.isascii() else "", words
