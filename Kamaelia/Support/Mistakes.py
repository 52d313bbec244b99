"""The mistakes in a text: all of them at once, each with its source and line.

Example usage::

    >>> print(Mistake("there is no host `exmaple`: is it example?", "hosts.txt", 3))
    hosts.txt line 3: there is no host `exmaple`: is it example?

How does it work?

The reader of a text collects its mistakes and raises them together, so that a user can correct
all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from Kamaelia.Support.Secrets import withoutCredentials


class Mistake(NamedTuple):
    """A mistake: a description with a remedy, and source and line if known."""

    what: str
    source: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = " ".join(filter(None, [self.source, f"line {self.line}" if self.line else ""]))
        return withoutCredentials(f"{place}: {self.what}" if place else self.what)


class MistakesFound(ValueError):
    """MistakesFound(mistakes) -> an error with each mistake on its own line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda each: (each.source, each.line)))
        super().__init__("\n".join(map(str, self.mistakes)))

    def __reduce__(self) -> tuple[type[MistakesFound], tuple[tuple[Mistake, ...]]]:
        return type(self), (self.mistakes,)
