"""The text that `db_dump` and `gdbm_dump` make of a dbm file, as the pairs that were in it.

Example usage::

    for key, value in pairsOfText(open("greylisted.txt", "rb")):
        ...

How does it work?

Of `db_dump`, a line that begins with a space is a key or a value, in turns: with -p as it
is but for `\\\\` and two hexadecimal digits after a backslash, else all in such digits. Of
`gdbm_dump`, what follows a line `#:len=` up to the next one with # is one, in base 64.
Where a line is damaged there is an empty text, so that the turns are kept.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from itertools import groupby

ESCAPE = re.compile(rb"\\(\\|[0-9a-fA-F]{2})")


def isText(start: bytes) -> bool:
    """Whether a file that starts so is one of these texts."""
    return start.startswith((b"VERSION=", b"# GDBM dump file"))


def pairsOfText(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The pairs of key and value."""
    source = iter(lines)
    first = next(source, b"")
    parts = _partsOfBerkeley(source) if first.startswith(b"VERSION=") else _partsOfGnu(source)
    for key in parts:
        yield key, next(parts, b"")


def _partsOfBerkeley(lines: Iterator[bytes]) -> Iterator[bytes]:
    isPlain = False
    for line in lines:
        if line.startswith(b" "):
            text = line[1:].rstrip(b"\n")
            yield ESCAPE.sub(_unescape, text) if isPlain else _fromHex(text)
        elif line.startswith(b"format="):
            isPlain = line.startswith(b"format=print")


def _unescape(found: re.Match[bytes]) -> bytes:
    return b"\\" if found[1] == b"\\" else bytes.fromhex(found[1].decode())


def _fromHex(text: bytes) -> bytes:
    try:
        return binascii.unhexlify(text)
    except binascii.Error:
        return b""


def _partsOfGnu(lines: Iterator[bytes]) -> Iterator[bytes]:
    follows = False
    for isComment, group in groupby(lines, lambda line: line.startswith(b"#")):
        if isComment:
            follows = list(group)[-1].startswith(b"#:len=")
        elif follows:
            yield _fromBase64(b"".join(group))


def _fromBase64(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""
