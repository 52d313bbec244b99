"""Text that is safe to show: characters that a terminal or a log must not receive are escaped.

Example usage::

    >>> printable("first\\nsecond \\x1b[31m")
    'first\\\\nsecond \\\\x1b[31m'
"""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` with an escape sequence in place of each character that is not printable."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
