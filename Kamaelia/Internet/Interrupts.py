"""SIGTERM and SIGINT: servers end in order, and then the program; the second one ends it at once.

Example usage
-------------
    heed(scheduler, self.beginToStop)       # at the start
    forget(scheduler, self.beginToStop)     # at the end

How does it work?
-----------------
Only where a scheduler runs on a loop of its own in the main thread: a program
that brings its own loop has its own signal handlers. The first signal calls all
who heed it. When the last of them has ended, the scheduler is stopped.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _Heeding:
    """Who is to be told on one loop."""

    __slots__ = ("callbacks", "isSignalled", "scheduler")

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler
        self.callbacks: list[Callable[[], None]] = []
        self.isSignalled = False

    def signalled(self) -> None:
        if self.isSignalled:
            self.scheduler.stop()
            return
        self.isSignalled = True
        for callback in list(self.callbacks):
            callback()


_heedings: WeakKeyDictionary[Any, _Heeding] = WeakKeyDictionary()


def heed(scheduler: Any, callback: Callable[[], None]) -> None:
    """`callback()` is called at the first signal, if this scheduler may have signal handlers."""
    isMain = threading.current_thread() is threading.main_thread()
    if not isMain or not scheduler.ownsLoop():
        return
    loop = scheduler.loop
    heeding = _heedings.get(loop)
    if heeding is None:
        heeding = _heedings[loop] = _Heeding(scheduler)
        for number in SIGNALS:
            loop.add_signal_handler(number, heeding.signalled)
    heeding.callbacks.append(callback)


def forget(scheduler: Any, callback: Callable[[], None]) -> None:
    """Whoever gave `callback` has ended."""
    loop = scheduler.loop
    heeding = _heedings.get(loop)
    if heeding is None or callback not in heeding.callbacks:
        return
    heeding.callbacks.remove(callback)
    if heeding.callbacks:
        return
    del _heedings[loop]
    for number in SIGNALS:
        loop.remove_signal_handler(number)
    if heeding.isSignalled:
        scheduler.stop()
