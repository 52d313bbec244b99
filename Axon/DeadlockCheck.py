"""Detection of a deadlock: components wait, and nothing is left that could wake them.

If full inboxes hold some of them, this is an error (`deadlock`). If all of them merely
sleep, the user may still interrupt the program, so it is logged once, with what each
component waits for.
"""

from __future__ import annotations

from threading import active_count
from typing import Any

from Axon import ErrorRouting, WaitDescriptions

ASLEEP = "all components sleep, and nothing is left that could wake them"


class DeadlockCheck:
    """DeadlockCheck(scheduler) -> a check to make when no task of `scheduler` is ready."""

    __slots__ = ("_isReported", "_jobsBefore", "_scheduler")

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        # The run itself; in a browser, also the tasks that wait for the run.
        self._jobsBefore = 0 if scheduler.loop is None else WaitDescriptions.countJobs()
        self._isReported = False

    def check(self) -> None:
        """Raise deadlock, or log once that all components sleep and nothing can wake them."""
        if self._scheduler.outside:
            return
        self.checkHeld()
        if not self._isReported and self._isAsleepForever():
            self._isReported = True
            self._scheduler.reportAsleep(
                f"{ASLEEP}.\n{WaitDescriptions.describeAll(self._scheduler.tasks)}"
            )

    def checkHeld(self) -> None:
        """Raise deadlock if some tasks are held, and no task that could release them can run."""
        scheduler = self._scheduler
        if scheduler.queue.held and not scheduler.outside and self._isWithoutWakeUp():
            raise ErrorRouting.deadlockOf(scheduler.queue.held)

    def _isAsleepForever(self) -> bool:
        scheduler = self._scheduler
        if not scheduler.tasks or scheduler.wait_for_one or scheduler.endsWhenIdle:
            return False
        if not self._isWithoutWakeUp():
            return False
        return scheduler.loop is None or WaitDescriptions.countJobs() <= self._jobsBefore

    def _isWithoutWakeUp(self) -> bool:
        """Return whether no timer, no other thread and nothing else in the program wakes a task."""
        scheduler = self._scheduler
        if scheduler.timers.next() is not None or scheduler.calls or active_count() > 1:
            return False
        return scheduler.loop is None or scheduler.ownsLoop()
