"""Text without the credentials of the URLs in it: what all output is passed through.

Example usage::

    >>> withoutCredentials("the store redis://ann:secret@redis.example.org/0 is down")
    'the store redis://...@redis.example.org/0 is down'

How does it work?

User and password stand between // and the last @ before a space or a quotation mark: a
password that should have been escaped may have any other character in it. redis-py also
takes them from the query of a URL.
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
