"""The run queue: gives turns to the tasks that are ready, in rounds.

This is the hot path of scheduling: one Task for each microprocess, and a RunQueue for all
tasks. Neither depends on boxes, time, threads or asyncio.

How does it work?
-----------------
Rounds are marked, not counted: the state of a ready task is one of two marks, and a task that
becomes ready during a round gets the mark of the next round. The first task with the other
mark begins a new round. A new task gets its first turn at the end of the round after the one in
which it was activated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import repeat
from typing import TYPE_CHECKING, Protocol

from Axon import Core
from Axon.FeederSearches import searched
from Axon.Task import HOLD, NEW, NEXT_WISH, NO_TASK, READY, REPORTED, RUNNING, WISHES, Task

ONE = 1  # nearly every turn yields it; the comparison is by identity


class TaskHandler(Protocol):
    """The reactions to what happens to the tasks of a RunQueue; Axon.Lifecycle has them."""

    def taskEnded(self, task: Task) -> None:
        """The body of `task` has ended."""

    def taskFailed(self, task: Task, error: BaseException) -> None:
        """The body of `task` has raised `error`. What this raises ends RunQueue.run()."""

    def taskRequested(self, task: Task, request: object) -> None:
        """A turn of `task` has yielded `request`, another value than 1."""

    def becameReady(self) -> bool:
        """A task is ready, while run() is not running. Return whether run() will be called."""


class EndOfRound(BaseException):
    """Raised at the end of the round in which RunQueue.stop() was called."""


class RunQueue:
    """RunQueue([handler]) -> gives turns to its tasks, in rounds.

    handler: reacts to ends, errors and requests of tasks.
    """

    __slots__ = (
        "handler",
        "held",
        "isRunning",
        "isStopping",
        "mark",
        "newcomers",
        "push",
        "ready",
        "turns",
    )

    def __init__(self, handler: TaskHandler | None = None) -> None:
        self.handler = handler
        self.ready: deque[Task] = deque()
        self.newcomers: list[Task] = []
        self.mark: int = READY
        self.held: set[Task] = set()
        self.isRunning = False
        self.isStopping = False
        self.turns = 0  # how many have been given; updated at the end of run()
        self.push: Callable[[Task], None] = self._pushFromOutside

    def __bool__(self) -> bool:
        return bool(self.ready or self.newcomers)

    def join(self, task: Task) -> None:
        """Add a new task; it gets its first turn after the turns of all other tasks."""
        task.queue = self
        task.wish = 0
        task.state = self.mark
        newcomers = self.newcomers
        newcomers.append(task)
        if not self.isRunning and len(newcomers) == 1 and self.handler is not None:
            self.handler.becameReady()

    def stop(self) -> None:
        """Raise EndOfRound in run() when the current round is over."""
        self.isStopping = True
        self.newcomers.append(NO_TASK)
        if not self.isRunning and self.handler is not None:
            self.handler.becameReady()

    def _pushFromOutside(self, task: Task) -> None:
        self.ready.append(task)
        if self.handler is not None and self.handler.becameReady():
            self.push = self.ready.append  # run() will be called, and need not be requested again

    def clear(self) -> None:
        """Forget all tasks that are queued, and a stop() that has not taken effect."""
        self.ready.clear()
        self.newcomers.clear()
        self.isStopping = False

    def admit(self, mark: int) -> None:
        """Add the new tasks to the end of the round that begins."""
        newcomers, self.newcomers = self.newcomers, []
        if self.isStopping:
            raise EndOfRound
        append = self.ready.append
        for task in newcomers:
            if task.state < NEW:
                task.state = mark
                append(task)

    def nextTask(self) -> Task | None:
        """Return the task that gets the next turn."""
        ready = (task for task in self.ready if task.state < RUNNING)
        newcomers = (task for task in self.newcomers if task.state < NEW)
        return next(ready, None) or next(newcomers, None)

    def run(self, turns: int) -> bool:  # noqa: C901 - one piece, for speed
        """Give up to `turns` turns. Return whether tasks are still ready."""
        pop, push, handler = self.ready.popleft, self.ready.append, self.handler
        assert handler is not None
        self.push, self.isRunning = push, True
        searched.clear()
        current = self.mark ^ 1
        task = NO_TASK
        turn = repeat(None, turns)
        after = NEXT_WISH
        try:
            while True:
                try:
                    for _ in turn:
                        task = pop()
                        if task.state != current:  # a new round begins
                            if task.state > RUNNING:  # or the task has ended in the queue
                                turns -= 1
                                continue
                            current = task.state
                            self.mark = current ^ 1
                            if self.newcomers:
                                self.admit(current)
                        task.state = RUNNING
                        resume = task.resume  # in two steps, which is faster
                        request = resume(None)
                        if request is not ONE:
                            handler.taskRequested(task, request)
                        wish = task.wish
                        if not wish:
                            task.state = self.mark
                            push(task)
                        else:
                            task.wish = after[wish]
                            if wish < HOLD:
                                task.state = wish - 1
                            elif wish == REPORTED:
                                task.state = self.mark
                                push(task)
                            else:
                                task.fallAsleep(wish & WISHES)
                    return bool(self)
                except StopIteration:
                    handler.taskEnded(task)
                except IndexError as error:
                    if task.state == RUNNING:
                        handler.taskFailed(task, error)
                        continue
                    turns -= 1
                    if not self.newcomers:
                        return False
                    self.admit(self.mark)
                except EndOfRound:
                    raise
                except BaseException as error:  # noqa: BLE001 - the handler raises it, or logs it
                    handler.taskFailed(task, error)
        finally:
            self.push, self.isRunning = self._pushFromOutside, False
            self.turns += turns - turn.__length_hint__()
            searched.clear()


if not TYPE_CHECKING and Core.compiled is not None:
    RunQueue, EndOfRound = Core.compiled.RunQueue, Core.compiled.EndOfRound
    Core.compiled.provideSearches(searched)
