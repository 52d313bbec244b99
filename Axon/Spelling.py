"""Search for the name that is meant by a misspelt name.

Example usage
-------------
    nearMiss("prt", ["host", "port"])           # "port"
    nearMiss("port", ["host", "port"])          # None: it is spelt correctly
    nearMiss("colour", ["host", "port"])        # None: it is a different name

How does it work?
-----------------
A name is a near miss of another if the two differ in case or in underscores only,
or by one typing error: a letter that is missing, added or wrong, or two adjacent
letters that are exchanged. In names of eight letters and more, two such errors
count as a near miss.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["distance", "nearMiss"]

LONG = 8  # the least number of letters with which two typing errors are a near miss


def nearMiss(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` misspells, or None. A known name is spelt correctly."""
    known = list(known)
    if name in known:
        return None
    folded = _fold(name)
    candidates = [(distance(folded, _fold(each)), each) for each in known]
    near = [each for each in candidates if _isNear(each[0], folded, _fold(each[1]))]
    return min(near)[1] if near else None


def _fold(name: str) -> str:
    return name.replace("_", "").casefold()


def _isNear(errors: int, one: str, other: str) -> bool:
    """Return whether two names with so many typing errors are a near miss."""
    longest, shortest = max(len(one), len(other)), min(len(one), len(other))
    if shortest >= LONG:
        return errors <= 2
    if longest > 2:
        return errors <= 1
    return errors == 0 or (errors == 1 and longest != shortest and shortest > 0)


def distance(one: str, other: str) -> int:
    """Return the number of typing errors that turn one text into the other.

    A typing error is a letter added, missing or replaced, or two adjacent letters exchanged.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before = before, row
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
