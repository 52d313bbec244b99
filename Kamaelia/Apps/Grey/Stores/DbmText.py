"""Parses the text that `db_dump` and `gdbm_dump` print, into pairs of key and value.

Example usage::

    for key, value in pairsOfText(open("greylisted.txt", "rb")):
        ...

How does it work?

In the output of `db_dump`, lines that begin with a space are keys and values in turn. With -p
they are plain text with the escapes `\\\\` and a backslash with two hexadecimal digits; without
it they are hexadecimal. In the output of `gdbm_dump`, the lines after `#:len=` up to the next
line with # are a key or value in base 64. A damaged line becomes an empty text, so that keys
and values still alternate.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from itertools import groupby

ESCAPE = re.compile(rb"\\(\\|[0-9a-fA-F]{2})")


def isText(start: bytes) -> bool:
    """Return whether a file with these first bytes is such a text."""
    return start.startswith((b"VERSION=", b"# GDBM dump file"))


def pairsOfText(lines: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the pairs of key and value."""
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
