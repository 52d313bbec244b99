"""Microprocesses: a body that runs a turn at a time, and gives way in between.

Example usage
-------------
    class Hello(microprocess):
        def main(self):
            for word in ("hello", "world"):
                print(word)
                yield 1             # ends a turn; the others have theirs

    Hello().run()

How does it work?
-----------------
`main()` is a generator (or `async def`, see Axon.AsyncBody). `activate()` hands
it to a scheduler, which steps it: round robin, one turn each. `pause()` makes
it sleep from its next yield on. Components (Axon.Component) add boxes.

Termination: when `main()` ends, `stop()` is called, then those who wait for
this microprocess are woken. An error in `main()` ends the whole system, unless
somebody answers for it (see `childFailed`).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from Axon.Base import AxonObject
from Axon.ComponentCheck import checkMain
from Axon.debug import debug
from Axon.idGen import numId, tupleId
from Axon.Multiset import withItem, withoutItem
from Axon.RunQueue import ENDED, HOLD, NEW, PAUSE, WAIT_FOR_CHANGE, WAITING, Task
from Axon.YieldCheck import Wait, waitMethod

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

__all__ = ["debug", "microprocess", "tupleId"]  # debug and tupleId: programs import them from here

_ONCE = Wait("waitUntil", 1)  # `yield from` this: sleep once


class _NullScheduler:
    """Whom a microprocess asks before it has been activated: nothing happens."""

    @classmethod
    def wakeThread(cls, mprocess: Any) -> None:
        """Nobody sleeps before the first turn."""

    @classmethod
    def pauseThread(cls, mprocess: Any) -> None:
        """Nobody runs before the first turn."""

    @classmethod
    def isThreadPaused(cls, mprocess: Any) -> bool:
        return False

    @classmethod
    def runThreads(cls) -> None:
        """Nothing is left to run of what was stopped before it began."""


class _Name:
    """module.Class_N; a program may set another.

    It is not stored: an attribute that is added later would slow down the instance.
    """

    def __get__(self, process: Any, owner: type) -> Any:
        if process is None:
            return owner.__qualname__
        cls = type(process)
        return f"{cls.__module__}.{cls.__name__}_{process.id}"


class _Tracker:
    """The tracker of all who were not given another: services are found through it."""

    def __get__(self, process: Any, owner: type) -> Any:
        tracker: Any = getattr(owner, "trackerClass", None)
        return None if tracker is None else tracker.getcat()


class _Debugger:
    """The default debugger of each microprocess, made when it is first read.

    An attribute `debugger` of a class or an instance takes its place.
    """

    def __get__(self, process: Any, owner: type) -> Any:
        if process is None:
            return self
        process.debugger = debugger = debug()
        debugger.useConfig()
        return debugger


class _Init:
    """1 if microprocess.__init__ has run, else 0: old programs check it."""

    def __get__(self, process: Any, owner: type) -> int:
        return int(hasattr(process, "_task"))


class microprocess(AxonObject):
    """microprocess([thread]) -> something that runs concurrently once it is activated.

    thread: a generator to run instead of main().
    """

    schedulerClass: ClassVar[Any] = None
    trackerClass: ClassVar[Any] = None
    tracker: Any = _Tracker()
    scheduler: Any = _NullScheduler
    name: Any = _Name()
    debugger: Any = _Debugger()
    init: Any = _Init()

    def __init__(self, thread: Any = None, closeDownValue: Any = 0, tag: str = "") -> None:
        self.id = numId()
        self._task = Task(self)
        self.scheduler = _NullScheduler  # here, and not when first needed: what all instances have
        self._isStopping = False  # from the start needs no dictionary of its own
        if thread is not None or closeDownValue or tag:
            self._givenBody, self._closeDownValue = thread, closeDownValue
            self.name = f"{self.name}{tag}"

    _givenBody: Any = None
    _closeDownValue: Any = 0
    _isStopping = False

    @classmethod
    def setSchedulerClass(cls, newSchedulerClass: Any) -> None:
        """Whose attribute `run` is the scheduler of those who are activated without naming one."""
        cls.schedulerClass = newSchedulerClass

    @classmethod
    def setTrackerClass(cls, newTrackerClass: Any) -> None:
        """Whose `basecat` becomes the tracker of those who are activated without naming one."""
        cls.trackerClass = newTrackerClass

    def __str__(self) -> str:
        return str(self.name)

    # Life

    def activate(self, Scheduler: Any = None, Tracker: Any = None, mainmethod: str = "main") -> Any:
        """Hands this over to a scheduler, and gives it back. Twice is as good as once.

        Raises TypeError if the main method is no generator function and no coroutine function.
        """
        try:
            task = self._task
        except AttributeError:
            name = type(self).__name__
            raise TypeError(
                f"{name} cannot run: its __init__ must call super().__init__() first"
            ) from None
        isHandedOver = hasattr(task, "body")  # before it is born, if by another thread
        if not isHandedOver and not self._isStopping:
            self.scheduler = Scheduler if Scheduler is not None else self.schedulerClass.run
            if Tracker is not None:
                self.tracker = Tracker
            body = self._givenBody if self._givenBody is not None else getattr(self, mainmethod)()
            if hasattr(self.scheduler, "admit"):
                self.scheduler.admit(task, body)
            else:
                _handOver(self, body)
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
        """The body: a generator, each yield of which ends a turn. Yours to override."""
        checkMain(self, microprocess, ["main"])
        yield 1

    def __next__(self) -> object:
        """One turn by hand. Raises StopIteration at the end."""
        if not self._task.isAlive():
            raise StopIteration
        return self._task.resume(None)

    def next(self) -> object:
        """As next(microprocess)."""
        return self.__next__()

    def stop(self) -> None:
        """Ends this microprocess before its next turn. Called, too, when it has ended of itself."""
        wasStopping, self._isStopping = self._isStopping, True
        if self._task.state < NEW:
            self.scheduler.halt(self._task)
        elif self._task.state == NEW and not wasStopping:
            for watcher in self._task.watchers:  # the scheduler will not report an end
                watcher.childEnded(self)

    def terminate(self) -> None:
        """End this microprocess now, within this call, and not before its next turn.

        Its main() is closed, so that `finally` blocks run, stop() is called, and its watchers are
        woken. Raises what a `finally` block raises. Call it in the scheduler's thread.
        """
        if self._task.state < NEW:
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

    # Being held

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
        if task.state != WAITING:
            return False
        # A coroutine that awaits something else of the event loop is in the same state.
        isWaiting = getattr(task.body, "isWaitingForMessage", None)
        return isWaiting is None or bool(isWaiting())

    def _isRunnable(self) -> bool:
        """Whether it has begun, has not ended, and does not sleep."""
        return self._task.isRunnable()

    def isAtWork(self) -> bool:
        """Return whether something outside of the scheduler, such as a thread, works for this."""
        return False

    def _closeDownMicroprocess(self) -> Any:
        """Called last of all. May give shutdownMicroprocess(...) or reactivate(...) to act on."""
        return self._closeDownValue

    def hasChildren(self) -> bool:
        """Return whether errors of others may come to this one: only components have children."""
        return False

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """Asked when `culprit` (`child`, or one below it) raised `error`; True: I answer for it.

        Then the error is logged, the culprit ends, and the rest goes on. Called
        in the scheduler's thread, after the culprit's last turn; what it raises
        is an error of the whole system. Nobody answers by default.
        """
        return False

    # Sleep

    def pause(self, timeout: float | None = None) -> object:
        """Sleep from the next yield on, until anything wakes this, or for `timeout` seconds.

        A wake that comes before that yield is not lost. Before activation nothing happens.
        """
        return self._sleep(PAUSE, timeout)

    def pauseForChange(self, timeout: float | None = None) -> object:
        """Sleep from the next yield on, as in waitForChange(): for a body without `yield from`."""
        return self._sleep(WAIT_FOR_CHANGE, timeout)

    @waitMethod("waitForChange")
    def waitForChange(self, timeout: float | None = None) -> Generator[int, None, None]:
        """`yield from` this to sleep until a message comes, a child ends, or unpause() is called.

        Unlike pause(), it sleeps on when a message that this one sent is taken.
        """
        self._sleep(WAIT_FOR_CHANGE, timeout)
        yield 1

    def waitUntil(self, due: float) -> Iterable[int]:
        """As waitForChange, until the scheduler's clock says `due`, or sooner: when an earlier time
        is set already, it stays. So a time that moves on with each message costs no timer for each.
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
        """Wakes this, from any thread. Before activation nothing happens."""
        self.scheduler.wakeThread(self)


class _ForeignTask(Task):
    """The Task of a microprocess in a scheduler that is not Axon's own."""

    __slots__ = ()

    def isAlive(self) -> bool:
        return self.state != ENDED

    def isRunnable(self) -> bool:
        return self.isAlive() and not self.process.scheduler.isThreadPaused(self.process)

    def wake(self) -> None:
        """Pass a wake-up on: a message has arrived, or a child has ended."""
        self.process.scheduler.wakeThread(self.process)


def _handOver(process: microprocess, body: Any) -> None:
    """Give `process` to its scheduler, which is not Axon's own, through `_addThread`."""
    task = process._task
    task.__class__ = _ForeignTask
    task.body, task.resume = body, body.send
    task.deadline = inf  # so that pause() asks the scheduler
    process.scheduler._addThread(process)
