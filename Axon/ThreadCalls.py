"""Calls that other threads hand to the thread of a scheduler.

`scheduler.callFromThread(function)` is the only way into a scheduler from another thread. The
scheduler makes the calls at the start of its next slice or step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Event


class ThreadCalls(deque[Callable[[], object]]):
    """A queue of functions; any thread may append one."""

    __slots__ = ("_hasArrived",)

    def __init__(self) -> None:
        super().__init__()
        self._hasArrived = Event()

    def interruptWait(self) -> None:
        """End the wait() of the scheduler's thread, or the next one."""
        self._hasArrived.set()

    def callAll(self) -> None:
        """Call the queued functions in order, in the scheduler's thread."""
        while self:
            self.popleft()()

    def callAllAndReset(self) -> None:
        """Call the queued functions; only what is added from now on interrupts a wait()."""
        self._hasArrived.clear()
        self.callAll()

    def wait(self, timeout: float | None) -> None:
        """Block until interruptWait() is called, or for `timeout` seconds."""
        self._hasArrived.wait(timeout)
