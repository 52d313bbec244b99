"""The lifecycle of tasks: what follows when a body ends, fails or yields a request.

How does it work?
-----------------
A run queue (Axon.RunQueue) gives the turns and reports three events to the Lifecycle of its
scheduler: a body has ended, a body has raised an error, or a turn has yielded another value
than 1. The Lifecycle resumes the caller of a body, asks the parents whether they handle an
error, acts on requests, and finishes tasks. Axon.ErrorRouting contains the rules for errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from Axon import Core, ErrorRouting
from Axon.Hooks import isAwaitable, plainResult
from Axon.Ipc import WaitComplete, newComponent, reactivate, shutdownMicroprocess
from Axon.Task import ENDED, HOLD, RUNNING, raiseStopIteration
from Axon.YieldCheck import KINDS, faultOf, remedyFor

if TYPE_CHECKING:
    from Axon.LoopRun import LoopRun
    from Axon.Observer import Observer
    from Axon.RunQueue import RunQueue
    from Axon.Task import Task
    from Axon.Timers import Timers


class TaskOwner(Protocol):
    """The part of a scheduler that its Lifecycle uses."""

    loopRun: LoopRun | None
    observers: tuple[Observer, ...]
    queue: RunQueue
    tasks: dict[Task, None]
    timers: Timers

    @property
    def isImmortal(self) -> bool:
        """Whether errors of components are logged and end no run."""

    def wakeThread(self, mprocess: Any) -> None:
        """Wake a microprocess."""


class Lifecycle:
    """Lifecycle(scheduler) -> the reactions of `scheduler` to the events of its tasks.

    It has the interface Axon.RunQueue.TaskHandler.
    """

    __slots__ = ("_announced", "_scheduler", "errors", "isEnding")

    def __init__(self, scheduler: TaskOwner) -> None:
        self._scheduler = scheduler
        self.begin()

    def begin(self) -> None:
        """Prepare for a run: no error has occurred, and no task is being terminated."""
        self.errors: list[BaseException] = []  # the errors that end the run
        self._announced: list[BaseException] = []  # those of them that have been logged
        self.isEnding = False  # the remaining microprocesses are being terminated

    # Events of the run queue

    def taskEnded(self, task: Task) -> None:
        """Handle the end of a body: resume the body that called it, or finish the task."""
        if task.resume is not raiseStopIteration:
            if task.callers is not None:
                task.returnToCaller(None)
                return
            task.body = None  # it has ended by itself and needs no close()
        try:
            self.finish(task)
        except BaseException as error:  # noqa: BLE001 - logged or raised by judge()
            self._judge(task, error)

    def taskFailed(self, task: Task, error: BaseException) -> None:
        """Handle an error of a body: raise it in the body that called it, or finish the task.

        Raise the error again, which ends the run, unless a parent or immortalise() handles it.
        """
        if task.callers is not None and task.resume is not raiseStopIteration:
            task.returnToCaller(error)
        else:
            self._judge(task, error)
            self.finish(task)

    def _judge(self, task: Task, error: BaseException) -> None:
        """Log `error` if it is handled; otherwise raise it with a note that names the component."""
        isHandled = isinstance(error, Exception | GeneratorExit) and (
            self._scheduler.isImmortal or ErrorRouting.isHandled(task, error)
        )
        if remedy := remedyFor(error):
            error.add_note(remedy)
        if not isHandled:
            ErrorRouting.describe(error, task.process)
            task.resume = raiseStopIteration
            raise error
        ErrorRouting.log(error, task.process)

    def taskRequested(self, task: Task, request: object) -> None:
        """Act on the value that a turn has yielded, if it is a request.

        A wait that was yielded without `from` is an error. Any other value is ignored.
        """
        if isinstance(request, newComponent):
            for each in request.components():
                each.activate(Scheduler=self._scheduler)
        elif isinstance(request, WaitComplete) and not task.process.isStopRequested():
            _runInPlace(task, request)
        elif type(request) in KINDS and (fault := faultOf(task.process.name, request)):
            task.resume = task.thrower(TypeError(fault))
            task.wake()  # it does not sleep before it has received the error

    def becameReady(self) -> bool:
        """Request a slice, because a task is ready and none runs. Return whether one will come."""
        loopRun = self._scheduler.loopRun
        if loopRun is None or self.isEnding:
            return False
        loopRun.requestSlice()
        return True

    # Ends

    def halt(self, task: Task) -> None:
        """End `task` in place of its next turn. The caller is in the scheduler's thread."""
        task.resume = raiseStopIteration
        if task.state == RUNNING:
            task.wish |= HOLD  # so that fallAsleep() is called, which keeps it awake
        task.force()

    def finish(self, task: Task) -> None:
        """End `task` now: close its bodies, call stop(), then wake the watchers."""
        if task.state == ENDED:
            return
        scheduler, process = self._scheduler, task.process
        if scheduler.observers:
            for observer in scheduler.observers:
                observer.ending(process)
        task.state = ENDED
        scheduler.tasks.pop(task, None)
        if task in scheduler.timers.pending:
            scheduler.timers.forget(task)
        if scheduler.queue.held:
            scheduler.queue.held.discard(task)
        task.resume = raiseStopIteration
        try:
            if task.body is not None or task.callers is not None:
                ErrorRouting.closeBodies(task)
        finally:
            try:
                process.stop()
            finally:
                for watcher in task.watchers:  # first: also when what follows raises an error
                    watcher.childEnded(process)
                knockon = process._closeDownMicroprocess()  # a hook; its name is historical
                if knockon:
                    plainResult(knockon, "_closeDownMicroprocess", process)
                    self.handleKnockon(knockon)
                if task.watchers and not process.hasChildren():  # whose errors go to the watchers
                    task.watchers = ()
                task.releaseProcess()

    def handleKnockon(self, knockon: Any) -> None:
        """Act on the result of a _closeDownMicroprocess(): stop others, or wake one."""
        if isinstance(knockon, shutdownMicroprocess):
            for each in knockon.microprocesses():
                each.stop()
        elif isinstance(knockon, reactivate):
            self._scheduler.wakeThread(knockon.original)

    def endAll(self) -> None:
        """Terminate the remaining microprocesses in activation order, and collect their errors."""
        self.isEnding = True
        scheduler = self._scheduler
        while scheduler.tasks:
            for task in list(scheduler.tasks):
                process = task.process  # kept: a task that has ended only refers to it weakly
                try:
                    self.finish(task)
                except BaseException as error:  # noqa: BLE001 - raised when all have ended
                    ErrorRouting.describe(error, process)
                    self.errors.append(error)
        scheduler.queue.clear()

    def announceErrors(self) -> None:
        """Log the errors that end this run before something that may delay their being raised."""
        for error in self.errors:
            if isinstance(error, Exception) and error not in self._announced:
                self._announced.append(error)
                ErrorRouting.logFatal(error)

    def takeErrors(self) -> list[BaseException]:
        """Return the errors that have ended the run, and forget them."""
        errors, self.errors = self.errors, []
        return errors


def _runInPlace(task: Task, request: WaitComplete) -> None:
    """Let `task` run the generator in `request`; raise TypeError in its body if there is none."""
    body = request.args[0] if request.args else None
    if hasattr(body, "send") and hasattr(body, "throw") and not isAwaitable(body):
        task.call(body)
        return
    wrong = f"WaitComplete runs a generator, such as self.greet(), not {body!r}"
    task.resume = task.thrower(TypeError(wrong))
    if body is not None and hasattr(body, "close"):
        body.close()  # otherwise Python warns that a coroutine was never awaited


if not TYPE_CHECKING and Core.compiled is not None:
    Core.replace(Lifecycle, taskEnded="taskEnded", finish="finish")
    Core.compiled.provideLifecycle(
        Lifecycle, raiseStopIteration, ErrorRouting.closeBodies, plainResult
    )
