"""Ranges of bytes of a representation: RFC 9110, section 14.

Example usage
-------------
    rangesOf("bytes=0-99,-10", 1000)        # [(0, 100), (990, 1000)]
"""

from __future__ import annotations

MOST_RANGES = 16
_MOST_DIGITS = 20

Range = tuple[int, int]  # the first byte, and the byte after the last


class Unsatisfiable(ValueError):
    """No range of the header field overlaps the representation: the status is 416."""


def rangesOf(field: str, size: int) -> list[Range] | None:
    """Return the ranges that the header field Range asks for; None if it is to be ignored.

    Ranges that overlap or touch each other are joined, in ascending order. Raises Unsatisfiable.
    """
    unit, _, specs = field.partition("=")
    if unit.strip().lower() != "bytes":
        return None
    wanted: list[Range] = []
    items = [item.strip() for item in specs.split(",") if item.strip()]
    if not items or len(items) > MOST_RANGES:
        return None
    for item in items:
        found = _range(item, size)
        if found is None:
            return None
        if found[0] < found[1]:
            wanted.append(found)
    if not wanted:
        raise Unsatisfiable(f"no byte of {size} is in {field!r}")
    return _joined(wanted)


def contentRange(wanted: Range | None, size: int) -> str:
    """Return the header field Content-Range. wanted: None for the status 416."""
    if wanted is None:
        return f"bytes */{size}"
    return f"bytes {wanted[0]}-{wanted[1] - 1}/{size}"


def _range(item: str, size: int) -> Range | None:
    """Return the range for "5-9", "5-" or "-5", which may be empty; None if it is malformed."""
    first, dash, last = (part.strip() for part in item.partition("-"))
    if not dash or not all(_isNumber(text) for text in (first, last) if text):
        return None
    if not first:
        return (max(0, size - int(last)), size) if last else None
    start = int(first)
    if not last:
        return start, size
    return (start, min(int(last) + 1, size)) if int(last) >= start else None


def _isNumber(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


def _joined(ranges: list[Range]) -> list[Range]:
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
