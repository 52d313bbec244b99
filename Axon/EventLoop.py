"""The event loop of a run: uvloop's if it is installed, otherwise asyncio's.

uvloop aborts a process that closes a socket whose number is that of a standard stream. A socket can
get this number if the program was started without the stream, so asyncio's loop is used there, too.

In a browser (Axon.Browser), a run uses the loop of the browser if it can wait for it, and
otherwise a SelectorLoop, which blocks the thread.
"""

from __future__ import annotations

import asyncio
import selectors
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from Axon import Browser
from Axon.SignalSocket import SignalSocket
from Axon.Timers import Clock, VirtualClock

OnIdle = Callable[[int], bool]

SLOW_CALLBACK = 0.05  # seconds; in debug mode asyncio logs a callback that takes longer
AT_WORK = 0.001  # seconds between two checks, while virtual time stands still


def newLoop(clock: Clock | None = None) -> asyncio.AbstractEventLoop:
    """Return a new event loop, the fastest available; for a virtual clock, one that follows it."""
    if isinstance(clock, VirtualClock):
        return VirtualLoop(clock)
    try:
        import uvloop
    except ImportError:
        return SelectorLoop() if Browser.IS_BROWSER else asyncio.new_event_loop()
    if not _hasStandardStreams():
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()  # type: ignore[no-any-return, unused-ignore]


def _hasStandardStreams() -> bool:
    """Return whether sockets and files cannot get the numbers of the standard streams."""
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    return all(stream is not None and not stream.closed for stream in streams)


def nameOfLoop() -> str:
    """Return "uvloop" or "asyncio", the library of the loops that newLoop() returns."""
    loop = newLoop()
    loop.close()
    return libraryOf(loop)


def libraryOf(loop: asyncio.AbstractEventLoop) -> str:
    """Return the name of the library of an event loop, such as "uvloop"."""
    return type(loop).__module__.partition(".")[0]


def checkNoLoopRuns() -> None:
    """Raise RuntimeError if an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    if Browser.mayWait() or Browser.mayBlock():
        return
    raise RuntimeError(
        "an event loop runs in this thread, as in a notebook or an async function: instead of"
        " system.run(), write system.activate(), and then: from Axon.Scheduler import scheduler;"
        " await scheduler.run.runAsync()"
    )


@contextmanager
def wokenBySignals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let each signal wake `loop`, which runs, even one that arrives just before it sleeps."""
    if not _sleepsThroughSignals():
        yield
        return
    with SignalSocket() as signalled:
        loop.add_reader(signalled, signalled.clear)
        try:
            yield
        finally:
            loop.remove_reader(signalled)


def _sleepsThroughSignals() -> bool:
    """Return whether signals arrive in this thread, and no loop has a descriptor for them.

    uvloop has one, and so has asyncio on Windows.
    """
    if Browser.IS_BROWSER:
        return False
    try:
        before = signal.set_wakeup_fd(-1)
    except ValueError:  # another thread or interpreter is the main one
        return False
    if before == -1:
        return True
    signal.set_wakeup_fd(before, warn_on_full_buffer=False)
    return False


def runOnNewLoop(
    coroutine: Coroutine[Any, Any, None],
    clock: Clock,
    isAtWork: Callable[[], bool] | None = None,
) -> None:
    """Run `coroutine` to its end on a new event loop; in a browser, on that of the browser.

    A virtual clock needs a new loop there, too.
    isAtWork: whether something outside of the loop is at work, so that virtual time stands still.
    """
    try:
        checkNoLoopRuns()
    except RuntimeError:
        coroutine.close()
        raise
    if Browser.mayWait() and not isinstance(clock, VirtualClock):
        Browser.waitFor(coroutine)
        return
    with runnerOn(lambda: newLoop(clock)) as runner:
        loop = runner.get_loop()
        loop.slow_callback_duration = SLOW_CALLBACK
        if isinstance(loop, VirtualLoop):
            loop.isAtWorkOutside = isAtWork
        runner.run(coroutine)


@contextmanager
def runnerOn(factory: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[asyncio.Runner]:
    """Return an asyncio runner with a new loop, which hides the loop of a browser."""
    with Browser.withoutLoop(), asyncio.Runner(loop_factory=factory) as runner:
        yield runner


class LoopSelector(selectors.DefaultSelector):
    """LoopSelector([onIdle]) -> the selector of an event loop.

    onIdle: called with the number of registered descriptors when the loop is about to block
    without a timeout. If it returns true, the loop does not block.
    """

    def __init__(self, onIdle: OnIdle | None = None) -> None:
        super().__init__()
        self._onIdle = onIdle

    def select(self, timeout: float | None = None) -> Any:
        """Wait for events as selectors.DefaultSelector does."""
        if timeout is None and self._onIdle is not None and self._onIdle(len(self.get_map())):
            timeout = 0
        return super().select(timeout)


class SelectorLoop(asyncio.SelectorEventLoop):
    """The event loop of asyncio, which also works where there are no sockets."""

    if Browser.IS_BROWSER:  # the pipe with which other threads and signals wake a loop is missing

        def _make_self_pipe(self) -> None:
            self._ssock = self._csock = None

        def _close_self_pipe(self) -> None:
            pass

        def _write_to_self(self) -> None:
            pass


class VirtualLoop(SelectorLoop):
    """An event loop that never waits for a timeout: if nothing is ready, virtual time advances.

    Time stands still while a thread is at work: one of the default executor's, or a component's.
    """

    isAtWorkOutside: Callable[[], bool] | None = None

    def __init__(self, clock: VirtualClock, onIdle: OnIdle | None = None) -> None:
        super().__init__(_VirtualSelector(self, clock, onIdle))
        self._clock = clock
        self._jobsInThreads = 0

    def time(self) -> float:
        return self._clock.now()

    def isAtWork(self) -> bool:
        """Return whether a thread is at work, so that virtual time must not advance."""
        isAtWorkOutside = self.isAtWorkOutside
        return self._jobsInThreads > 0 or (isAtWorkOutside is not None and isAtWorkOutside())

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        self._jobsInThreads += 1
        try:
            future = super().run_in_executor(executor, func, *args)
        except BaseException:
            self._jobsInThreads -= 1
            raise
        future.add_done_callback(self._jobDone)
        return future

    def _jobDone(self, _: object) -> None:
        self._jobsInThreads -= 1

    async def shutdown_default_executor(self, *timeout: Any, **named: Any) -> None:
        self._jobsInThreads += 1  # asyncio waits for a thread, with a timeout
        try:
            await super().shutdown_default_executor(*timeout, **named)
        finally:
            self._jobsInThreads -= 1


class _VirtualSelector(LoopSelector):
    """A selector that advances the clock instead of waiting for a timeout."""

    def __init__(self, loop: VirtualLoop, clock: VirtualClock, onIdle: OnIdle | None) -> None:
        super().__init__(onIdle)
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
