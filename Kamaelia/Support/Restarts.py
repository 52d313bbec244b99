"""When something that has ended is started again: the kinds of parts, and how often that may be.

Example usage::

    >>> restarts = Restarts()
    >>> [restarts.count(now, period=5.0) for now in (0.0, 1.0, 5.5)]
    [1, 2, 2]
"""

from __future__ import annotations

from collections import deque

#: Whether a part is started again when it ends: after an error, and without an error.
KINDS = {"permanent": (True, True), "transient": (True, False), "temporary": (False, False)}


class Restarts:
    """Restarts() -> counts those within the last seconds."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def count(self, now: float, period: float) -> int:
        """Count a restart; return how many there were within `period` seconds, with this one."""
        self._times.append(now)
        while self._times[0] <= now - period:
            self._times.popleft()
        return len(self._times)
