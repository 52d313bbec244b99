"""Turns that are given slowly at first, so that a learner sees each of them.

How does it work?
-----------------
A PacedQueue asks a Pace for leave before each turn, and reports each turn. It is a run queue like
any other, so programs and virtual clocks do not notice it. The pauses become shorter from turn to
turn. A Pace is also the brake of the page: it pauses the system and gives single turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from Axon.RunQueue import RunQueue
from Axon.Task import Task

FIRST = 0.4  # seconds before the first turn
FASTER = 0.93  # each pause is this part of the one before it
SHORTEST = 0.005  # shorter pauses are left out
WHILE_PAUSED = 0.05  # seconds between two looks whether the pause is over
TURNS = 16  # without a pause, between two reports


class Pace:
    """Pace(rest[, first]): the pauses between turns.

    rest(seconds): called to wait. first: the length of the first pause.
    """

    def __init__(self, rest: Callable[[float], object], first: float = FIRST) -> None:
        self._rest = rest
        self.seconds = first
        self.isPaused = False
        self._steps = 0
        self.queue: RunQueue | None = None

    def pause(self) -> None:
        """Give no more turns."""
        self.isPaused = True

    def step(self) -> None:
        """Give one turn."""
        self._steps += 1

    def release(self) -> None:
        """Let the system continue, without pauses."""
        self.isPaused, self._steps, self.seconds = False, 0, 0.0

    def order(self) -> Sequence[Task]:
        """Return the tasks that are ready, in the order of their turns."""
        if self.queue is None:
            return []
        return [each for each in [*self.queue.ready, *self.queue.newcomers] if each.isReady()]

    def isSlow(self) -> bool:
        """Return whether turns are given one by one."""
        return self.isPaused or self.seconds > 0

    def breathe(self) -> None:
        """Let others act for a moment. Called now and then while there are no pauses."""
        self._rest(0)

    def waitForTurn(self) -> bool:
        """Wait for a while. Return whether the next turn may be given."""
        if not self.isPaused and self.seconds > 0:
            self._rest(self.seconds)
            self.seconds *= FASTER
            if self.seconds < SHORTEST:
                self.seconds = 0.0
        if self.isPaused and not self._steps:
            self._rest(WHILE_PAUSED)
            return False
        self._steps = max(0, self._steps - 1)
        return True


class PacedQueue(RunQueue):
    """PacedQueue(pace, report): a run queue whose turns have a pace.

    report(isIdle): called after each turn, or after some while there are no pauses.
    """

    __slots__ = ("_pace", "_report")

    def __init__(self, pace: Pace, report: Callable[[bool], object], handler: Any = None) -> None:
        super().__init__(handler)
        self._pace = pace
        self._report = report
        pace.queue = self

    def run(self, turns: int) -> bool:
        isSlow = self._pace.isSlow()
        if isSlow and self:
            self._report(False)
            if not self._pace.waitForTurn():
                return True  # the loop handles its events, among them the end of the pause
        isMore = self._giveOne() if isSlow else super().run(min(turns, TURNS))
        self._report(not isMore)
        return isMore

    def _giveOne(self) -> bool:
        """Give one turn; a round begins, or a task that has ended is dropped, without one."""
        before, isMore = self.turns, True
        while isMore and self.turns == before:
            isMore = super().run(1)
        return isMore
