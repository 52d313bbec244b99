"""The rules for errors: which watcher handles one, what is logged, and what a run raises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from Axon.AxonExceptions import deadlock
from Axon.Hooks import plainResult
from Axon.Task import Task

GRACE = 5.0  # seconds that async bodies have for their `finally` blocks


def isHandled(task: Task, error: BaseException) -> bool:
    """Ask the watchers of `task`, then theirs, whether they handle `error`; return the answer."""
    asked: set[Any] = set()
    pending = [(task.process, watcher) for watcher in task.watchers]
    while pending:
        child, parent = pending.pop(0)
        if parent in asked:
            continue
        asked.add(parent)
        if plainResult(parent.childFailed(child, task.process, error), "childFailed", parent):
            return True
        pending += [(parent, watcher) for watcher in parent.getTask().watchers]
    return False


def describe(error: BaseException, process: Any) -> None:
    """Add a note to `error` that names `process` and its boxes."""
    boxes = "".join(
        f", {kind}: {', '.join(getattr(process, kind))}"
        for kind in ("inboxes", "outboxes")
        if hasattr(process, kind)
    )
    note = f"raised in {process.name} ({type(process).__qualname__}{boxes})"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def warn(sentence: str) -> None:
    """Log a warning."""
    import logging  # here, because only a mistake needs it

    logging.getLogger("Axon").warning("%s", sentence)


def log(error: BaseException, process: Any) -> None:
    """Log that `process` ended with an error that is handled."""
    _log(f"{process.name} ended with an error", error)


def logFatal(error: BaseException) -> None:
    """Log the error that ends the run."""
    _log(
        "the run ends with an error; it is raised when the threads that still run have ended", error
    )


def _log(sentence: str, error: BaseException) -> None:
    import logging  # here, because only a mistake needs it

    logging.getLogger("Axon").error("%s", sentence, exc_info=error)


def raiseAll(errors: list[BaseException]) -> None:
    """Raise the errors that ended a run: one as it is, several as a group.

    An interrupt or a cancellation takes precedence; the other errors are logged.
    """
    for interrupt in errors:
        if not isinstance(interrupt, Exception | GeneratorExit):
            for error in errors:
                if error is not interrupt:
                    _log("an error beside an interrupt", error)
            raise interrupt
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup("several components ended with errors", errors)


def closeBodies(task: Task) -> None:
    """Close the body of `task`, then the bodies that called it; their `finally` blocks run."""
    body, callers = task.body, task.callers
    task.body = task.callers = None
    try:
        if body is not None:
            body.close()
    finally:
        if callers is not None:
            task.body, task.callers = callers
            closeBodies(task)


async def waitForBodies(scheduler: Any) -> None:
    """Wait until the cancelled async bodies have finished, for GRACE seconds at most."""
    from asyncio import wait

    jobs = [job for job in getattr(scheduler, "jobs", ()) if not job.done()]
    if jobs:
        await wait(jobs, timeout=GRACE)


def deadlockOf(held: Iterable[Task]) -> deadlock:
    """Return an error that names each held component and the component for which it waits."""
    waits = [
        f"{task.process.name} waits until {gate.receiver.process.name} empties its full inbox"
        for task in sorted(held, key=lambda each: each.process.id)
        for gate in task.gates or ()
    ]
    return deadlock("nothing can go on: " + "; ".join(waits))
