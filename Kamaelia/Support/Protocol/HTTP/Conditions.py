"""Conditional requests: RFC 9110, section 13.

Example usage
-------------
    statusOfCondition("GET", {"if-none-match": '"a"'}, etag='"a"', modified=0.0)      # 304
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from Kamaelia.Support.Protocol.HTTP.Dates import parseDate

_TAG = re.compile(r'(?:W/)?"[^"]*"')

Headers = Mapping[str, str]


def statusOfCondition(method: str, headers: Headers, etag: str, modified: float) -> int | None:
    """Return 304 or 412 if a condition of the request says so, None to go on.

    headers: those of the request, with names in lower case. etag: the strong tag of what exists.
    modified: the time of day when it was last modified.
    """
    if not any(name.startswith("if-") for name in headers):
        return None
    if (match := headers.get("if-match")) is not None:
        if not _matches(match, etag, isWeak=False):
            return 412
    elif (date := _dateIn(headers, "if-unmodified-since")) is not None and int(modified) > date:
        return 412
    isRead = method in ("GET", "HEAD")
    if (noneMatch := headers.get("if-none-match")) is not None:
        if _matches(noneMatch, etag, isWeak=True):
            return 304 if isRead else 412
    elif isRead:
        date = _dateIn(headers, "if-modified-since")
        if date is not None and int(modified) <= date:
            return 304
    return None


def mayUseRange(headers: Headers, etag: str, modified: float) -> bool:
    """Return whether a header field Range applies: If-Range does not exclude it."""
    condition = headers.get("if-range")
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == etag  # the comparison is strong
    date = parseDate(condition)
    return date is not None and int(modified) == int(date)


def _matches(field: str, etag: str, isWeak: bool) -> bool:
    """Return whether one of the tags in `field` matches."""
    if field.strip() == "*":
        return True
    for tag in _TAG.findall(field):
        if tag == etag or (isWeak and tag.removeprefix("W/") == etag.removeprefix("W/")):
            return True
    return False


def _dateIn(headers: Headers, name: str) -> float | None:
    text = headers.get(name)
    return parseDate(text) if text else None
