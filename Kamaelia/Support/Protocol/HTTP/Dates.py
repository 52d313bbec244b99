"""Dates in the form that HTTP uses: RFC 9110, section 5.6.7."""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime


def httpDate(timestamp: float) -> str:
    """Return the time of day `timestamp` as text: "Sun, 06 Nov 1994 08:49:37 GMT"."""
    return formatdate(timestamp, usegmt=True)


def parseDate(text: str) -> float | None:
    """Return the time of day that `text` means, in any of the three forms, or None."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
