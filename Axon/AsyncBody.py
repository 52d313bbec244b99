"""A body that is a coroutine: `async def main(self)`, run as an asyncio task.

How does it work?
-----------------
The body may await anything that asyncio provides. Its Task gets a turn only when something
happens, such as the arrival of a message or the opening of a gate. While the Task is held, the
coroutine waits between two of its steps, whatever it awaits.

Termination: the end of the coroutine ends the Task. close() cancels the coroutine, and its
`finally` blocks run before the run of the scheduler is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextvars import copy_context
from types import coroutine
from typing import Any

from Axon.RunQueue import ONE
from Axon.Task import HELD_WAITING, HOLD, PAUSED, READY, WAIT_FOR_CHANGE, WAITING_FOR_CHANGE, Task


class AsyncBody:
    """AsyncBody(coroutine, task, scheduler) -> runs `coroutine` as the body of `task`."""

    __slots__ = (
        "_context",
        "_coroutine",
        "_end",
        "_isClosed",
        "_job",
        "_scheduler",
        "_task",
        "_waiters",
    )

    def __init__(self, coroutine: Any, task: Task, scheduler: Any) -> None:
        self._coroutine = coroutine
        self._task = task
        self._scheduler = scheduler
        self._job: asyncio.Task[None] | None = None
        self._context = copy_context()  # the context of the activation
        self._waiters: dict[asyncio.Future[None], None] = {}  # one for each wake(), in order
        self._end: _End | None = None
        self._isClosed = False

    def send(self, _: None) -> object:
        """Start the coroutine, or wake all its waits, which check what they wait for."""
        mayBeHeld = self._task.wish & HOLD and not self._hasUrgentMessage()
        self._task.wish = HOLD if mayBeHeld else WAIT_FOR_CHANGE
        if self._job is None:
            self._start()
        waiters, self._waiters = self._waiters, {}
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        return ONE

    def _hasUrgentMessage(self) -> bool:
        """Return whether an inbox holds a message that wakes a held component."""
        process = self._task.process
        sinks = process.inboxes.created().values() if hasattr(process, "inboxes") else ()
        return any(sink.isUrgent and len(sink) for sink in sinks)

    def _start(self) -> None:
        loop = self._scheduler.loop
        if loop is None:
            raise RuntimeError(
                f"{self._task.process} has an async main, which needs an event loop:"
                " use runThreads() or runAsync() instead of stepping the scheduler by hand"
            )
        self._scheduler.outside += 1
        job = self._job = loop.create_task(
            self._run(), name=self._task.process.name, context=self._context
        )
        if not job.done():  # as it may be under an eager task factory
            self._scheduler.jobs.add(job)
            job.add_done_callback(self._scheduler.jobs.discard)

    async def _run(self) -> None:
        error: BaseException | None = None
        try:
            await self._steps()
        except asyncio.CancelledError as cancelled:
            error = None if self._isClosed else cancelled
        except BaseException as raised:  # noqa: BLE001 - the scheduler ends all, then raises it
            error = raised
        finally:
            self._scheduler.outside -= 1
        if not self._isClosed:
            self._end = self._task.resume = _End(error)
            self._task.force()
        elif error is not None:
            self._scheduler.errors.append(error)

    @coroutine
    def _steps(self) -> Generator[Any, None, None]:
        """Step the coroutine as asyncio does, and wait between steps while the task is held."""
        step, argument = self._coroutine.send, None
        task = self._task
        while True:
            try:
                awaited = step(argument)
            except StopIteration:
                return
            try:
                yield awaited
                while task.gates is not None and READY <= task.state <= HELD_WAITING:
                    yield from self.wake().__await__()
            except BaseException as error:  # noqa: BLE001 - thrown into the coroutine
                step, argument = self._coroutine.throw, error
            else:
                step, argument = self._coroutine.send, None

    def isWaitingForMessage(self) -> bool:
        """Return whether the coroutine waits for a message, and for nothing of asyncio."""
        return bool(self._waiters)

    async def wake(self, alsoWhenTaken: bool = False) -> None:
        """Wait until the task is given a turn, because something happened.

        alsoWhenTaken: a message that the component has sent and that is taken counts, too.
        """
        if alsoWhenTaken and self._task.state == WAITING_FOR_CHANGE:
            self._task.state = PAUSED
        waiter: asyncio.Future[None] = self._scheduler.loop.create_future()
        self._waiters[waiter] = None
        try:
            await waiter
        finally:
            self._waiters.pop(waiter, None)

    def throw(self, error: BaseException) -> object:
        """Raise `error` in the coroutine."""
        return self._coroutine.throw(error)

    def close(self) -> None:
        """Cancel the coroutine, or close it if it has not begun.

        If it has ended with an error that the scheduler does not know yet, raise that error.
        """
        self._isClosed = True
        if self._job is None:
            self._coroutine.close()
        elif self._end is not None:
            self._end.raiseError()
        else:
            self._job.cancel()


class _End:
    """The function that a Task calls for its last turn, when its coroutine has ended."""

    def __init__(self, error: BaseException | None) -> None:
        self._error = error

    def __call__(self, _: None) -> object:
        self.raiseError()
        raise StopIteration

    def raiseError(self) -> None:
        """Raise the error, once."""
        error, self._error = self._error, None
        if error is not None:
            raise error
