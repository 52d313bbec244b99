"""One run of a scheduler by hand: a turn at a time, without an event loop."""

from __future__ import annotations

from collections.abc import Sized
from typing import Protocol

from Axon.DeadlockCheck import DeadlockCheck
from Axon.RunQueue import RunQueue
from Axon.ThreadCalls import ThreadCalls
from Axon.Timers import Timers, VirtualClock


class SteppedScheduler(Protocol):
    """The part of a scheduler that a StepRun uses."""

    calls: ThreadCalls
    queue: RunQueue
    timers: Timers

    @property
    def tasks(self) -> Sized:
        """The tasks that have been activated and have not ended."""

    @property
    def wait_for_one(self) -> bool:
        """Whether the run waits for a first task."""

    def isAtWorkOutside(self) -> bool:
        """Return whether a thread, a socket or a job could wake a task."""


class StepRun:
    """StepRun(scheduler, canblock) -> the steps of `scheduler`.

    canblock: block in step() while no task is ready, until a timeout expires or a thread calls.
    """

    __slots__ = ("_canBlock", "_deadlockCheck", "_scheduler")

    def __init__(self, scheduler: SteppedScheduler, canblock: bool) -> None:
        self._scheduler = scheduler
        self._canBlock = canblock
        self._deadlockCheck = DeadlockCheck(scheduler)

    def step(self) -> None:
        """Give one turn. If no task is ready, advance a virtual clock to the next timeout."""
        scheduler = self._scheduler
        scheduler.calls.callAllAndReset()
        scheduler.timers.wakeDue()
        if scheduler.queue:
            scheduler.queue.run(1)
        elif scheduler.tasks or scheduler.wait_for_one:
            self._deadlockCheck.checkHeld()
            self._waitForTimeout()

    def _waitForTimeout(self) -> None:
        scheduler = self._scheduler
        due, clock = scheduler.timers.next(), scheduler.timers.clock
        if isinstance(clock, VirtualClock):
            if due is not None and not scheduler.isAtWorkOutside():
                clock.advanceTo(due)
        elif self._canBlock:
            self._deadlockCheck.check()
            scheduler.calls.wait(None if due is None else max(0, due - clock.now()))
