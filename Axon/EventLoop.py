"""The event loop of a run: uvloop's if it is installed, otherwise asyncio's."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

from Axon.Timers import Clock, VirtualClock

SLOW_CALLBACK = 0.05  # seconds; in debug mode asyncio logs a callback that takes longer
AT_WORK = 0.001  # seconds between two looks, while virtual time stands still


def newLoop(clock: Clock | None = None) -> asyncio.AbstractEventLoop:
    """Return a new event loop, the fastest available; for a virtual clock, one that follows it."""
    if isinstance(clock, VirtualClock):
        return VirtualLoop(clock)
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()  # type: ignore[no-any-return, unused-ignore]


def checkNoLoopRuns() -> None:
    """Raise RuntimeError if an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(
        "an event loop runs in this thread, as in a notebook: use activate(), then"
        " await runAsync() within it, instead of run() or runThreads()"
    )


def runOnNewLoop(
    coroutine: Coroutine[Any, Any, None],
    clock: Clock,
    isAtWork: Callable[[], bool] | None = None,
) -> None:
    """Run `coroutine` to its end on a new event loop.

    isAtWork: whether something outside of the loop is at work, so that virtual time stands still.
    """
    try:
        checkNoLoopRuns()
    except RuntimeError:
        coroutine.close()
        raise
    with asyncio.Runner(loop_factory=lambda: newLoop(clock)) as runner:
        loop = runner.get_loop()
        loop.slow_callback_duration = SLOW_CALLBACK
        if isinstance(loop, VirtualLoop):
            loop.isAtWorkOutside = isAtWork
        runner.run(coroutine)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits for a timeout: if nothing is ready, virtual time advances.

    Time stands still while a thread is at work: one of the default executor's, or a component's.
    """

    isAtWorkOutside: Callable[[], bool] | None = None

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_VirtualSelector(self, clock))
        self._clock = clock
        self._errands = 0

    def time(self) -> float:
        return self._clock.now()

    def isAtWork(self) -> bool:
        """Return whether a thread is at work, whose result is to be awaited first."""
        isAtWorkOutside = self.isAtWorkOutside
        return self._errands > 0 or (isAtWorkOutside is not None and isAtWorkOutside())

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        self._errands += 1
        try:
            future = super().run_in_executor(executor, func, *args)
        except BaseException:
            self._errands -= 1
            raise
        future.add_done_callback(self._errandDone)
        return future

    def _errandDone(self, _: object) -> None:
        self._errands -= 1

    async def shutdown_default_executor(self, *timeout: Any, **named: Any) -> None:
        self._errands += 1  # asyncio waits for a thread, with a timeout
        try:
            await super().shutdown_default_executor(*timeout, **named)
        finally:
            self._errands -= 1


class _VirtualSelector(selectors.DefaultSelector):
    """_VirtualSelector(loop, clock) -> a selector that advances the clock instead of waiting."""

    def __init__(self, loop: VirtualLoop, clock: VirtualClock) -> None:
        super().__init__()
        self._loop = loop
        self._clock = clock

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(None)
        events = super().select(0)
        if not events and timeout > 0:
            if self._loop.isAtWork():
                return super().select(AT_WORK)
            self._clock.advanceTo(self._clock.now() + timeout)
        return events
