"""SIGTERM and SIGINT: servers end in order, and then the program; the second one ends it at once.

SIGHUP is for those who say what it means to them.

Example usage
-------------
    heed(scheduler, self.beginToStop[, self.readSettings])      # at the start
    forget(scheduler, self.beginToStop)                         # at the end

How does it work?
-----------------
Only where a scheduler runs on a loop of its own in the main thread: a program
that brings its own loop has its own signal handlers. The first signal calls all
who heed it. When the last of them has ended, the scheduler is stopped. In a worker,
which hears signals from its own parent and from whoever signals all of a group,
no number of them ends it at once: SIGQUIT does.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

SIGNALS = (signal.SIGTERM, signal.SIGINT)


_isWorker = False


class _Heeding:
    """Who is to be told on one loop."""

    __slots__ = ("callbacks", "hangups", "isSignalled", "scheduler")

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler
        self.callbacks: list[Callable[[], None]] = []
        self.hangups: dict[Callable[[], None], Callable[[], None]] = {}
        self.isSignalled = False

    def signalled(self) -> None:
        if not self.isSignalled:
            self.isSignalled = True
            for callback in list(self.callbacks):
                callback()
        elif not _isWorker:
            self.scheduler.stop()

    def hungUp(self) -> None:
        for callback in list(self.hangups.values()):
            callback()

    def handlers(self) -> dict[signal.Signals, Callable[[], None]]:
        handlers = dict.fromkeys(SIGNALS, self.signalled)
        if _isWorker:
            handlers[signal.SIGQUIT] = self.scheduler.stop
        if self.hangups:
            handlers[signal.SIGHUP] = self.hungUp
        return handlers


_heedings: WeakKeyDictionary[Any, _Heeding] = WeakKeyDictionary()


def heed(
    scheduler: Any, callback: Callable[[], None], hangup: Callable[[], None] | None = None
) -> None:
    """`callback()` is called at the first signal, if this scheduler may have signal handlers.

    hangup: called at each SIGHUP, which otherwise does what it did before.
    """
    isMain = threading.current_thread() is threading.main_thread()
    if not isMain or not scheduler.ownsLoop():
        return
    loop = scheduler.loop
    heeding = _heedings.setdefault(loop, _Heeding(scheduler))
    heeding.callbacks.append(callback)
    if hangup is not None:
        heeding.hangups[callback] = hangup
    for number, handler in heeding.handlers().items():
        loop.add_signal_handler(number, handler)


def forget(scheduler: Any, callback: Callable[[], None]) -> None:
    """Whoever gave `callback` has ended."""
    loop = scheduler.loop
    heeding = _heedings.get(loop)
    if heeding is None or callback not in heeding.callbacks:
        return
    if not heeding.callbacks[1:]:
        del _heedings[loop]
        for number in heeding.handlers():
            loop.remove_signal_handler(number)
    heeding.callbacks.remove(callback)
    heeding.hangups.pop(callback, None)
    if not heeding.callbacks and heeding.isSignalled:
        scheduler.stop()


def interrupt(scheduler: Any) -> None:
    """All who heed a signal are told, as at the first one, unless they have been."""
    if scheduler.loop is None:  # it has ended
        return
    heeding = _heedings.get(scheduler.loop)
    if heeding is not None and not heeding.isSignalled:
        heeding.signalled()


def heedAsWorker() -> None:
    """From now on this process is a worker."""
    global _isWorker  # noqa: PLW0603 - it is one for the rest of its life
    _isWorker = True
