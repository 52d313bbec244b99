"""The brake of a scheduler: it pauses the whole system, and lets it run turn by turn.

Example usage
-------------
    brake = scheduler.run.brake
    brake.pause()
    [task.nameOfProcess() for task in brake.order()]    # the next turns, in order
    brake.step()                                        # one turn
    brake.release()

How does it work?
-----------------
While the system is paused, a run asks the brake for turns in place of the run queue. The brake
withholds the tasks that are ready, and gives turns to attendants (Axon.Attendants) only. Time
does not stop: timeouts expire, threads, sockets and async bodies continue, and what they wake
joins the tasks that are withheld.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from Axon.Task import Task


class Brake:
    """Brake(scheduler) -> the brake of `scheduler`. All calls are made in its thread.

    isPaused: whether the run has to ask this for turns.
    """

    __slots__ = ("_order", "_scheduler", "_steps", "isPaused")

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        self._order: deque[Task] = deque()  # the tasks that are withheld
        self._steps = 0  # turns that are allowed
        self.isPaused = False

    def pause(self) -> None:
        """Give no more turns, from the next slice on."""
        self.isPaused = True

    def step(self, turns: int = 1) -> None:
        """Give as many turns, and then pause again."""
        self._steps += turns
        self._requestTurns()

    def release(self) -> None:
        """Let the system continue."""
        self.isPaused, self._steps = False, 0
        queue = self._scheduler.queue
        for task in self._taken():
            task.state = queue.mark
            queue.push(task)
        self._requestTurns()

    def order(self) -> list[Task]:
        """Return the tasks that are ready, in the order of their turns."""
        queue, isAttendant = self._scheduler.queue, self._scheduler.attendants.has
        ready = [*self._order, *queue.ready, *queue.newcomers]
        return [each for each in ready if each.isReady() and not isAttendant(each)]

    def run(self, turns: int) -> bool:
        """Give a turn in place of the run queue. Return whether another one is due."""
        queue = self._scheduler.queue
        if not self.isPaused:  # since this slice has begun
            return bool(queue.run(turns))
        self._withhold()
        for task in self._taken(1) if self._steps else ():
            self._steps -= 1
            attendants = [queue.ready.popleft() for _ in range(len(queue.ready))]
            task.state = queue.mark ^ 1  # of the current round
            for each in (task, *attendants):
                queue.ready.append(each)
        queue.run(1)  # even if it is empty: it has requested this call
        if self.isPaused:  # still
            self._withhold()
        return bool(queue) or bool(self._steps and self._order)

    def _withhold(self) -> None:
        """Take from the queue what is no attendant. A request to stop the run stays in it."""
        queue, isAttendant = self._scheduler.queue, self._scheduler.attendants.has
        for _ in range(len(queue.ready)):
            task = queue.ready.popleft()
            (queue.ready if isAttendant(task) else self._order).append(task)
        newcomers = list(queue.newcomers)
        queue.newcomers = [each for each in newcomers if isAttendant(each)]
        self._order.extend(each for each in newcomers if not isAttendant(each))

    def _taken(self, most: int | None = None) -> list[Task]:
        """Take up to `most` tasks, the next ones; those that have ended meanwhile are dropped."""
        taken: list[Task] = []
        while self._order and len(taken) != most:
            task = self._order.popleft()
            if task.isReady():
                taken.append(task)
        return taken

    def _requestTurns(self) -> None:
        if self._scheduler.loopRun is not None:
            self._scheduler.loopRun.requestSlice()
