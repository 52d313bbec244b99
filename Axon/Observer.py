"""Observers: objects that are notified of changes in a running system.

Example usage
-------------
    class Count(Observer):
        ended = 0

        def ending(self, process):
            self.ended += 1

    scheduler.run.addObserver(Count())      # for activations and ends
    Axon.Box.addObserver(Count())           # for linkages and boxes, of all components

How does it work?
-----------------
Each scheduler has its observers, and so do the boxes. Where none has been added, an activation,
an end or a linkage costs the test of an empty tuple. Turns and messages are not affected.
"""

from __future__ import annotations

from typing import Any


class Observer:
    """A receiver of notifications; by default its methods do nothing.

    They are called in the thread that makes the change, must be fast, and must not raise.
    """

    def activated(self, process: Any) -> None:
        """Called when `process` has been activated, before its first turn."""

    def ending(self, process: Any) -> None:
        """Called when `process` is about to end, while its linkages still exist."""

    def linked(self, source: Any, sink: Any) -> None:
        """Called when the box `source` has been linked to the box `sink` (Axon.Box.postbox)."""

    def unlinked(self, source: Any, sink: Any) -> None:
        """Called when the linkage from `source` to `sink` has been removed."""

    def boxesChanged(self, process: Any) -> None:
        """Called when boxes of `process` have been added or removed."""
