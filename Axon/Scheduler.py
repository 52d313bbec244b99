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
is scheduled at all. Axon.RunQueue gives out the turns, Axon.Timers wakes sleepers.

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
from threading import Event, get_ident
from time import sleep
from types import GeneratorType
from typing import TYPE_CHECKING, Any, ClassVar

from Axon import ErrorRouting, WaitDescriptions
from Axon.DeadlockCheck import DeadlockCheck
from Axon.debug import debug
from Axon.ForeignProcesses import ForeignProcesses
from Axon.Hooks import isAwaitable, plainResult
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
from Axon.RunQueue import ENDED, READY, EndOfRound, RunQueue, Task
from Axon.Signals import Signals
from Axon.Timers import Clock, Timers, VirtualClock
from Axon.util import removeAll
from Axon.YieldCheck import KINDS, faultOf

if TYPE_CHECKING:
    from Axon.LoopRun import LoopRun

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


class scheduler(microprocess):
    """scheduler([clock][, queue]) -> gives turns to the microprocesses that are activated in it.

    clock: where the time comes from (Axon.Timers.Clock).
    queue: decides which task has the next turn (Axon.RunQueue.RunQueue).
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
        self.queue.handler = self
        self.observers: tuple[Observer, ...] = ()  # told of activations and ends
        self.outside = 0  # how many could be woken from outside: threads, sockets
        self.loop: Any = None
        self.jobs: set[Any] = set()  # the asyncio tasks of async bodies
        self.errors: list[BaseException] = []
        self._announced: list[BaseException] = []  # those of them that have been logged
        self.signals: Signals | None = None  # while it runs on an event loop of its own
        self._foreignProcesses = ForeignProcesses()
        self._thread: int | None = None  # the one that runs it, while it runs
        self._calls: deque[Callable[[], object]] = deque()
        self._wakeEvent = Event()
        self.loopRun: LoopRun | None = None  # while it runs on an event loop
        self.isHost = False  # it runs on an event loop that it has made itself
        self.isEnding = False  # the remaining microprocesses are being terminated
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
        if self.isRunByOtherThread():
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
        self._foreignProcesses.microprocessOf(mprocess, mayBeNew=True).activate(Scheduler=self)

    def addObserver(self, observer: Observer) -> None:
        """Tell `observer` of activations and ends from now on."""
        self.observers = (*self.observers, observer)

    def removeObserver(self, observer: Observer) -> None:
        """Tell `observer` of nothing any longer."""
        self.observers = tuple(each for each in self.observers if each is not observer)

    def listAllThreads(self) -> list[Any]:
        """Return all microprocesses that have been activated and have not ended."""
        return [self._foreignProcesses.originalOf(task.process) for task in self.tasks]

    def isThreadPaused(self, mprocess: Any) -> bool:
        """Return whether `mprocess` sleeps or is held."""
        known = self._foreignProcesses.microprocessOf(mprocess)
        if known is None:
            return False
        state = known._task.state
        return bool(state < READY or ENDED > state > READY + 3)

    def wakeThread(self, mprocess: Any, canActivate: bool = False) -> None:
        """Wake `mprocess`, from any thread.

        canActivate: activate it first, if it has not been activated.
        """
        known = self._foreignProcesses.microprocessOf(mprocess, mayBeNew=canActivate)
        if known is None:
            return
        if canActivate:
            known.activate(Scheduler=self)
        if self.isRunByOtherThread():
            self.callFromThread(known._task.wakeUnlessWaiting)
        else:
            known._task.wakeUnlessWaiting()

    def pauseThread(self, mprocess: Any) -> None:
        """Let `mprocess` sleep from its next yield on."""
        known = self._foreignProcesses.microprocessOf(mprocess)
        if known is not None and known._task.isAlive():
            known.pause()

    def wakeAfter(self, task: Task, seconds: float) -> None:
        """`task` sleeps for at most `seconds`."""
        self.wakeAt(task, self.timers.clock.now() + seconds)

    def wakeAt(self, task: Task, due: float) -> None:
        """`task` sleeps until the clock says `due`, or less."""
        self.timers.wakeAt(task, due)
        if self.loopRun is not None and not self.queue.isRunning:
            self.loopRun.setAlarm()

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
        if self.isRunByOtherThread():
            self.callFromThread(self.queue.stop)
        elif self._thread is not None:
            self.queue.stop()

    # What a RunQueue says

    def taskEnded(self, task: Task) -> None:
        """The body of `task` came to its end; so did the task, unless another had called it."""
        if task.callers is not None and not task.process._isStopping:
            task.returnToCaller(None)
        else:
            if not task.process._isStopping:
                task.body = None  # which has ended of itself, and need not be closed
            try:
                self.finish(task)
            except BaseException as error:  # noqa: BLE001 - somebody answers, or it is raised
                self._judge(task, error)

    def taskFailed(self, task: Task, error: BaseException) -> None:
        """`task` raised `error`: its caller, or somebody above, answers for it, or the run ends."""
        if task.callers is not None and not task.process._isStopping:
            task.returnToCaller(error)
        else:
            self._judge(task, error)
            self.finish(task)

    def _judge(self, task: Task, error: BaseException) -> None:
        """Logs `error` if somebody answers for it; else raises it, and says whose it was."""
        isAnswered = isinstance(error, Exception | GeneratorExit) and (
            self._isImmortal or ErrorRouting.isAnsweredFor(task, error)
        )
        if not isAnswered:
            ErrorRouting.describe(error, task.process)
            task.resume = _raiseStopIteration
            raise error
        ErrorRouting.log(error, task.process)

    def taskRequested(self, task: Task, request: object) -> None:
        """A turn ended with another value than 1. Act on it if it is a request.

        A wait that was yielded without `from` is an error; any other value is ignored.
        """
        if isinstance(request, newComponent):
            for each in request.components():
                each.activate(Scheduler=self)
        elif isinstance(request, WaitComplete) and not task.process._isStopping:
            body = request.args[0] if request.args else None
            if hasattr(body, "send") and hasattr(body, "throw") and not isAwaitable(body):
                task.call(body)
            else:
                wrong = f"WaitComplete runs a generator, such as self.greet(), not {body!r}"
                task.resume = task.thrower(TypeError(wrong))
                if body is not None and hasattr(body, "close"):
                    body.close()  # otherwise Python warns that a coroutine was never awaited
        elif type(request) in KINDS and (fault := faultOf(task.process.name, request)):
            task.resume = task.thrower(TypeError(fault))
            task.wake()  # it does not sleep before it has the error

    def becameReady(self) -> bool:
        """Request a slice, because a task is ready and none runs. Return whether one will come."""
        if self.loopRun is None or self.isEnding:
            return False
        self.loopRun.requestSlice()
        return True

    # Endings

    def halt(self, task: Task) -> None:
        """Ends `task` when its next turn would have come."""
        if self.isRunByOtherThread():
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
                ErrorRouting.closeBodies(task)
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
                if task.watchers and not process.hasChildren():  # whose errors go on upwards
                    task.watchers = ()
                task.releaseProcess()

    def handleMicroprocessShutdownKnockon(self, knockon: Any) -> None:
        """Acts on what a _closeDownMicroprocess() gave: others to stop, or one to wake."""
        if isinstance(knockon, shutdownMicroprocess):
            for each in knockon.microprocesses():
                each.stop()
        elif isinstance(knockon, reactivate):
            self.wakeThread(knockon.original)

    def _endAll(self) -> None:
        """Terminate the remaining microprocesses in activation order, and collect their errors."""
        self.isEnding = True
        while self.tasks:
            for task in list(self.tasks):
                process = task.process  # kept: a task that has ended only refers to it weakly
                try:
                    self.finish(task)
                except BaseException as error:  # noqa: BLE001 - raised when all have ended
                    ErrorRouting.describe(error, process)
                    self.errors.append(error)
        self.queue.ready.clear()
        self.queue.newcomers.clear()
        self.queue.isStopping = False

    def announceErrors(self) -> None:
        """Log the errors that end this run before something that may delay their being raised."""
        for error in self.errors:
            if isinstance(error, Exception) and error not in self._announced:
                self._announced.append(error)
                ErrorRouting.logFatal(error)

    # Threads meet here

    def isRunByOtherThread(self) -> bool:
        """Return whether another thread runs this scheduler."""
        return self._thread is not None and self._thread != get_ident()

    def callFromThread(self, function: Callable[[], object]) -> None:
        """Call `function()` in the scheduler's thread; the only entry for other threads."""
        self._calls.append(function)
        loopRun = self.loopRun
        if loopRun is None:
            self._wakeEvent.set()
        else:
            loopRun.requestSliceFromThread()

    def hasCalls(self) -> bool:
        """Return whether calls from threads wait for the next slice."""
        return bool(self._calls)

    def takeCalls(self) -> None:
        """Make the calls that came from threads."""
        while self._calls:
            self._calls.popleft()()

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Run the scheduler in this thread; afterwards it is clean and can run again."""
        self.checkNotRunning()
        scheduler.hasRun = True
        self._thread, self.isEnding, self.errors = get_ident(), False, []
        self._announced = []
        if self.tasks:
            scheduler.wait_for_one = False
        try:
            yield
        finally:
            if self.loopRun is not None:
                self.loopRun.close()
            self._thread = self.loop = self.loopRun = None
            scheduler.wait_for_one = False

    def checkNotRunning(self) -> None:
        """Raise RuntimeError if this scheduler is running."""
        if self._thread is None:
            return
        where = "in this thread" if self._thread == get_ident() else "in another thread"
        raise RuntimeError(
            f"this scheduler is running already, {where}: use activate(), which hands a component"
            " over to it, instead of run()"
        )

    def checkMayRun(self) -> None:
        """Raise RuntimeError if runThreads() cannot be called here and now."""
        from Axon.EventLoop import checkNoLoopRuns  # here, because it brings asyncio

        self.checkNotRunning()
        checkNoLoopRuns()

    def isOver(self) -> bool:
        """Return whether nothing is left to run or to wait for."""
        return not self.tasks and not self._calls and not (self.wait_for_one and not self.errors)

    # By hand

    def main(self, slowmo: float = 0, canblock: bool = False) -> Generator[int, None, None]:
        """Give one turn for each next(), without an event loop, until no microprocess is left.

        slowmo: seconds to sleep after each turn. canblock: sleep while none is ready.
        A virtual clock advances to the next timeout whenever none is ready.
        """
        deadlockCheck = DeadlockCheck(self)
        with self._running():
            try:
                while not self.isOver():
                    self._step(canblock, deadlockCheck)
                    try:
                        yield 1
                    except GeneratorExit:  # whoever stepped has had enough: all stays as it is
                        return
                    if slowmo:
                        sleep(slowmo)
            except EndOfRound:
                self._endAll()
            except BaseException as error:  # noqa: BLE001 - raised when all have ended
                WaitDescriptions.noteAt(error, self.tasks)
                self.errors.append(error)
                self._endAll()
            ErrorRouting.raiseAll(self.errors)

    def _step(self, canblock: bool, deadlockCheck: DeadlockCheck) -> None:
        self._wakeEvent.clear()
        self.takeCalls()
        self.timers.wakeDue()
        if self.queue:
            self.queue.run(1)
        elif self.tasks or self.wait_for_one:
            deadlockCheck.checkHeld()
            due, clock = self.timers.next(), self.timers.clock
            if isinstance(clock, VirtualClock):
                if due is not None and not self.isAtWorkOutside():
                    clock.advanceTo(due)
            elif canblock:
                deadlockCheck.check()
                self._wakeEvent.wait(None if due is None else max(0, due - clock.now()))

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

        self.checkMayRun()
        self.isHost, self.signals = True, Signals(self)
        signals = self.signals
        try:
            with signals.installed():
                runOnNewLoop(self._runOnLoop(slowmo), self.timers.clock, self.isAtWorkOutside)
        except BaseException as error:  # noqa: BLE001 - raised with those of the components
            self.errors.insert(0, error)
        finally:
            self.isHost, self.signals = False, None
        errors, self.errors = self.errors, []
        ErrorRouting.raiseAll(signals.remaining(errors))
        signals.follow()

    def ownsLoop(self) -> bool:
        """Return whether it runs on an event loop that it has made itself."""
        return self.isHost

    async def runAsync(self, slowmo: float = 0) -> None:
        """Run as a guest of the event loop that already runs, until no microprocess is left.

        Raises as runThreads does. When it is cancelled, all microprocesses are ended first.
        """
        await self._runOnLoop(slowmo)
        errors, self.errors = self.errors, []
        ErrorRouting.raiseAll(errors)

    async def _runOnLoop(self, slowmo: float) -> None:
        """Run on the event loop that runs, and leave all errors in `errors`."""
        from asyncio import CancelledError, get_running_loop

        from Axon.LoopRun import LoopRun  # here, because it brings asyncio

        with self._running():
            self.loop = get_running_loop()
            self.loopRun = loopRun = LoopRun(self, self.loop, slowmo)
            try:
                await loopRun.wait()
            except CancelledError as error:
                self.errors.append(error)
            finally:
                loopRun.finish()
                self._endAll()
                loopRun.close()
                await ErrorRouting.waitForBodies(self)

    def endWith(self, error: BaseException) -> None:
        """End the run in order, and raise `error`; a KeyboardInterrupt has a note of what each
        component waits for.
        """
        if self.loopRun is not None and not self.loopRun.isOver():
            WaitDescriptions.noteAt(error, self.tasks)
            self.errors.append(error)
            self.loopRun.finish()


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
        ErrorRouting.warn(
            f"{WaitDescriptions.namesOf(run.tasks)} activated, but never run: call"
            " scheduler.run.runThreads(), or run() instead of the last activate()"
        )


atexit.register(_reportNeverRun)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_afterForkInChild)
