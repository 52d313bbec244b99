"""Timers: when to wake whom. One entry a sleeper, however often it changes its mind.

A heap of (time, task). A task that sleeps again, with a later deadline, keeps
its old entry, which is moved on when its time has come: a timeout that is
renewed at every message costs an assignment, not a new entry.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from time import monotonic, time

from Axon.RunQueue import Task


class Clock:
    """The machine's own time: seconds, from an arbitrary beginning, never set back."""

    now = staticmethod(monotonic)

    def timeOfDay(self) -> float:
        """Return the time of day, in seconds as time.time() gives it."""
        return time()


class VirtualClock(Clock):
    """Time that stands still until it is advanced: for tests."""

    def __init__(self, start: float = 0.0) -> None:
        self.time = start
        self._dayBegan = time() - start

    def timeOfDay(self) -> float:
        return self._dayBegan + self.time

    def now(self) -> float:
        return self.time

    def advanceTo(self, time: float) -> None:
        self.time = max(self.time, time)


class Timers:
    """Who sleeps until when."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[tuple[float, int, Task]] = []
        self._order = count()
        self.pending: dict[Task, float] = {}  # the time of each task's entry

    def wakeAt(self, task: Task, due: float) -> None:
        """Ends the sleep of `task` when the clock says `due`, unless it is woken before."""
        task.deadline = due
        if due < self.pending.get(task, inf):
            self._enter(task, due)

    def _enter(self, task: Task, due: float) -> None:
        self.pending[task] = due
        heappush(self._heap, (due, next(self._order), task))
        self._tidy()

    def forget(self, task: Task) -> None:
        """It will not sleep again."""
        task.deadline = None
        self.pending.pop(task, None)
        self._tidy()

    def _tidy(self) -> None:
        """Drops the entries that count no more, once they are the greater part."""
        if len(self._heap) > 64 + 2 * len(self.pending):
            self._heap = [entry for entry in self._heap if self.pending.get(entry[2]) == entry[0]]
            heapify(self._heap)

    def next(self) -> float | None:
        """The earliest time at which somebody may have to be woken."""
        while self._heap:
            due, _, task = self._heap[0]
            deadline = task.deadline
            if self.pending.get(task) != due:
                heappop(self._heap)
            elif deadline is None:
                heappop(self._heap)
                del self.pending[task]
            elif deadline > due:
                heappop(self._heap)
                self._enter(task, deadline)
            else:
                return due
        return None

    def wakeDue(self) -> None:
        """Wakes all whose time has come."""
        now = self.clock.now()
        while (due := self.next()) is not None and due <= now:
            task = heappop(self._heap)[2]
            del self.pending[task]
            task.deadline = None
            task.wakeUnlessWaiting()
