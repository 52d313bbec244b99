"""The scheduler: runs microprocesses until none is left, on an asyncio event loop or by hand.

Example usage
-------------
    Ticker().activate()
    scheduler.run.runThreads()                  # on a new event loop, until all have ended

    await scheduler.run.runAsync()              # on the event loop that already runs

    for _ in scheduler.run.main(): ...          # by hand, a turn at a time, without a loop

How does it work?
-----------------
`scheduler.run` is the default scheduler: activate() uses it unless another one is given.
`scheduler.run = scheduler()` starts afresh. The scheduler keeps the tasks and the time, and
leaves the work to its parts: Axon.RunQueue gives the turns, Axon.Lifecycle reacts to ends,
errors and requests, Axon.Timers wakes sleeping tasks, and Axon.LoopRun and Axon.StepRun drive
these, a slice or a turn at a time.

Termination: a run ends when no microprocess is left, after stop(), or with the first error
that nothing handles; the remaining microprocesses are then terminated in order, and the error
is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from threading import get_ident
from time import sleep
from types import GeneratorType
from typing import TYPE_CHECKING, Any, ClassVar

from Axon import Core, ErrorRouting, HistoricalNames, ProcessHooks, WaitDescriptions
from Axon.Attendants import Attendants
from Axon.Brake import Brake
from Axon.ForeignProcesses import ForeignProcesses
from Axon.HistoricalNames import *  # noqa: F403 - for programs that import them from here
from Axon.Lifecycle import Lifecycle
from Axon.MainBodies import runnable
from Axon.Microprocess import microprocess
from Axon.RunQueue import EndOfRound, RunQueue
from Axon.Signals import Signals
from Axon.StartHooks import startHooks
from Axon.StepRun import StepRun
from Axon.Task import Task
from Axon.ThreadCalls import ThreadCalls
from Axon.Timers import Clock, Timers

if TYPE_CHECKING:
    import asyncio

    from Axon.LoopRun import LoopRun
    from Axon.Observer import Observer

__all__ = ["scheduler"]
__all__ += HistoricalNames.__all__


class scheduler(microprocess):
    """scheduler([clock][, queue]) -> runs the microprocesses that are activated in it.

    clock: the source of the time (Axon.Timers.Clock).
    queue: decides which task has the next turn (Axon.RunQueue.RunQueue).
    """

    run: scheduler = None  # type: ignore[assignment] # the default scheduler
    wait_for_one: ClassVar[bool] = False
    hasRun: ClassVar[bool] = False  # whether any scheduler has run in this process
    isImmortal: ClassVar[bool] = False  # see immortalise()

    def __init__(
        self, clock: Clock | None = None, queue: RunQueue | None = None, **argd: Any
    ) -> None:
        super().__init__()
        self.tasks: dict[Task, None] = {}  # activated and not ended, in activation order
        self.timers = Timers(clock or Clock())
        self.lifecycle = Lifecycle(self)
        self.queue = RunQueue() if queue is None else queue  # an empty one is false
        self.queue.handler = self.lifecycle
        self.observers: tuple[Observer, ...] = ()  # told of activations and ends
        self.attendants = Attendants()  # they observe this system, and are no part of it
        self.brake = Brake(self)
        self.outside = 0  # the number of threads, sockets and jobs that could wake a task
        self.jobs: set[asyncio.Task[None]] = set()  # of async bodies
        self.calls = ThreadCalls()
        self.signals: Signals | None = None  # while it runs on an event loop of its own
        self.loop: asyncio.AbstractEventLoop | None = None  # while it runs on an event loop
        self.loopRun: LoopRun | None = None  # the run on that loop
        self.isHost = False  # whether it has made the event loop on which it runs
        self.endsWhenIdle = False  # whether its loop stops the run when nothing can happen any more
        self._foreignProcesses = ForeignProcesses()
        self._thread: int | None = None  # the thread that runs it, while it runs
        if scheduler.run is None:
            scheduler.run = self  # type: ignore[unreachable] # programs set it to None

    @property
    def time(self) -> float:
        """The time of day, in seconds as time.time() gives it."""
        return self.timers.clock.timeOfDay()

    @property
    def errors(self) -> list[BaseException]:
        """The errors that end this run; they are raised when all microprocesses have ended."""
        return self.lifecycle.errors

    @property
    def isEnding(self) -> bool:
        """Whether the remaining microprocesses are being terminated."""
        return self.lifecycle.isEnding

    # Registration

    def admit(self, task: Task, body: Any) -> None:
        """Register an activated microprocess; `body` is the result of its main method."""
        if type(body) is not GeneratorType:
            body = runnable(body, task, self)
        task.body, task.resume = body, body.send
        if self.isRunByOtherThread():
            self.callFromThread(lambda: self._joinFromThread(task))
        else:
            self._join(task)

    def _join(self, task: Task) -> None:
        self.tasks[task] = None
        if self.observers:
            for observer in self.observers:
                observer.activated(task.process)
        if self.wait_for_one:
            scheduler.wait_for_one = False
        self.queue.join(task)

    def _joinFromThread(self, task: Task) -> None:
        self._join(task)
        if task.process.isStopRequested():  # since its activation
            self.halt(task)

    def _addThread(self, mprocess: Any) -> None:
        """Activate a microprocess, or another object with its historical methods."""
        self._foreignProcesses.microprocessOf(mprocess, mayBeNew=True).activate(Scheduler=self)

    def addObserver(self, observer: Observer) -> None:
        """Tell `observer` of activations and ends from now on."""
        self.observers = (*self.observers, observer)

    def removeObserver(self, observer: Observer) -> None:
        """Stop telling `observer`."""
        self.observers = tuple(each for each in self.observers if each is not observer)

    def listAllThreads(self) -> list[Any]:
        """Return all microprocesses that have been activated and have not ended."""
        return [self._foreignProcesses.originalOf(task.process) for task in self.tasks]

    def isThreadPaused(self, mprocess: Any) -> bool:
        """Return whether `mprocess` sleeps or is held."""
        known = self._foreignProcesses.microprocessOf(mprocess)
        return known is not None and bool(known.isPaused())

    def wakeThread(self, mprocess: Any, canActivate: bool = False) -> None:
        """Wake `mprocess`, from any thread. canActivate: activate it first if that is necessary."""
        known = self._foreignProcesses.microprocessOf(mprocess, mayBeNew=canActivate)
        if known is None:
            return
        if canActivate:
            known.activate(Scheduler=self)
        task: Task = known.getTask()
        if self.isRunByOtherThread():
            self.callFromThread(task.wakeUnlessWaiting)
        else:
            task.wakeUnlessWaiting()

    def pauseThread(self, mprocess: Any) -> None:
        """Let `mprocess` sleep from its next yield on."""
        known = self._foreignProcesses.microprocessOf(mprocess)
        if known is not None and known.isActive():
            known.pause()

    def wakeAfter(self, task: Task, seconds: float) -> None:
        """Wake `task` after `seconds`, unless something else wakes it before."""
        self.wakeAt(task, self.timers.clock.now() + seconds)

    def wakeAt(self, task: Task, due: float) -> None:
        """Wake `task` when the clock shows `due`, unless something else wakes it before."""
        self.timers.wakeAt(task, due)
        if self.loopRun is not None and not self.queue.isRunning:
            self.loopRun.setAlarm()

    # Ends

    @classmethod
    def immortalise(cls) -> None:
        """Log every uncaught error from now on, and let the other microprocesses continue."""
        cls.isImmortal = True

    @classmethod
    def mortalise(cls) -> None:
        """Undo immortalise(): an error that nothing handles ends the run, as by default."""
        cls.isImmortal = False

    @classmethod
    def waitForOne(cls) -> None:
        """Let the next run wait for its first microprocess, which another thread may activate."""
        cls.wait_for_one = True

    def stop(self) -> None:
        """End the run after the current cycle, and call stop() on all that remain."""
        if self.isRunByOtherThread():
            self.callFromThread(self.queue.stop)
        elif self.isRunning():
            self.queue.stop()

    def halt(self, task: Task) -> None:
        """End `task` in place of its next turn; callable in any thread."""
        if self.isRunByOtherThread():
            self.callFromThread(lambda: self.lifecycle.halt(task))
        else:
            self.lifecycle.halt(task)

    def finish(self, task: Task) -> None:
        """End `task` now. The caller is in the scheduler's thread."""
        self.lifecycle.finish(task)

    def handleMicroprocessShutdownKnockon(self, knockon: Any) -> None:
        """Act on the result of a _closeDownMicroprocess(): stop others, or wake one."""
        self.lifecycle.handleKnockon(knockon)

    def endWith(self, error: BaseException) -> None:
        """End the run in order, and raise `error`; a KeyboardInterrupt has a note of all waits."""
        if self.loopRun is not None and not self.loopRun.isOver():
            WaitDescriptions.noteAt(error, self.attendants.others(self.tasks))
            self.errors.append(error)
            self.loopRun.finish()

    def reportAsleep(self, sentence: str) -> None:
        """Log that all components sleep and nothing is left that could wake them."""
        ErrorRouting.warn(sentence)

    def endAll(self) -> None:
        """Terminate what is left in this scheduler, which does not run, and raise the errors."""
        if not self.isRunning():
            self.lifecycle.begin()
            self.lifecycle.endAll()
            self.lifecycle.isEnding = False
            ErrorRouting.raiseAll(self.errors)

    # State and thread

    def isRunning(self) -> bool:
        """Return whether a thread runs this scheduler."""
        return self._thread is not None

    def isRunByOtherThread(self) -> bool:
        """Return whether a thread other than the calling one runs this scheduler."""
        return self._thread is not None and self._thread != get_ident()

    def isOver(self) -> bool:
        """Return whether nothing is left to run or to wait for; attendants may be left."""
        if self.tasks and not (self.attendants and self.attendants.areAlone(self.tasks)):
            return False
        return not self.calls and not (self.wait_for_one and not self.errors)

    def ownsLoop(self) -> bool:
        """Return whether this scheduler has made the event loop on which it runs."""
        return self.isHost

    def isAtWorkOutside(self) -> bool:
        """Return whether a thread of a component is at work, so that virtual time stands still."""
        return any(task.process.isAtWork() for task in self.tasks)

    def callFromThread(self, function: Callable[[], object]) -> None:
        """Call `function()` in the scheduler's thread; the only entry for other threads."""
        self.calls.append(function)
        loopRun = self.loopRun
        if loopRun is None:
            self.calls.interruptWait()
        else:
            loopRun.requestSliceFromThread()

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
        from Axon.EventLoop import checkNoLoopRuns  # here, because it imports asyncio

        self.checkNotRunning()
        checkNoLoopRuns()

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Run the scheduler in this thread; afterwards it is clean and can run again."""
        self.checkNotRunning()
        scheduler.hasRun = True
        self._thread = get_ident()
        self.lifecycle.begin()
        if self.tasks:
            scheduler.wait_for_one = False
        try:
            yield
        finally:
            if self.loopRun is not None:
                self.loopRun.close()
            self._thread = self.loop = self.loopRun = None
            self.brake.release()
            scheduler.wait_for_one = False

    # Runs

    def main(self, slowmo: float = 0, canblock: bool = False) -> Generator[int, None, None]:
        """Give one turn for each next(), without an event loop, until no microprocess is left.

        slowmo: seconds to sleep after each turn. canblock: sleep while none is ready.
        A virtual clock advances to the next timeout whenever none is ready.
        """
        with self._running(), startHooks(self):
            run = StepRun(self, canblock)
            try:
                while not self.isOver():
                    run.step()
                    try:
                        yield 1
                    except GeneratorExit:  # the caller stops stepping: everything stays as it is
                        return
                    if slowmo:
                        sleep(slowmo)
            except EndOfRound:
                self.lifecycle.endAll()
            except BaseException as error:  # noqa: BLE001 - raised when all have ended
                WaitDescriptions.noteAt(error, self.attendants.others(self.tasks))
                self.errors.append(error)
                self.lifecycle.endAll()
            ErrorRouting.raiseAll(self.errors)

    def runThreads(self, slowmo: float = 0) -> None:
        """Run on a new event loop until no microprocess is left.

        slowmo: seconds to sleep after each slice, in which each has at most one turn.
        Raises the error that ended the run; several are an ExceptionGroup. For the
        effect of signals see Axon.Signals.
        """
        from Axon.EventLoop import runOnNewLoop  # here, because it imports asyncio

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
        ErrorRouting.raiseAll(signals.remaining(self.lifecycle.takeErrors()))
        signals.follow()

    async def runAsync(self, slowmo: float = 0) -> None:
        """Run as a guest of the event loop that already runs, until no microprocess is left.

        Raises as runThreads does. When it is cancelled, all microprocesses are ended first.
        """
        await self._runOnLoop(slowmo)
        ErrorRouting.raiseAll(self.lifecycle.takeErrors())

    async def _runOnLoop(self, slowmo: float) -> None:
        """Run on the event loop that runs, and leave all errors in `errors`."""
        from asyncio import CancelledError, get_running_loop

        from Axon.LoopRun import LoopRun  # here, because it imports asyncio

        with self._running():
            self.loop = get_running_loop()
            self.loopRun = loopRun = LoopRun(self, self.loop, slowmo)
            with startHooks(self):
                try:
                    await loopRun.wait()
                except CancelledError as error:
                    self.errors.append(error)
                finally:
                    loopRun.finish()
                    self.lifecycle.endAll()
                    loopRun.close()
                    await ErrorRouting.waitForBodies(self)


if not TYPE_CHECKING and Core.compiled is not None:
    Core.replace(
        scheduler, admit="admit", _join="joinQueue", wakeAfter="wakeAfter", wakeAt="wakeAt"
    )
    Core.compiled.provideScheduler(scheduler, get_ident, runnable)

microprocess.setSchedulerClass(scheduler)
scheduler.run = scheduler()
ProcessHooks.install(scheduler)
