"""Microprocesses: bodies that run one turn at a time, concurrently with each other.

Example usage
-------------
    class Hello(microprocess):
        def main(self):
            for word in ("hello", "world"):
                print(word)
                yield 1             # ends the turn

    Hello().run()

How does it work?
-----------------
`main()` is a generator or a coroutine (`async def`, see Axon.AsyncBody). `activate()`
registers it with a scheduler, which gives turns in rounds, one turn to each microprocess.
After `pause()` a microprocess sleeps from its next yield on. Components (Axon.Component)
are microprocesses with boxes.

Termination: when `main()` ends, `stop()` is called, and the watchers of this microprocess are
woken. An error in `main()` ends the whole run, unless a watcher handles it (see `childFailed`).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Self

from Axon import Core
from Axon.Base import AxonObject
from Axon.ComponentCheck import checkMain
from Axon.debug import debug
from Axon.idGen import numId, tupleId
from Axon.Multiset import withItem, withoutItem
from Axon.ProcessDefaults import Debugger, Init, Name, NullScheduler, Tracker
from Axon.Task import (
    ENDED,
    HOLD,
    NEW,
    PAUSE,
    PAUSED,
    RUNNING,
    WAIT_FOR_CHANGE,
    WAITING,
    WAITING_FOR_CHANGE,
    ForeignScheduler,
    Task,
)
from Axon.YieldCheck import Wait

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["debug", "microprocess", "tupleId"]  # debug and tupleId: programs import them from here

# The results of waits, for `yield from`: sleep once.
_CHANGE = Wait("waitForChange", 1)
_ONCE = Wait("waitUntil", 1)


class microprocess(AxonObject):
    """microprocess([thread]) -> a body that runs concurrently once it is activated.

    thread: a generator to run instead of main().
    closeDownValue: the result of _closeDownMicroprocess(). tag: a suffix of the name.
    """

    schedulerClass: ClassVar[Any] = None
    trackerClass: ClassVar[Any] = None
    tracker: Any = Tracker()
    scheduler: Any = NullScheduler
    name: str = Name()  # type: ignore[assignment]
    debugger: debug = Debugger()  # type: ignore[assignment]
    init: int = Init()  # type: ignore[assignment]

    def __init__(self, thread: Any = None, closeDownValue: Any = 0, tag: str = "") -> None:
        self.id = numId()
        self._task = Task(self)
        self.scheduler = NullScheduler  # here, and not when first needed: what all instances have
        self._isStopping = False  # from the start needs no dictionary of its own
        if thread is not None or closeDownValue or tag:
            self._givenBody, self._closeDownValue = thread, closeDownValue
            self.name = f"{self.name}{tag}"

    _givenBody: Any = None
    _closeDownValue: Any = 0
    _isStopping = False

    @classmethod
    def setSchedulerClass(cls, newSchedulerClass: Any) -> None:
        """Set the class whose attribute `run` is the default scheduler."""
        cls.schedulerClass = newSchedulerClass

    @classmethod
    def setTrackerClass(cls, newTrackerClass: Any) -> None:
        """Set the class whose getcat() returns the default tracker."""
        cls.trackerClass = newTrackerClass

    def __str__(self) -> str:
        return str(self.name)

    # Life

    def activate(
        self, Scheduler: Any = None, Tracker: Any = None, mainmethod: str = "main"
    ) -> Self:
        """Register this with a scheduler, the default one if none is given, and return this.

        A second call does nothing. Raises TypeError if the main method is neither a generator
        function nor a coroutine function.
        """
        try:
            task = self._task
        except AttributeError:
            name = type(self).__name__
            raise TypeError(
                f"{name} cannot run: its __init__ must call super().__init__() first"
            ) from None
        isRegistered = hasattr(task, "body")  # also while another thread registers it
        if not isRegistered and not self._isStopping:
            self.scheduler = Scheduler if Scheduler is not None else self.schedulerClass.run
            if Tracker is not None:
                self.tracker = Tracker
            body = self._givenBody if self._givenBody is not None else getattr(self, mainmethod)()
            admit = getattr(self.scheduler, "admit", None)
            if admit is None:
                _handOver(self, body)
            else:
                admit(task, body)
        return self

    def run(self) -> None:
        """Activate this, and run the scheduler until nothing is left to run.

        Raises RuntimeError, and activates nothing, if this has ended, if the scheduler
        is running already, or if an event loop runs in this thread.
        """
        task = getattr(self, "_task", None)
        if task is not None and task.state == ENDED:
            raise RuntimeError(
                f"{self.name} has already run and ended, and cannot run again: make a new"
                f" {type(self).__name__}"
            )
        isActivated = task is not None and hasattr(task, "body")
        host = self.scheduler if isActivated else self.schedulerClass.run
        if hasattr(host, "checkMayRun"):
            host.checkMayRun()
        self.activate()
        self.scheduler.runThreads()

    def main(self) -> Any:
        """Run the microprocess: a generator, each yield of which ends a turn.

        Override it. A subclass may define it as a coroutine (`async def`); in a
        threadedcomponent it is a plain function. Its annotation is
        `Generator[object, None, None]` or that of a coroutine.
        """
        checkMain(self, microprocess, ["main"])
        yield 1

    def __next__(self) -> object:
        """Run one turn. Raise StopIteration if the body has ended."""
        if not self._task.isAlive():
            raise StopIteration
        return self._task.resume(None)

    def next(self) -> object:
        """Run one turn, as next(microprocess) does."""
        return self.__next__()

    def stop(self) -> None:
        """End this before its next turn. The scheduler also calls it when the body has ended."""
        wasStopping, self._isStopping = self._isStopping, True
        if self._task.state < NEW:
            self.scheduler.halt(self._task)
        elif self._task.state == NEW and not wasStopping:
            for watcher in self._task.watchers:  # the scheduler will not report an end
                watcher.childEnded(self)

    def terminate(self) -> None:
        """End this microprocess now, within this call, and not before its next turn.

        Its main() is closed, so that `finally` blocks run, stop() is called, and its watchers are
        woken. Raises what a `finally` block raises. Call it in the scheduler's thread. Called in
        its own turn, it is stop(): a running main() cannot be closed.
        """
        state = self._task.state
        if state < NEW and state != RUNNING:
            self.scheduler.finish(self._task)
        else:
            self.stop()

    def isActive(self) -> bool:
        """Return whether this has been activated and has not ended."""
        return self._task.state < NEW

    def hasEnded(self) -> bool:
        """Return whether this has ended, or was stopped before it was activated."""
        state = self._task.state
        return state == ENDED or (state == NEW and self._isStopping)

    def isStopped(self) -> bool:
        """Return whether this has ended, or stop() was called and it ends before its next turn."""
        return self._isStopping or self._task.state == ENDED  # programs have their own stop(), too

    _isStopped = isStopped  # the historical name

    def isStopRequested(self) -> bool:
        """Return whether stop() has been called."""
        return self._isStopping

    def getTask(self) -> Task:
        """Return the Task that represents this in a run queue (Axon.RunQueue).

        Schedulers, boxes and gates use it. Programs use the methods of this class instead.
        """
        return self._task

    # The microprocesses that are told of the end

    def addWatcher(self, watcher: microprocess) -> None:
        """Call `watcher.childEnded(self)` when this ends, and ask its childFailed() about errors.

        addChildren() does this for a parent. A watcher that was added twice is removed by two
        calls of removeWatcher().
        """
        task = self._task
        task.watchers = withItem(task.watchers, watcher)

    def removeWatcher(self, watcher: microprocess) -> None:
        """Undo one call of addWatcher(). Do nothing if `watcher` does not watch this."""
        task = self._task
        if watcher in task.watchers:
            task.watchers = withoutItem(task.watchers, watcher)

    def isWatchedBy(self, watcher: microprocess) -> bool:
        """Return whether `watcher` is told when this ends. After the end it is False."""
        return watcher in self._task.watchers

    def childEnded(self, child: Any) -> None:
        """Wake this: `child`, which it watches, has ended or was stopped before it was activated.

        The scheduler calls it in its own thread. An override must call it, too.
        """
        self._task.wakeUnlessWaiting()

    # Holding: flow control by full inboxes and connections

    def isHeld(self) -> bool:
        """Return whether this has to wait because an inbox or a connection it sent to is full."""
        gates = self._task.gates
        return gates is not None and any(gate.isShut() for gate in gates)

    def holdWhileFull(self) -> None:
        """Wait, from the next yield on, until no inbox or connection it sent to is full."""
        self._task.wish |= HOLD

    def unhold(self) -> None:
        """Wake this even if it is held, for example because it has nothing more to send."""
        self._task.force()

    def isWaitingForMessage(self) -> bool:
        """Return whether only a message wakes this: it waits in waitForMessage() or receive()."""
        task = self._task
        isWaiting = getattr(task.body, "isWaitingForMessage", None)
        if isWaiting is None:
            return task.state == WAITING
        return task.state in (PAUSED, WAITING_FOR_CHANGE) and bool(isWaiting())  # a coroutine

    def _isRunnable(self) -> bool:
        """Return whether this is activated, has not ended, and does not sleep."""
        return self._task.isRunnable()

    def isPaused(self) -> bool:
        """Return whether this sleeps, is held, or has not been activated."""
        return self._task.isPaused()

    def isAtWork(self) -> bool:
        """Return whether something outside of the scheduler, such as a thread, works for this."""
        return False

    def _closeDownMicroprocess(self) -> Any:
        """Return shutdownMicroprocess(...) or reactivate(...) for the scheduler to act on, or 0.

        The scheduler calls it at the end, after stop().
        """
        return self._closeDownValue

    def hasChildren(self) -> bool:
        """Return whether this has children, whose errors it may handle; only components have."""
        return False

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """Return whether this handles `error`, which `culprit` (`child` or a descendant) raised.

        If it does, the error is logged, the culprit ends, and the others continue. The
        scheduler calls it in its own thread, after the culprit's last turn. An error raised
        here ends the run. By default no error is handled.
        """
        return False

    # Sleep

    def pause(self, timeout: float | None = None) -> object:
        """Sleep from the next yield on until something wakes this, or for `timeout` seconds.

        A wake-up before that yield is not lost. Before activation this does nothing.
        """
        return self._sleep(PAUSE, timeout)

    def pauseForChange(self, timeout: float | None = None) -> object:
        """Sleep from the next yield on, as in waitForChange(): for a body without `yield from`."""
        return self._sleep(WAIT_FOR_CHANGE, timeout)

    def cancelPause(self) -> None:
        """Undo the pause() and the waits of this turn: it continues after its next yield."""
        self._task.wish = 0

    def waitForChange(self, timeout: float | None = None) -> Iterable[int]:
        """`yield from` this to sleep until a message arrives, a child ends, unpause() is called,
        or `timeout` seconds have passed.

        Unlike pause(), it continues to sleep when a message that this has sent is taken.
        """
        self._sleep(WAIT_FOR_CHANGE, timeout)
        return _CHANGE

    async def waitForWakeUp(self, alsoWhenTaken: bool = False) -> None:
        """In an `async def main`: wait until a message arrives, a child ends or unpause() is
        called.

        alsoWhenTaken: also until a message that this has sent is taken, as pause() does.
        """
        await self._task.body.wake(alsoWhenTaken)

    def waitUntil(self, due: float) -> Iterable[int]:
        """`yield from` this to wait as waitForChange() does, until the scheduler's clock shows
        `due` at the latest.

        An earlier time that is already set stays in effect. A deadline that each message moves
        forward therefore needs no new timer for each message.
        """
        task = self._task
        if task.state < NEW:
            task.wish = task.wish & ~3 | WAIT_FOR_CHANGE
            if due < (inf if task.deadline is None else task.deadline):
                self.scheduler.wakeAt(task, due)
        return _ONCE

    def _sleep(self, wish: int, timeout: float | None) -> object:
        task = self._task
        if task.state < NEW:
            task.wish = task.wish & ~3 | wish
            task.deadline = None
            if timeout is not None:
                self.scheduler.wakeAfter(task, timeout)
        elif task.state == NEW:  # not activated, or in a foreign scheduler
            self.scheduler.pauseThread(self)
        return 1

    def unpause(self) -> None:
        """Wake this, from any thread. Before activation this does nothing."""
        self.scheduler.wakeThread(self)


class _ForeignQueue:
    """Passes what concerns a task on to a scheduler that is not Axon's own.

    It has the interface Axon.Task.ForeignQueue.
    """

    __slots__ = ()

    def push(self, task: Task) -> None:
        task.process.scheduler.wakeThread(task.process)

    def isPaused(self, task: Task) -> bool:
        return bool(task.process.scheduler.isThreadPaused(task.process))


_FOREIGN = _ForeignQueue()


def _handOver(process: microprocess, body: Any) -> None:
    """Give `process` to its scheduler, which is not Axon's own."""
    task = process.getTask()
    task.queue = _FOREIGN
    task.body, task.resume = body, body.send
    task.deadline = inf  # so that pause() asks the scheduler
    host: ForeignScheduler = process.scheduler
    host._addThread(process)


if not TYPE_CHECKING and Core.compiled is not None:
    LIFE = ("activate", "stop", "isActive", "hasEnded", "isStopped", "addWatcher", "childEnded")
    WAITS = ("waitForChange", "pauseForChange", "waitUntil", "isHeld", "unpause")
    Core.replace(microprocess, *LIFE, *WAITS, _isStopped="isStopped", _sleep="sleep")
    Core.compiled.provideMicroprocesses(_handOver, _CHANGE, _ONCE, withItem)
