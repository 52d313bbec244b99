"""Attendants: components that observe a system and are no part of it, such as the live page.

Example usage
-------------
    scheduler.run.attendants.add(page)      # page and everything below it

How does it work?
-----------------
A component is below an attendant if the attendant is among its watchers, or among theirs. The run
ends when only attendants are left, and while the system is paused (Axon.Brake) only they have
turns. What is once below an attendant remains so, and is remembered for as long as it exists.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from weakref import ref

from Axon.Task import NO_TASK, Task


class Attendants:
    """Attendants() -> those of one scheduler."""

    __slots__ = ("_known", "_other")

    def __init__(self) -> None:
        self._known: dict[int, ref[Any]] = {}  # by the id of the process
        self._other = NO_TASK  # the last one for which areAlone() has returned False

    def add(self, process: Any) -> None:
        """Make `process`, and everything below it, attendants."""
        number, known = process.id, self._known
        known[number] = ref(process, lambda _: known.pop(number, None))

    def __len__(self) -> int:
        """Return how many attendants are known. One that no longer exists is forgotten."""
        return len(self._known)

    def has(self, task: Task) -> bool:
        """Return whether the process of `task` is an attendant."""
        if task is NO_TASK:
            return True
        process = task.process
        if process is None or process.id in self._known:
            return True
        if self._isBelow(task):
            self.add(process)
            return True
        return False

    def others(self, tasks: Iterable[Task]) -> list[Task]:
        """Return the tasks that are no attendants, in their order."""
        return [task for task in tasks if not self.has(task)]

    def _isBelow(self, task: Task) -> bool:
        seen = {task}
        pending = list(task.watchers)
        while pending:
            watcher = pending.pop()
            if watcher.id in self._known:
                return True
            above = watcher.getTask()
            if above not in seen:
                seen.add(above)
                pending += above.watchers
        return False

    def areAlone(self, tasks: Collection[Task]) -> bool:
        """Return whether all `tasks` are attendants. The run asks this after each slice."""
        other = self._other
        if other in tasks and not other.watchers and other.process.id not in self._known:
            return False
        self._other = next((each for each in tasks if not self.has(each)), NO_TASK)
        return self._other is NO_TASK
