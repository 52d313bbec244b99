"""Runs work that takes seconds in a thread, so that no client waits for it.

Example usage
-------------
    task = BackgroundTask(partial(build, file), whenDone=take)

    def take(task):
        built = task.result()  # or the exception that build() raised

How does it work?
-----------------
The work must not use objects of the event loop; the event loop takes over its result in one
step. While the work runs, Python switches threads after SWITCH seconds instead of 5 ms, because
the event loop waits for the interpreter after each message. The garbage collector is off
meanwhile, because it would block the interpreter while it examines the objects of the work.
Deleting a large table at once would block it, too; see `release`.

Termination: the thread is a daemon, so a process that ends does not wait for it.
"""

from __future__ import annotations

import gc
import sys
import threading
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

SWITCH = 0.0005  # seconds
SLICE = 1000  # items

Result = TypeVar("Result")

_running = 0  # tasks in this process
_usual = sys.getswitchinterval()
_collects = True
_lock = threading.Lock()


class BackgroundTask(Generic[Result]):
    """BackgroundTask(work[, whenDone]) -> calls work() in a thread.

    whenDone: called with this task in the event loop that ran when the task was
    made; not called if that loop has been closed.
    """

    def __init__(
        self,
        work: Callable[[], Result],
        whenDone: Callable[[BackgroundTask[Result]], object] | None = None,
    ) -> None:
        self._work = work
        self._whenDone = whenDone
        self._loop: AbstractEventLoop | None = get_running_loop() if whenDone else None
        self._result: list[Result] = []
        self._error: Exception | None = None
        self.isDone = False
        threading.Thread(target=self._run, name="background task", daemon=True).start()

    def result(self) -> Result:
        """Return the result of the work, or raise its exception. Call it only when isDone."""
        if self._error is not None:
            raise self._error
        return self._result[0]

    def _run(self) -> None:
        _enter()
        try:
            self._result.append(self._work())
        except Exception as error:  # noqa: BLE001 - it is raised in result()
            self._error = error
        finally:
            _leave()
        self.isDone = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._callBack)

    def _callBack(self) -> None:
        if self._whenDone is not None:
            self._whenDone(self)


def release(items: list[Any]) -> None:
    """Delete the items of a long list in slices, so that other threads can run in between."""
    while items:
        del items[-SLICE:]


def _enter() -> None:
    global _running, _usual, _collects
    with _lock:
        if _running == 0:
            _usual, _collects = sys.getswitchinterval(), gc.isenabled()
            sys.setswitchinterval(min(SWITCH, _usual))
            gc.disable()
        _running += 1


def _leave() -> None:
    global _running
    with _lock:
        _running -= 1
        if _running == 0:
            sys.setswitchinterval(_usual)
            if _collects:
                gc.enable()
