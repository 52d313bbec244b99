"""The scheduler: runs microprocesses until none is left, as a guest of an asyncio event loop.

Example usage
-------------
    Ticker().activate()
    scheduler.run.runThreads()                  # a loop of its own, until all have ended

    await scheduler.run.runAsync()              # in a loop that already runs

    for _ in scheduler.run.main(): ...          # by hand, a turn at a time, without any loop

How does it work?
-----------------
`scheduler.run` is the scheduler of all who are activated without naming one;
`scheduler.run = scheduler()` starts afresh. Who is ready runs in slices, each
one callback of the loop, of a millisecond or two; when nobody is ready nothing
is scheduled at all. Axon.Turns gives out the turns, Axon.Timers wakes sleepers.

Termination: when no microprocess is left; after stop(); or with the first error
that nobody answers for: then all others are ended in order, and it is raised.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from threading import Event, active_count, get_ident
from time import monotonic, sleep
from types import GeneratorType
from typing import Any, ClassVar

from Axon import Ending, Waits
from Axon.debug import debug
from Axon.Foreign import Foreigners
from Axon.Hooks import plainResult
from Axon.idGen import numId, strId
from Axon.Ipc import (
    WaitComplete,
    errorInformation,
    ipc,
    newComponent,
    notify,
    producerFinished,
    reactivate,
    shutdown,
    shutdownMicroprocess,
    status,
    wouldblock,
)
from Axon.Microprocess import microprocess
from Axon.Observer import Observer
from Axon.Signals import Signals
from Axon.Timers import Clock, Timers, VirtualClock
from Axon.Turns import ENDED, READY, EndOfRound, RunQueue, Task
from Axon.util import removeAll
from Axon.YieldCheck import KINDS, faultOf

__all__ = [  # what programs import from here, other modules' names included
    "WaitComplete",
    "debug",
    "errorInformation",
    "ipc",
    "microprocess",
    "newComponent",
    "notify",
    "numId",
    "producerFinished",
    "reactivate",
    "removeAll",
    "scheduler",
    "shutdown",
    "shutdownMicroprocess",
    "status",
    "strId",
    "wouldblock",
]

SLICE = 0.002  # seconds: how long others on the loop may have to wait
# Seconds between slices in which other threads can run. Without it they might never: a loop that
# lets go of the interpreter's lock for an instant every few milliseconds takes it again before
# they wake, and they ask for it only after having waited for sys.getswitchinterval().
GIVE_WAY = 0.00005
TURNS = 128  # between two looks at the time
SLOW_TURN = 0.05  # seconds; in asyncio's debug mode a longer turn is logged


class scheduler(microprocess):
    """scheduler([clock][, queue]) -> gives turns to the microprocesses that are activated in it.

    clock: where the time comes from (Axon.Timers.Clock); queue: who is next (Axon.Turns.RunQueue).
    """

    run: Any = None
    wait_for_one: ClassVar[bool] = False
    hasRun: ClassVar[bool] = False  # any of them, in this process
    _isImmortal: ClassVar[bool] = False

    def __init__(
        self, clock: Clock | None = None, queue: RunQueue | None = None, **argd: Any
    ) -> None:
        super().__init__()
        self.tasks: dict[Task, None] = {}  # all that have begun and not ended, in order
        self.timers = Timers(clock or Clock())
        self.queue = RunQueue() if queue is None else queue  # an empty one is false
        self.queue.keeper = self
        self.observers: tuple[Observer, ...] = ()  # told of activations and ends
        self.outside = 0  # how many could be woken from outside: threads, sockets
        self.loop: Any = None
        self.jobs: set[Any] = set()  # the asyncio tasks of async bodies
        self.errors: list[BaseException] = []
        self._announced: list[BaseException] = []  # those of them that have been logged
        self.signals: Signals | None = None  # while it runs on an event loop of its own
        self._foreigners = Foreigners(self)
        self._context: Context | None = None  # that generators run in; by hand, the caller's
        self._thread: int | None = None  # the one that runs it, while it runs
        self._calls: deque[Callable[[], object]] = deque()
        self._doorbell = Event()
        self._done: Any = None
        self._armed: Any = None  # the slice that has been asked for
        self._alarm: Any = None
        self._isEnding = False
        self._isStillReported = False
        if scheduler.run is None:
            scheduler.run = self

    @property
    def time(self) -> float:
        """The time of day, in seconds as time.time() gives it."""
        return self.timers.clock.timeOfDay()

    # Registration

    def admit(self, task: Task, body: Any) -> None:
        """Register an activated microprocess; `body` is the result of its main method."""
        if type(body) is not GeneratorType:
            body = self._bodyOf(body, task)
        task.body, task.resume = body, body.send
        if self.isElsewhere():
            self.callFromThread(lambda: self._join(task))
        else:
            self._join(task)

    def _bodyOf(self, body: Any, task: Task) -> Any:
        """Return an object that runs `body`, which is not a plain generator, turn by turn."""
        if hasattr(body, "__await__") and hasattr(body, "send"):
            from Axon.AsyncBody import AsyncBody  # here, because it brings asyncio

            return AsyncBody(body, task, self)
        if hasattr(body, "__anext__"):
            raise TypeError(
                f"the async main of {task.process.name} contains a yield: write await"
                " instead, such as `await asyncio.sleep(0)` to end a turn; or write `def main`"
            )
        if not hasattr(body, "send") or not hasattr(body, "throw"):
            raise TypeError(
                f"the main method of {task.process.name} must be a generator function"
                f" (with a yield in it) or an async function; it gave {body!r}"
            )
        return body

    def _join(self, task: Task) -> None:
        self.tasks[task] = None
        if self.observers:
            for observer in self.observers:
                observer.activated(task.process)
        if self.wait_for_one:
            scheduler.wait_for_one = False
        self.queue.join(task)
        if task.process._isStopping:  # by another thread, before it came here
            self.halt(task)

    def _addThread(self, mprocess: Any) -> None:
        """Activate `mprocess`: a microprocess, or any object with __next__(), stop() and
        _closeDownMicroprocess().
        """
        self._foreigners.microprocessOf(mprocess, mayBeNew=True).activate(Scheduler=self)

    def addObserver(self, observer: Observer) -> None:
        """Tell `observer` of activations and ends from now on."""
        self.observers = (*self.observers, observer)

    def removeObserver(self, observer: Observer) -> None:
        """Tell `observer` of nothing any longer."""
        self.observers = tuple(each for each in self.observers if each is not observer)

    def listAllThreads(self) -> list[Any]:
        """Return all microprocesses that have been activated and have not ended."""
        return [self._foreigners.originalOf(task.process) for task in self.tasks]

    def isThreadPaused(self, mprocess: Any) -> bool:
        """Return whether `mprocess` sleeps or is held."""
        known = self._foreigners.microprocessOf(mprocess)
        if known is None:
            return False
        state = known._task.state
        return bool(state < READY or ENDED > state > READY + 3)

    def wakeThread(self, mprocess: Any, canActivate: bool = False) -> None:
        """Wake `mprocess`, from any thread.

        canActivate: activate it first, if it has not been activated.
        """
        known = self._foreigners.microprocessOf(mprocess, mayBeNew=canActivate)
        if known is None:
            return
        if canActivate:
            known.activate(Scheduler=self)
        if self.isElsewhere():
            self.callFromThread(known._task.nudge)
        else:
            known._task.nudge()

    def pauseThread(self, mprocess: Any) -> None:
        """Let `mprocess` sleep from its next yield on."""
        known = self._foreigners.microprocessOf(mprocess)
        if known is not None and known._task.isAlive():
            known.pause()

    def wakeAfter(self, task: Task, seconds: float) -> None:
        """`task` sleeps for at most `seconds`."""
        self.wakeAt(task, self.timers.clock.now() + seconds)

    def wakeAt(self, task: Task, due: float) -> None:
        """`task` sleeps until the clock says `due`, or less."""
        self.timers.wakeAt(task, due)
        if self.loop is not None and not self.queue.isRunning:
            self._setAlarm()

    @classmethod
    def immortalise(cls) -> None:
        """From now on the scheduler answers for every error: it is logged, and the others go on."""
        cls._isImmortal = True

    @classmethod
    def mortalise(cls) -> None:
        """An error that nobody answers for ends the run again, as it does by default."""
        cls._isImmortal = False

    @classmethod
    def waitForOne(cls) -> None:
        """The next run waits for a first microprocess, which may come from another thread."""
        cls.wait_for_one = True

    def stop(self) -> None:
        """Ends the run when the current cycle is over; stop() is then called on all that remain."""
        if self.isElsewhere():
            self.callFromThread(self.queue.stop)
        elif self._thread is not None:
            self.queue.stop()

    # What a RunQueue says

    def ended(self, task: Task) -> None:
        """The body of `task` came to its end; so did the task, unless another had called it."""
        if task.callers is not None and not task.process._isStopping:
            task.goBack(None)
        else:
            if not task.process._isStopping:
                task.body = None  # which has ended of itself, and need not be closed
            try:
                self.finish(task)
            except BaseException as error:  # noqa: BLE001 - somebody answers, or it is raised
                self._judge(task, error)

    def failed(self, task: Task, error: BaseException) -> None:
        """`task` raised `error`: its caller, or somebody above, answers for it, or the run ends."""
        if task.callers is not None and not task.process._isStopping:
            task.goBack(error)
        else:
            self._judge(task, error)
            self.finish(task)

    def _judge(self, task: Task, error: BaseException) -> None:
        """Logs `error` if somebody answers for it; else raises it, and says whose it was."""
        isAnswered = isinstance(error, Exception | GeneratorExit) and (
            self._isImmortal or Ending.isAnsweredFor(task, error)
        )
        if not isAnswered:
            Ending.describe(error, task.process)
            task.resume = _raiseStopIteration
            raise error
        Ending.log(error, task.process)

    def asked(self, task: Task, request: object) -> None:
        """A turn ended with another value than 1. Act on it if it is a request.

        A wait that was yielded without `from` is an error; any other value is ignored.
        """
        if isinstance(request, newComponent):
            for each in request.components():
                each.activate(Scheduler=self)
        elif isinstance(request, WaitComplete) and not task.process._isStopping:
            body = request.args[0] if request.args else None
            if hasattr(body, "send") and hasattr(body, "throw"):
                task.call(body)
            else:
                wrong = f"WaitComplete runs a generator, such as self.greet(), not {body!r}"
                task.resume = task.thrower(TypeError(wrong))
        elif type(request) in KINDS and (fault := faultOf(task.process.name, request)):
            task.resume = task.thrower(TypeError(fault))
            task.wake()  # it does not sleep before it has the error

    def becameReady(self) -> bool:
        """Somebody is ready, and no slice is under way: one is asked for. False: none can be."""
        if self.loop is None or self._isEnding:
            return False
        if self._armed is None:
            self._armed = self.loop.call_soon(self._slice, context=self._context)
        return True

    # Endings

    def halt(self, task: Task) -> None:
        """Ends `task` when its next turn would have come."""
        if self.isElsewhere():
            self.callFromThread(lambda: self.halt(task))
            return
        task.resume = _raiseStopIteration
        task.force()

    def finish(self, task: Task) -> None:
        """Ends `task` now: closes its body, calls stop(), then wakes those who wait for it."""
        if task.state == ENDED:
            return
        if self.observers:
            for observer in self.observers:
                observer.ending(task.process)
        task.state = ENDED
        self.tasks.pop(task, None)
        if task in self.timers.pending:
            self.timers.forget(task)
        if self.queue.held:
            self.queue.held.discard(task)
        process = task.process
        task.resume = _raiseStopIteration
        try:
            if task.body is not None or task.callers is not None:
                Ending.closeBodies(task)
        finally:
            try:
                process.stop()
            finally:
                for watcher in task.watchers:  # first: also when what follows raises an error
                    watcher.childEnded(process)
                knockon = process._closeDownMicroprocess()
                if knockon:
                    plainResult(knockon, "_closeDownMicroprocess", process)
                    self.handleMicroprocessShutdownKnockon(knockon)
                if not process.hasChildren():  # whose errors would go on upwards
                    task.watchers = ()
                task.letGo()

    def handleMicroprocessShutdownKnockon(self, knockon: Any) -> None:
        """Acts on what a _closeDownMicroprocess() gave: others to stop, or one to wake."""
        if isinstance(knockon, shutdownMicroprocess):
            for each in knockon.microprocesses():
                each.stop()
        elif isinstance(knockon, reactivate):
            self.wakeThread(knockon.original)

    def _endAll(self) -> None:
        """Terminate the remaining microprocesses in activation order, and collect their errors."""
        self._isEnding = True
        while self.tasks:
            for task in list(self.tasks):
                process = task.process  # kept: a task that has ended only refers to it weakly
                try:
                    self.finish(task)
                except BaseException as error:  # noqa: BLE001 - raised when all have ended
                    Ending.describe(error, process)
                    self.errors.append(error)
        self.queue.ready.clear()
        self.queue.newcomers.clear()
        self.queue.isStopping = False

    def announceErrors(self) -> None:
        """Log the errors that end this run before something that may delay their being raised."""
        for error in self.errors:
            if isinstance(error, Exception) and error not in self._announced:
                self._announced.append(error)
                Ending.logFatal(error)

    # Threads meet here

    def isElsewhere(self) -> bool:
        """Return whether another thread runs this scheduler."""
        return self._thread is not None and self._thread != get_ident()

    def callFromThread(self, function: Callable[[], object]) -> None:
        """The one door for other threads: `function()` is called in the scheduler's."""
        self._calls.append(function)
        loop = self.loop
        if loop is None:
            self._doorbell.set()
            return
        try:
            loop.call_soon_threadsafe(self._sliceNow, context=self._context)
        except RuntimeError:  # it has just been closed: the call waits for the next run
            return

    def _takeCalls(self) -> None:
        while self._calls:
            self._calls.popleft()()

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Run the scheduler in this thread; afterwards it is clean and can run again."""
        self._refuseTwice()
        scheduler.hasRun = True
        self._thread, self._isEnding, self.errors = get_ident(), False, []
        self._announced = []
        self._isStillReported = False
        if self.tasks:
            scheduler.wait_for_one = False
        try:
            yield
        finally:
            self._thread = self.loop = self._done = self._context = None
            if self._armed is not None:
                self._armed.cancel()
                self._armed = None
            scheduler.wait_for_one = False

    def _refuseTwice(self) -> None:
        if self._thread is None:
            return
        where = "in this thread" if self._thread == get_ident() else "in another thread"
        raise RuntimeError(
            f"this scheduler is running already, {where}: use activate(), which hands a component"
            " over to it, instead of run()"
        )

    def refuseRun(self) -> None:
        """Raise RuntimeError if runThreads() cannot be called here and now."""
        from Axon.EventLoop import refuseSecondLoop  # here, because it brings asyncio

        self._refuseTwice()
        refuseSecondLoop()

    def _isOver(self) -> bool:
        return not self.tasks and not self._calls and not (self.wait_for_one and not self.errors)

    # By hand

    def main(self, slowmo: float = 0, canblock: bool = False) -> Generator[int, None, None]:
        """Give one turn for each next(), without an event loop, until no microprocess is left.

        slowmo: seconds to sleep after each turn. canblock: sleep while none is ready.
        A virtual clock advances to the next timeout whenever none is ready.
        """
        with self._running():
            try:
                while not self._isOver():
                    self._step(canblock)
                    try:
                        yield 1
                    except GeneratorExit:  # whoever stepped has had enough: all stays as it is
                        return
                    if slowmo:
                        sleep(slowmo)
            except EndOfRound:
                self._endAll()
            except BaseException as error:  # noqa: BLE001 - raised when all have ended
                self.errors.append(error)
                self._endAll()
            Ending.raiseAll(self.errors)

    def _step(self, canblock: bool) -> None:
        self._doorbell.clear()
        self._takeCalls()
        self.timers.wakeDue()
        if self.queue:
            self.queue.run(1)
        elif self.tasks or self.wait_for_one:
            self._checkDeadlock()
            due, clock = self.timers.next(), self.timers.clock
            if isinstance(clock, VirtualClock):
                if due is not None and not self.isAtWorkOutside():
                    clock.advanceTo(due)
            elif canblock:
                self._doorbell.wait(None if due is None else max(0, due - clock.now()))

    def isAtWorkOutside(self) -> bool:
        """Return whether a thread of a component is at work, so that virtual time stands still."""
        return any(task.process.isAtWork() for task in self.tasks)

    # On a loop

    def runThreads(self, slowmo: float = 0) -> None:
        """Run on a new event loop until no microprocess is left.

        slowmo: seconds to sleep after each slice, in which each has at most one turn.
        Raises the error that ended the run; several are an ExceptionGroup. For the
        effect of signals see Axon.Signals.
        """
        from Axon.EventLoop import runOnNewLoop  # here, because it brings asyncio

        self.refuseRun()
        self._isHost, self.signals = True, Signals(self)
        signals = self.signals
        try:
            with signals.installed():
                runOnNewLoop(self._runOnLoop(slowmo), self.timers.clock, self.isAtWorkOutside)
        except BaseException as error:  # noqa: BLE001 - raised with those of the components
            self.errors.insert(0, error)
        finally:
            self._isHost, self.signals = False, None
        errors, self.errors = self.errors, []
        Ending.raiseAll(signals.remaining(errors))
        signals.follow()

    _isHost = False

    def ownsLoop(self) -> bool:
        """Return whether it runs on an event loop that it has made itself."""
        return self._isHost

    async def runAsync(self, slowmo: float = 0) -> None:
        """Run as a guest of the event loop that already runs, until no microprocess is left.

        Raises as runThreads does. When it is cancelled, all microprocesses are ended first.
        """
        await self._runOnLoop(slowmo)
        errors, self.errors = self.errors, []
        Ending.raiseAll(errors)

    async def _runOnLoop(self, slowmo: float) -> None:
        """Run on the event loop that runs, and leave all errors in `errors`."""
        from asyncio import CancelledError, get_running_loop

        with self._running():
            self.loop, self._context = get_running_loop(), copy_context()
            self._isDebugged = self.loop.get_debug()
            self._done = self.loop.create_future()
            self._slowmo = slowmo
            try:
                if not self._isOver():
                    self.becameReady()
                    await self._done
            except CancelledError as error:
                self.errors.append(error)
            finally:
                self._endAll()
                self._setAlarm()
                await Ending.waitForBodies(self)

    def endWith(self, error: BaseException) -> None:
        """End the run in order, and raise `error`; a KeyboardInterrupt has a note of what each
        component waits for.
        """
        if self._done is not None and not self._done.done():
            if self.tasks and isinstance(error, KeyboardInterrupt):
                error.add_note(Waits.describeAll(self.tasks))
            self.errors.append(error)
            self._done.set_result(None)

    _slowmo: float = 0
    _isDebugged = False

    def _slice(self) -> None:
        """One callback of the loop: turns for those who are ready, for a little while."""
        self._armed = None
        if self._done is None or self._done.done():
            return
        try:
            self._takeCalls()
            self.timers.wakeDue()
            self._giveTurns()
        except EndOfRound:
            self._done.set_result(None)
        except BaseException as error:  # noqa: BLE001 - raised when all have ended
            self.errors.append(error)
            self._done.set_result(None)
        else:
            if self._isOver():
                self._done.set_result(None)

    def _sliceNow(self) -> None:
        """A slice, unless one has been asked for: two that ask for their like would never end."""
        if self._armed is None:
            self._slice()

    def _giveTurns(self) -> None:
        until = monotonic() + SLICE
        turns = TURNS if not self._slowmo else max(1, len(self.queue.ready))
        run = self._giveTimedTurn if self._isDebugged else self.queue.run
        while run(turns):
            if self._slowmo:
                sleep(self._slowmo)
            if monotonic() >= until:
                self.becameReady()
                if active_count() > 1:
                    sleep(GIVE_WAY)
                break
        else:
            if self.queue.held:
                self._checkDeadlock()
            if not self._isStillReported and self.timers.next() is None:
                self._reportStandstill()
        self._setAlarm()

    def _giveTimedTurn(self, _: int) -> bool:
        """Give one turn, and log the name of its microprocess if it takes too long."""
        task, began = self.queue.nextTask(), monotonic()
        try:
            return self.queue.run(1)
        finally:
            seconds = monotonic() - began
            if task is not None and seconds > SLOW_TURN:
                Ending.warn(f"a turn of {task.nameOfProcess()} took {seconds:.3f} seconds")

    def _setAlarm(self) -> None:
        """The loop calls when the next sleeper is due, or sooner: an alarm that is set may stay."""
        due = self.timers.next() if not self._isEnding else None
        if self._alarm is not None:
            if due is not None and self._alarm[0] <= due:
                return
            self._alarm[1].cancel()
            self._alarm = None
        if due is not None:
            delay = max(0.0, due - self.timers.clock.now())
            call = self.loop.call_later(delay, self._ring, context=self._context)
            self._alarm = due, call

    def _ring(self) -> None:
        self._alarm = None
        self._sliceNow()

    def _checkDeadlock(self) -> None:
        """Raise deadlock if some are held, and none of those that could release them can run."""
        if self.queue.held and not self.outside and self._isAtStandstill():
            raise Ending.deadlockOf(self.queue.held)

    def _isAtStandstill(self) -> bool:
        """Return whether no timer, no other thread and nothing else of the program wakes any."""
        if self._calls or active_count() > 1 or self.timers.next() is not None:
            return False
        return self.loop is None or self._isHost

    def _reportStandstill(self) -> None:
        """Log once that all sleep and nothing outside can wake them, with what they wait for."""
        isForGood = self.tasks and not self.outside and not self.wait_for_one
        if isForGood and self._isAtStandstill() and not Waits.hasOtherJobs():
            self._isStillReported = True
            Ending.warn(
                "all components sleep, and nothing is left that could wake them.\n"
                + Waits.describeAll(self.tasks)
            )


def _raiseStopIteration(_: None) -> object:
    raise StopIteration


microprocess.setSchedulerClass(scheduler)
scheduler.run = scheduler()


def _afterForkInChild() -> None:
    """In a process that was forked within a turn: the run goes on in the parent alone."""
    if scheduler.run is not None and scheduler.run._thread is not None:
        scheduler.run = scheduler()


def _reportNeverRun() -> None:
    """At the interpreter's exit: say that what was activated has never run."""
    run = scheduler.run
    hasFailed = hasattr(sys, "last_value") or hasattr(sys, "last_exc")
    if run is not None and run.tasks and not scheduler.hasRun and not hasFailed:
        Ending.warn(
            f"{Waits.namesOf(run.tasks)} activated, but never run: call scheduler.run.runThreads(),"
            " or run() instead of the last activate()"
        )


atexit.register(_reportNeverRun)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_afterForkInChild)
