"""Regular expressions in lists, with a bound on the time of a search.

Example usage::

    >>> pattern = parsePattern(r"/^bounce-[0-9]+@(mail|news)\\.example\\.org$/")
    >>> bool(pattern.search("bounce-17@news.example.org"))
    True
    >>> parsePattern("/(a+)+$/")
    Traceback (most recent call last):
    ValueError: '/(a+)+$/' could take too long: ...

How does it work?

An entry between two slashes is a regular expression of Python that ignores case. It is searched
for in the key of an address or in a verified name. Clients choose these texts, and a pattern such
as (a+)+$ takes exponential time on some of them. So repeated groups, look-around and back
references are refused. The number of ways to divide a text of LONGEST characters among the
repetitions, which bounds the steps of a search, is at most MOST_WAYS.
"""

from __future__ import annotations

import re
import warnings
from math import factorial

__all__ = ["Pattern", "isPattern", "parsePattern"]

LONGEST = 256  # characters of an address or a name (RFC 5321 section 4.5.3.1)
MOST_WAYS = 100_000  # about 10 ms: two repetitions in a pattern that begins with ^, else one
Pattern = re.Pattern[str]

# A backslash and the character after it, a class in brackets, or one character.
TOKEN = re.compile(
    r"\\(?P<quoted>.)|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?P<group>\?.?)?|\)|(?P<open>[*+])|"
    r"\{(?P<least>[0-9]*)(?P<comma>,?)(?P<most>[0-9]*)\}|.",
    re.DOTALL,
)


def isPattern(text: str) -> bool:
    """Return whether an entry is a regular expression: text between slashes."""
    text = text.strip()
    return len(text) > 2 and text[0] == text[-1] == "/"


def parsePattern(text: str) -> Pattern:
    """Return the compiled expression. Raises ValueError with a remedy."""
    bare = text.strip()[1:-1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # [[ and [a||b] will change their meaning
            pattern = re.compile(bare, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from None
    why = _whySlow(bare)
    if why:
        raise ValueError(f"{text!r} could take too long: {why}")
    return pattern


def _whySlow(bare: str) -> str:
    """Return why a pattern could take too long, or ""."""
    cost, before = _Cost(isAnchored=bare.startswith("^")), ""
    for found in TOKEN.finditer(bare):
        why = _whyRefused(found, before)
        if why:
            return why
        cost.add(found)
        before = found[0]
    return "begin it with ^, and use fewer of *, +, ? and |" if cost.ways() > MOST_WAYS else ""


def _whyRefused(found: re.Match[str], before: str) -> str:
    """Return why a token is not allowed after the previous one, or ""."""
    if found["group"] not in (None, "?:"):
        return "write groups as (...) or (?:...), without look-around"
    if found["quoted"] and found["quoted"].isdigit():
        return "remove the back reference"
    isRepetition = found["open"] is not None or found["comma"] is not None
    return "do not repeat a group" if isRepetition and before == ")" else ""


class _Cost:
    """_Cost(isAnchored) -> ways() bounds the steps of a search, after add() of each token."""

    def __init__(self, isAnchored: bool) -> None:
        self.choices = 1  # of bounded tokens
        self.repetitions = 0 if isAnchored else 1  # without a bound; an unanchored beginning is one
        self.bars = [0]  # the number of | in each open group

    def add(self, found: re.Match[str]) -> None:
        """Count a token."""
        token = found[0]
        if token[0] == "(":
            self.bars.append(0)
        elif token == "|":
            self.bars[-1] += 1
        elif token == ")" and len(self.bars) > 1:
            self.choices *= self.bars.pop() + 1
        elif token == "?":
            self.choices *= 2
        elif found["open"] or (found["comma"] and not found["most"]):
            self.repetitions += 1
        elif found["comma"]:
            self.choices *= max(1, min(int(found["most"]), LONGEST) - int(found["least"] or 0) + 1)

    def ways(self) -> int:
        """Return the ways to divide a text of LONGEST characters, times the choices."""
        divisions: int = LONGEST**self.repetitions // factorial(self.repetitions)
        return divisions * self.choices * (self.bars[0] + 1)
