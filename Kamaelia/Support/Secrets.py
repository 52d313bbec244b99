"""Removes the credentials of URLs from text. All output passes through it.

Example usage::

    >>> withoutCredentials("the store redis://ann:secret@redis.example.org/0 is down")
    'the store redis://...@redis.example.org/0 is down'

How does it work?

User and password are between // and the last @ before a space or a quotation mark, because an
unescaped password may contain any other character. redis-py also accepts them in the query.
"""

from __future__ import annotations

import re

USER_INFO = re.compile(r"(?<=://)[^\s'\"]*@")
QUERY = re.compile(r"(?<=[?&])(username|password)=[^&\s'\"]*", re.IGNORECASE)


def withoutCredentials(text: str) -> str:
    """Return `text` with ... in place of the user and password of each URL."""
    if "://" not in text:
        return text
    return QUERY.sub(r"\1=...", USER_INFO.sub("...@", text))
