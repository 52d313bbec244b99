"""One run of a scheduler on an asyncio event loop: slices of turns, and a timer for timeouts.

How does it work?
-----------------
A slice is one callback of the loop. It gives turns for a millisecond or two, and
requests the next slice if components are still ready. If none is ready, it only
sets an alarm for the earliest timeout, so an idle system never wakes up.

Termination: `isOver` becomes true, and `wait()` returns, when the scheduler has
nothing left to run, when `finish()` is called, or with the first error.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Handle, TimerHandle
from collections.abc import Callable
from contextvars import copy_context
from threading import active_count
from time import sleep
from typing import Any

from Axon import ErrorRouting
from Axon.DeadlockCheck import DeadlockCheck
from Axon.EventLoop import wokenBySignals
from Axon.RunQueue import EndOfRound

SLICE = 0.002  # seconds: how long others on the loop may have to wait
# Seconds between slices in which other threads can run. Without this pause they might never run:
# a loop that releases the interpreter's lock for an instant every few milliseconds takes it again
# before they wake, and they request it only after sys.getswitchinterval().
GIVE_WAY = 0.00005
TURNS = 128  # the maximum between two readings of the clock; fewer while turns take long
GRAIN = 0.001  # seconds: the shortest wait of every event loop; a shorter one may be no wait at all
EXACT = 0.000001  # seconds: the alarm of other loops does not ring earlier than that
SLOW_TURN = 0.05  # seconds; in asyncio's debug mode a longer turn is logged


class LoopRun:
    """LoopRun(scheduler, loop, slowmo): the run of `scheduler` on `loop`.

    slowmo: seconds to sleep after each slice, in which each component has at most one turn.
    """

    __slots__ = (
        "_alarm",
        "_context",
        "_deadlockCheck",
        "_done",
        "_elapsed",
        "_isDebugged",
        "_request",
        "_scheduler",
        "_slowmo",
        "_turns",
        "loop",
    )

    def __init__(self, scheduler: Any, loop: AbstractEventLoop, slowmo: float) -> None:
        self.loop = loop
        self._scheduler = scheduler
        self._slowmo = slowmo
        self._elapsed: Callable[[], float] = scheduler.timers.clock.elapsed
        self._turns = TURNS
        self._context = copy_context()  # the context in which generators run
        self._isDebugged = loop.get_debug()
        self._done: Any = loop.create_future()
        self._request: Handle | None = None  # the slice that has been requested
        self._alarm: tuple[float, TimerHandle] | None = None
        self._deadlockCheck = DeadlockCheck(scheduler)

    # The run

    async def wait(self) -> None:
        """Wait until the run is over. A signal that has arrived before it has its effect now."""
        signals = self._scheduler.signals
        if signals is None:
            await self._waitForEnd()
            return
        with wokenBySignals(self.loop):
            signals.begin()
            await self._waitForEnd()

    async def _waitForEnd(self) -> None:
        if not self._scheduler.isOver():
            self.requestSlice()
            await self._done

    def finish(self) -> None:
        """End the run: no further slice begins."""
        if not self._done.done():
            self._done.set_result(None)

    def isOver(self) -> bool:
        """Return whether the run has ended."""
        return bool(self._done.done())

    def close(self) -> None:
        """Cancel the pending slice and the alarm."""
        if self._request is not None:
            self._request.cancel()
        if self._alarm is not None:
            self._alarm[1].cancel()
        self._request = self._alarm = None

    # Slices

    def requestSlice(self) -> None:
        """Make the loop call a slice, unless one has been requested."""
        if self._request is None:
            self._request = self.loop.call_soon(self._slice, context=self._context)

    def isSliceRequested(self) -> bool:
        """Return whether the loop is about to call a slice."""
        return self._request is not None

    def requestSliceFromThread(self) -> None:
        """Make the loop call a slice. May be called in any thread."""
        try:
            self.loop.call_soon_threadsafe(self._sliceNow, context=self._context)
        except RuntimeError:  # the loop has just been closed: the next run takes the call
            return

    def _slice(self) -> None:
        self._request = None
        if self._done.done():
            return
        scheduler = self._scheduler
        try:
            if scheduler.calls:
                scheduler.calls.callAll()
            scheduler.timers.wakeDue()
            self._giveTurns(scheduler)
        except EndOfRound:
            self.finish()
        except BaseException as error:  # noqa: BLE001 - raised when all have ended
            scheduler.errors.append(error)
            self.finish()
        else:
            if scheduler.isOver():
                self.finish()

    def _sliceNow(self) -> None:
        """Run a slice unless one is requested: there must be one chain of requests only."""
        if self._request is None:
            self._slice()

    def _giveTurns(self, scheduler: Any) -> None:
        now = self._elapsed()
        until = now + SLICE
        queue = scheduler.queue
        turns = self._turns if not self._slowmo else max(1, len(queue.ready))
        run: Callable[[int], bool] = self._giveTimedTurn if self._isDebugged else queue.run
        brake = scheduler.brake
        if brake.isPaused:
            run = brake.run
        while run(turns):
            if self._slowmo:
                sleep(self._slowmo)
                now = self._elapsed()
            else:
                before, now = now, self._elapsed()
                turns = self._turns = turnsAfter(turns, now - before)
            if now >= until:
                self.requestSlice()
                if active_count() > 1:
                    sleep(GIVE_WAY)
                break
        else:
            if not brake.isPaused:
                self._deadlockCheck.check()
        self.setAlarm()

    def _giveTimedTurn(self, _: int) -> bool:
        """Give one turn, and log the name of its microprocess if it takes too long."""
        queue = self._scheduler.queue
        task, began = queue.nextTask(), self._elapsed()
        try:
            return bool(queue.run(1))
        finally:
            seconds = self._elapsed() - began
            if task is not None and seconds > SLOW_TURN:
                ErrorRouting.warn(f"a turn of {task.nameOfProcess()} took {seconds:.3f} seconds")

    # The alarm

    def setAlarm(self) -> None:
        """Set the alarm for the next timeout; an earlier alarm may stay."""
        due = self._scheduler.timers.next()
        if self._alarm is not None:
            if due is not None and self._alarm[0] <= due:
                return
            self._alarm[1].cancel()
            self._alarm = None
        if due is not None and not self._done.done():
            self._ringIn(max(0.0, due - self._scheduler.timers.clock.now()), due)

    def _ringIn(self, seconds: float, due: float) -> None:
        self._alarm = due, self.loop.call_later(seconds, self._ring, due, context=self._context)

    def _ring(self, due: float) -> None:
        """Give turns if it is time: uvloop counts milliseconds, and may ring up to one early."""
        if due - self._scheduler.timers.clock.now() > EXACT:
            self._ringIn(GRAIN, due)
            return
        self._alarm = None
        self._sliceNow()


def turnsAfter(turns: int, seconds: float) -> int:
    """Return how many turns to give before the clock is read again.

    The last `turns` took `seconds`. The next ones should take no longer than a slice.
    """
    if seconds > SLICE:
        return max(1, int(turns * SLICE / seconds))
    return min(TURNS, 2 * turns) if seconds < SLICE / 4 else turns
