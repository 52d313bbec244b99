"""Clocks, and the timers that wake tasks when their timeouts expire.

How does it work?
-----------------
The timers are a heap of (time, task) with one entry for each sleeping task. A task that sleeps
again with a later deadline keeps its old entry, which is moved when its time has come. A timeout
that each message renews therefore costs an assignment and no new entry.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from time import monotonic, time
from typing import TYPE_CHECKING

from Axon import Core
from Axon.Task import Task


class Clock:
    """The monotonic clock of the machine, in seconds."""

    now = staticmethod(monotonic)
    elapsed = staticmethod(monotonic)  # real time, with which the lengths of slices are measured

    def timeOfDay(self) -> float:
        """Return the time of day, in seconds as time.time() gives it."""
        return time()


class VirtualClock(Clock):
    """A clock for tests, which shows the same time until it is advanced."""

    def __init__(self, start: float = 0.0) -> None:
        self.time = start
        self._dayBegan = time() - start

    def timeOfDay(self) -> float:
        return self._dayBegan + self.time

    def now(self) -> float:
        return self.time

    def advanceTo(self, time: float) -> None:
        """Advance the clock to `time`. An earlier time is ignored."""
        self.time = max(self.time, time)


class Timers:
    """Timers(clock) -> the timeouts of sleeping tasks."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._heap: list[tuple[float, int, Task]] = []
        self._order = count()
        self.pending: dict[Task, float] = {}  # the time of each task's entry

    def wakeAt(self, task: Task, due: float) -> None:
        """Wake `task` when the clock shows `due`, unless something else wakes it before."""
        task.deadline = due
        if due < self.pending.get(task, inf):
            self._enter(task, due)

    def _enter(self, task: Task, due: float) -> None:
        self.pending[task] = due
        heappush(self._heap, (due, next(self._order), task))
        self._tidy()

    def forget(self, task: Task) -> None:
        """Remove the timeout of `task`, which has ended."""
        task.deadline = None
        self.pending.pop(task, None)
        self._tidy()

    def _tidy(self) -> None:
        """Remove the obsolete entries once they are the majority."""
        if len(self._heap) > 64 + 2 * len(self.pending):
            self._heap = [entry for entry in self._heap if self.pending.get(entry[2]) == entry[0]]
            heapify(self._heap)

    def next(self) -> float | None:
        """Return the earliest time at which a task may have to be woken, or None."""
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
        """Wake the tasks whose timeouts have expired."""
        now = self.clock.now()
        while (due := self.next()) is not None and due <= now:
            task = heappop(self._heap)[2]
            del self.pending[task]
            task.deadline = None
            task.wakeUnlessWaiting()


if not TYPE_CHECKING and Core.compiled is not None:
    Timers = Core.compiled.Timers
