"""The counters of a process that its store has not written yet.

Example usage::

    pending = PendingCounts()
    pending.add([("mails", "deferred"), ("sessions",)], 1)  # True: they are the first
    pending.take()                                          # {"mails/deferred": 1, "sessions": 1}

How does it work?

The words of a name are joined only when the counters are written, because each mail adds to several
of them. The methods may be called in any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

Words = tuple[str, ...]  # the name of a counter: its words are joined by slashes


class PendingCounts:
    """PendingCounts() -> what has been added to each counter since take()."""

    def __init__(self) -> None:
        self._counts: dict[Words, int] = {}
        self._lock = threading.Lock()

    def add(self, counters: Iterable[Words], by: int) -> bool:
        """Add to each of these counters; return whether none was waiting before."""
        with self._lock:
            counts = self._counts
            isFirst = not counts
            for words in counters:
                counts[words] = counts.get(words, 0) + by
        return isFirst

    def take(self) -> dict[str, int]:
        """Return the counts by the names of their counters, and forget them."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return named(taken)

    def byName(self) -> dict[str, int]:
        """Return the counts by the names of their counters."""
        with self._lock:
            counts = self._counts.copy()
        return named(counts)


def named(counts: dict[Words, int]) -> dict[str, int]:
    """Return the counts with the words of each name joined."""
    found: dict[str, int] = {}
    for words, by in counts.items():
        name = "/".join(words)
        found[name] = found.get(name, 0) + by
    return found
