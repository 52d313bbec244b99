"""Standstill: components wait, and nothing is left that could wake them.

If some of them are held by full inboxes, this is an error (deadlock). If all of them
merely sleep, the program may still be interrupted, so it is logged once, with what each
component waits for.
"""

from __future__ import annotations

from threading import active_count
from typing import Any

from Axon import Ending, Waits


class Standstill:
    """Standstill(scheduler) -> looks for a standstill of `scheduler` when none is ready to run."""

    __slots__ = ("_isReported", "_scheduler")

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        self._isReported = False

    def check(self) -> None:
        """Raise deadlock, or log once that all components sleep for good."""
        self.checkDeadlock()
        if not self._isReported and self._isForGood():
            self._isReported = True
            Ending.warn(
                "all components sleep, and nothing is left that could wake them.\n"
                + Waits.describeAll(self._scheduler.tasks)
            )

    def checkDeadlock(self) -> None:
        """Raise deadlock if some are held, and none of those that could release them can run."""
        scheduler = self._scheduler
        if scheduler.queue.held and not scheduler.outside and self._isAtStandstill():
            raise Ending.deadlockOf(scheduler.queue.held)

    def _isForGood(self) -> bool:
        scheduler = self._scheduler
        if not scheduler.tasks or scheduler.outside or scheduler.wait_for_one:
            return False
        hasOtherJobs = scheduler.loop is not None and Waits.hasOtherJobs()
        return self._isAtStandstill() and not hasOtherJobs

    def _isAtStandstill(self) -> bool:
        """Return whether no timer, no other thread and nothing else of the program wakes any."""
        scheduler = self._scheduler
        if scheduler.timers.next() is not None or scheduler.hasCalls() or active_count() > 1:
            return False
        return scheduler.loop is None or scheduler.ownsLoop()
