"""What one of several readers that share a link has: messages that are not consecutive.

Example usage
-------------
    share = Share()
    share.acceptEntry("7-0", "hello")
    for message in share.hand(10):
        handle(message)
        share.markDone(1)
    share.toConfirm(share.done)         # ["7-0"]
    share.forget(1)                     # once the engine knows

How does it work?
-----------------
It counts the messages of this reader alone, so it has the numbers of an Incoming. Each message is
an entry of the engine, and is confirmed by the id of the entry.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Any

from Kamaelia.Support.Links.Incoming import Incoming


class Share(Incoming):
    """Share(): the messages that one reader of a pool was given."""

    def __init__(self) -> None:
        super().__init__()
        self.begin(0)
        self._entries: deque[str] = deque()  # of the messages that are not confirmed
        self._known: set[str] = set()
        self._confirmed = 0

    def acceptEntry(self, entry: str, message: Any) -> None:
        """Take the message of an entry, unless it is here already."""
        if entry in self._known:
            return
        self._known.add(entry)
        self._entries.append(entry)
        self._arrived.append(message)
        self.last += 1

    def held(self) -> int:
        """Return how many entries this reader has that are not confirmed."""
        return len(self._entries)

    def toConfirm(self, number: int) -> list[str]:
        """Return the entries of the messages up to `number` that are not forgotten."""
        return list(islice(self._entries, max(0, number - self._confirmed)))

    def forget(self, count: int) -> None:
        """Forget the oldest `count` entries: the engine knows that they are done."""
        for _ in range(count):
            self._known.discard(self._entries.popleft())
        self._confirmed += count

    def endWith(self, kind: str) -> None:
        """Note that the writer has ended, and every message of all readers is done."""
        if self.endKind is None:
            self.last += 1
            self.endKind, self._end = kind, self.last
