"""Descriptions, for logs and notes, of what sleeping microprocesses wait for.

Example usage
-------------
    describeAll(scheduler.run.tasks)        # one line for each: its name, and what it waits for
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from Axon.Task import HELD, HELD_WAITING, PAUSED, WAITING, WAITING_FOR_CHANGE, Task

LINES = 20  # the most lines in a description

STATES = {
    PAUSED: "sleeps in pause()",
    WAITING: "waits for a message",
    WAITING_FOR_CHANGE: "waits for a message, the end of a child or unpause()",
}


def describeAll(tasks: Iterable[Task]) -> str:
    """Return a line for each task and for each child that has not been activated."""
    tasks = list(tasks)
    lines = [describe(task) for task in tasks[:LINES]]
    if len(tasks) > LINES:
        lines.append(f"and {len(tasks) - LINES} more")
    inactive = [line for task in tasks for line in _inactiveChildren(task)]
    return "\n".join(["What each component waits for:", *lines, *inactive[:LINES]])


def noteAt(error: BaseException, tasks: list[Task]) -> None:
    """Add a note to a KeyboardInterrupt that says what each of `tasks` waits for, if any."""
    if tasks and isinstance(error, KeyboardInterrupt):
        error.add_note(describeAll(tasks))


def describe(task: Task) -> str:
    """Return the name of a task's microprocess, and what it waits for."""
    name = task.nameOfProcess()
    if task.state in (HELD, HELD_WAITING):
        gates = [gate.receiver.nameOfProcess() for gate in task.gates or ()]
        wait = f"waits until {' and '.join(gates)} empties its full inbox"
    else:
        wait = STATES.get(task.state, "is ready to run")
    return f"  {name} {wait}{_unread(task.process)}{_line(task)}"


def namesOf(tasks: Iterable[Task]) -> str:
    """Return the names of the first tasks, with the verb: "A_1 was", "A_1, B_2 were"."""
    names = [task.nameOfProcess() for task in tasks]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} {'was' if len(names) == 1 else 'were'}"


def countJobs() -> int:
    """Return how many tasks the event loop that runs has."""
    from asyncio import all_tasks  # the loop, which runs, has imported it

    return len(all_tasks())


def _unread(process: Any) -> str:
    """Return which inboxes of `process` hold messages."""
    if not hasattr(process, "inboxes"):
        return ""
    boxes = process.inboxes.created()
    unread = [f"{len(box)} in {name!r}" for name, box in boxes.items() if len(box)]
    return f" (unread messages: {', '.join(unread)})" if unread else ""


def _line(task: Task) -> str:
    """Return the file and the line at which the body is suspended."""
    process = task.process
    if hasattr(process, "currentFrame"):  # it has a thread
        frame = process.currentFrame()
    else:
        frame = getattr(task.body, "gi_frame", None)
    return f", at {frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""


def _inactiveChildren(task: Task) -> list[str]:
    process = task.process
    return [
        f"  {child.name} has not been activated: it is a child of {process.name}, which can"
        " call activate() on it"
        for child in getattr(process, "children", ())
        if not child.isActive() and not child.isStopped()
    ]
