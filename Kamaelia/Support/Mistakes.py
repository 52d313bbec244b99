"""What is wrong with something that a person wrote: all of it at once, each with its place.

Example usage::

    >>> print(Mistake("there is no host `exmaple`: is it example?", "hosts.txt", 3))
    hosts.txt line 3: there is no host `exmaple`: is it example?

How does it work?

Whoever reads a text collects its Mistakes and raises them together, so that
nobody has to mend a file one error at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from Kamaelia.Support.Secrets import withoutCredentials


class Mistake(NamedTuple):
    """One mistake: what is wrong and what would be right; source and line are where, if known."""

    what: str
    source: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = " ".join(filter(None, [self.source, f"line {self.line}" if self.line else ""]))
        return withoutCredentials(f"{place}: {self.what}" if place else self.what)


class MistakesFound(ValueError):
    """MistakesFound(mistakes) -> an error that says each of them on a line of its own."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda each: (each.source, each.line)))
        super().__init__("\n".join(map(str, self.mistakes)))

    def __reduce__(self) -> tuple[type[MistakesFound], tuple[tuple[Mistake, ...]]]:
        return type(self), (self.mistakes,)
