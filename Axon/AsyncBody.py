"""A body that is a coroutine: `async def main(self)`, run as an asyncio task.

Such a body may await anything of asyncio. Its Task has turns only to be told
that something happened: a message came, a gate opened. Between two steps of the
coroutine a sender that is held waits, whatever it awaited.

Termination: the coroutine's end ends the Task. Closing the body cancels it, and
its `finally` blocks run before the scheduler's run is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from types import coroutine
from typing import Any

from Axon.Turns import HELD_WAITING, HOLD, ONE, READY, WAIT, Task


class AsyncBody:
    """AsyncBody(coroutine, task, scheduler) -> runs `coroutine` as the body of `task`."""

    __slots__ = ("_alarm", "_coroutine", "_isClosed", "_job", "_scheduler", "_task")

    def __init__(self, coroutine: Any, task: Task, scheduler: Any) -> None:
        self._coroutine = coroutine
        self._task = task
        self._scheduler = scheduler
        self._job: asyncio.Task[None] | None = None
        self._alarm: asyncio.Future[None] | None = None
        self._isClosed = False

    def send(self, _: None) -> object:
        """A turn: starts the coroutine, or tells it that what it waits for may have come."""
        if self._job is None:
            self._start()
        alarm = self._alarm
        if alarm is not None and not alarm.done():
            alarm.set_result(None)
        mayBeHeld = self._task.wish & HOLD and not self._hasUrgentMessage()
        self._task.wish = HOLD if mayBeHeld else WAIT
        return ONE

    def _hasUrgentMessage(self) -> bool:
        """Whether something waits that gets through to who is held."""
        sinks = getattr(self._task.process, "inboxes", {}).values()
        return any(sink.isUrgent and len(sink) for sink in sinks)

    def _start(self) -> None:
        loop = self._scheduler.loop
        if loop is None:
            raise RuntimeError(
                f"{self._task.process} has an async main, which needs an event loop:"
                " use runThreads() or runAsync() instead of stepping the scheduler by hand"
            )
        self._scheduler.outside += 1
        self._job = loop.create_task(self._run(), name=self._task.process.name)
        self._scheduler.jobs.add(self._job)

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
            self._scheduler.jobs.discard(self._job)
        if not self._isClosed:
            self._task.resume = _End(error)
            self._task.force()
        elif error is not None:
            self._scheduler.errors.append(error)

    @coroutine
    def _steps(self) -> Generator[Any, None, None]:
        """Steps the coroutine as asyncio would, and waits between steps while the task is held."""
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

    async def wake(self) -> None:
        """Waits until the task is given a turn, because something happened."""
        alarm = self._alarm
        if alarm is None or alarm.done():
            alarm = self._alarm = self._scheduler.loop.create_future()
        await alarm

    def throw(self, error: BaseException) -> object:
        return self._coroutine.throw(error)

    def close(self) -> None:
        """Cancels the coroutine, or forgets it if it has not begun."""
        self._isClosed = True
        if self._job is None:
            self._coroutine.close()
        elif not self._job.done():
            self._job.cancel()


class _End:
    """What a Task resumes when its coroutine has ended: its end, or its error."""

    def __init__(self, error: BaseException | None) -> None:
        self._error = error

    def __call__(self, _: None) -> object:
        if self._error is None:
            raise StopIteration
        try:
            raise self._error
        finally:
            self._error = None
