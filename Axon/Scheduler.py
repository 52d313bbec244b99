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

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from threading import Event, active_count, get_ident
from time import monotonic, sleep
from types import GeneratorType
from typing import Any, ClassVar

from Axon import Ending
from Axon.debug import debug
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
from Axon.Timers import Clock, Timers
from Axon.Turns import ENDED, READY, EndOfRound, RunQueue, Task
from Axon.util import removeAll

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


class scheduler(microprocess):
    """scheduler([clock][, queue]) -> gives turns to the microprocesses that are activated in it.

    clock: where the time comes from (Axon.Timers.Clock); queue: who is next (Axon.Turns.RunQueue).
    """

    run: Any = None
    wait_for_one: ClassVar[bool] = False
    _isImmortal: ClassVar[bool] = False

    def __init__(
        self, clock: Clock | None = None, queue: RunQueue | None = None, **argd: Any
    ) -> None:
        super().__init__()
        self.tasks: dict[Task, None] = {}  # all that have begun and not ended, in order
        self.timers = Timers(clock or Clock())
        self.queue = RunQueue() if queue is None else queue  # an empty one is false
        self.queue.keeper = self
        self.outside = 0  # how many could be woken from outside: threads, sockets
        self.loop: Any = None
        self.jobs: set[Any] = set()  # the asyncio tasks of async bodies
        self.errors: list[BaseException] = []
        self._announced: list[BaseException] = []  # those of them that have been logged
        self._thread: int | None = None  # the one that runs it, while it runs
        self._calls: deque[Callable[[], object]] = deque()
        self._doorbell = Event()
        self._done: Any = None
        self._armed: Any = None  # the slice that has been asked for
        self._alarm: Any = None
        self._isEnding = False

    # Who is there

    def admit(self, task: Task, body: Any) -> None:
        """A microprocess is activated: `body` is what its main method gave."""
        if type(body) is not GeneratorType:
            body = self._bodyOf(body, task)
        task.body, task.resume = body, body.send
        if self._isElsewhere():
            self.callFromThread(lambda: self._join(task))
        else:
            self._join(task)

    def _bodyOf(self, body: Any, task: Task) -> Any:
        """What steps a main method's result that is not quite a generator."""
        if hasattr(body, "__await__") and hasattr(body, "send"):
            from Axon.AsyncBody import AsyncBody  # here, because it brings asyncio

            return AsyncBody(body, task, self)
        if not hasattr(body, "send") or not hasattr(body, "throw"):
            raise TypeError(
                f"the main method of {task.process.name} must be a generator function"
                f" (with a yield in it) or an async function; it gave {body!r}"
            )
        return body

    def _join(self, task: Task) -> None:
        self.tasks[task] = None
        if self.wait_for_one:
            scheduler.wait_for_one = False
        self.queue.join(task)
        if task.process._isStopping:  # by another thread, before it came here
            self.halt(task)

    def listAllThreads(self) -> list[Any]:
        """All microprocesses that have been activated and have not ended."""
        return [task.process for task in self.tasks]

    def isThreadPaused(self, mprocess: Any) -> bool:
        """Whether `mprocess` sleeps or is held."""
        state = mprocess._task.state
        return bool(state < READY or ENDED > state > READY + 3)

    def wakeThread(self, mprocess: Any, canActivate: bool = False) -> None:
        """Wakes `mprocess`, from any thread; activates it first if it may and has not begun."""
        if canActivate:
            mprocess.activate(Scheduler=self)
        if self._isElsewhere():
            self.callFromThread(mprocess._task.nudge)
        else:
            mprocess._task.nudge()

    def pauseThread(self, mprocess: Any) -> None:
        """`mprocess` sleeps from its next yield on."""
        mprocess.pause()

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
        if self._isElsewhere():
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
        """A turn ended with something else than 1; most such values mean nothing."""
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

    def becameReady(self) -> bool:
        """Somebody is ready, and no slice is under way: one is asked for. False: none can be."""
        if self.loop is None or self._isEnding:
            return False
        if self._armed is None:
            self._armed = self.loop.call_soon(self._slice)
        return True

    # Endings

    def halt(self, task: Task) -> None:
        """Ends `task` when its next turn would have come."""
        if self._isElsewhere():
            self.callFromThread(lambda: self.halt(task))
            return
        task.resume = _raiseStopIteration
        task.force()

    def finish(self, task: Task) -> None:
        """Ends `task` now: closes its body, calls stop(), then wakes those who wait for it."""
        if task.state == ENDED:
            return
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
                    watcher._task.nudge()
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
        """Ends all that remain, in order, and collects their errors."""
        self._isEnding = True
        while self.tasks:
            task = next(iter(self.tasks))
            try:
                self.finish(task)
            except BaseException as error:  # noqa: BLE001 - raised when all have ended
                Ending.describe(error, task.process)
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

    def _isElsewhere(self) -> bool:
        return self._thread is not None and self._thread != get_ident()

    def callFromThread(self, function: Callable[[], object]) -> None:
        """The one door for other threads: `function()` is called in the scheduler's."""
        self._calls.append(function)
        loop = self.loop
        if loop is None:
            self._doorbell.set()
            return
        try:
            loop.call_soon_threadsafe(self._sliceNow)
        except RuntimeError:  # it has just been closed: the call waits for the next run
            return

    def _takeCalls(self) -> None:
        while self._calls:
            self._calls.popleft()()

    @contextmanager
    def _running(self) -> Iterator[None]:
        """This thread runs the scheduler; afterwards it is clean and can run again."""
        self._refuseTwice()
        self._thread, self._isEnding, self.errors = get_ident(), False, []
        self._announced = []
        if self.tasks:
            scheduler.wait_for_one = False
        try:
            yield
        finally:
            self._thread = self.loop = self._done = None
            if self._armed is not None:
                self._armed.cancel()
                self._armed = None
            scheduler.wait_for_one = False

    def _refuseTwice(self) -> None:
        if self._thread is not None:
            raise RuntimeError("this scheduler is running already")

    def _isOver(self) -> bool:
        return not self.tasks and not self._calls and not (self.wait_for_one and not self.errors)

    # By hand

    def main(self, slowmo: float = 0, canblock: bool = False) -> Generator[int, None, None]:
        """A turn for each next(), without any loop; ends when no microprocess is left.

        slowmo: seconds to sleep after each turn. canblock: sleep while nobody is ready.
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
            if canblock:
                due = self.timers.next()
                self._doorbell.wait(None if due is None else max(0, due - self.timers.clock.now()))

    # On a loop

    def runThreads(self, slowmo: float = 0) -> None:
        """Runs on an event loop of its own until no microprocess is left.

        slowmo: seconds to sleep after each slice, in which each has at most one turn.
        Raises the error that ended the run; several are an ExceptionGroup.
        """
        from Axon.EventLoop import runOnNewLoop  # here, because it brings asyncio

        self._refuseTwice()
        self._isHost = True
        try:
            runOnNewLoop(self.runAsync(slowmo), self.timers.clock)
        finally:
            self._isHost = False

    _isHost = False

    def ownsLoop(self) -> bool:
        """Whether it runs on an event loop that it has made itself, so that signals are its own."""
        return self._isHost

    async def runAsync(self, slowmo: float = 0) -> None:
        """Runs as a guest of the event loop that already runs, until no microprocess is left.

        Raises as runThreads does. When it is cancelled, all microprocesses are ended first.
        """
        from asyncio import CancelledError, get_running_loop

        with self._running():
            self.loop = get_running_loop()
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
            Ending.raiseAll(self.errors)

    _slowmo: float = 0

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
        while self.queue.run(turns):
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
        self._setAlarm()

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
            self._alarm = due, self.loop.call_later(delay, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._sliceNow()

    def _checkDeadlock(self) -> None:
        """Says so when everybody who could go on waits for somebody who cannot."""
        if not self.queue.held or self.outside or self._calls or active_count() > 1:
            return
        if self.timers.next() is None and (self.loop is None or self._isHost):
            raise Ending.deadlockOf(self.queue.held)


def _raiseStopIteration(_: None) -> object:
    raise StopIteration


microprocess.setSchedulerClass(scheduler)
scheduler.run = scheduler()
