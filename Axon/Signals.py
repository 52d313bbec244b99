"""Signal handlers of a run: SIGINT and SIGTERM end it in order, a second one at once.

Example usage
-------------
    subscribe(scheduler, self.beginToStop[, self.readSettings])     # SIGINT and SIGTERM; SIGHUP
    unsubscribe(scheduler, self.beginToStop)                        # when this component ends

How does it work?
-----------------
`runThreads()` and `run()` install handlers if they are called in the main
thread; `runAsync()` installs none, since the signals belong to the program that
owns the loop. The first SIGINT or SIGTERM calls the subscribers (servers), or
ends the run if there is none. A signal that is ignored (SIG_IGN) stays ignored,
except SIGQUIT in a worker.
A handler of the program's own stays in force; while there are subscribers it is
replaced, and it is called after the run if its signal has arrived.

Termination: after the run all handlers are restored. If a signal ended a run
without subscribers, KeyboardInterrupt is raised (SIGINT), or the default action
follows (SIGTERM). After a run whose subscribers have ended in order, run() returns.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from _thread import start_new_thread
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from time import sleep
from types import FrameType
from typing import Any, ClassVar

from Axon import ErrorRouting

Callback = Callable[[], None]

PATIENCE = 0.25  # seconds after which a second signal interrupts what runs
ENDS = [signal.SIGINT, signal.SIGTERM]
DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)


class terminated(BaseException):
    """SIGTERM arrived a second time, and interrupted what was running."""


class Signals:
    """Signals(scheduler): the signal handlers of one run of `scheduler`."""

    active: ClassVar[Signals | None] = None  # one at a time: there is one main thread
    isWorker: ClassVar[bool] = False

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler
        self.received: signal.Signals | None = None  # the first one
        self._callbacks: list[Callback] = []
        self._hangups: dict[Callback, Callback] = {}
        self._replaced: dict[signal.Signals, Any] = {}  # the program's own handlers
        self._isNotified = False
        self._endsRun = False  # the signal has ended the run, because there was no subscriber
        self._isRepeated = False
        self._isTaken = False  # the second signal, by the event loop

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Install the handlers where the program has none of its own; restore all afterwards."""
        isMain = threading.current_thread() is threading.main_thread()
        if not isMain or Signals.active is not None:
            yield
            return
        Signals.active = self
        try:
            self._install(number for number in ENDS if signal.getsignal(number) in DEFAULTS)
            yield
        finally:
            self.restore()

    def _install(self, numbers: Iterable[signal.Signals]) -> None:
        for number in numbers:
            before = signal.getsignal(number)
            # The parent of a worker sends SIGQUIT, which shells ignore for background jobs.
            isNeeded = before != signal.SIG_IGN or number.name == "SIGQUIT"
            if number not in self._replaced and isNeeded and before is not None:
                with suppress(ValueError):  # a subinterpreter has no signals
                    signal.signal(number, self._handle)
                    self._replaced[number] = before

    def restore(self) -> None:
        """Put the program's own handlers back."""
        Signals.active = None
        for number, handler in self._replaced.items():
            signal.signal(number, handler)

    # Subscription

    def subscribe(self, callback: Callback, hangup: Callback | None = None) -> None:
        """Call `callback()` at the first SIGINT or SIGTERM, and `hangup()` at each SIGHUP."""
        if Signals.active is not self:
            return
        self._callbacks.append(callback)
        self._install([*ENDS, signal.SIGQUIT] if self.isWorker else ENDS)
        if hangup is not None:
            self._hangups[callback] = hangup
            self._install([signal.SIGHUP])

    def unsubscribe(self, callback: Callback) -> None:
        """Remove `callback`; after a signal, the last one to be removed stops the scheduler."""
        if callback not in self._callbacks:
            return
        self._callbacks.remove(callback)
        self._hangups.pop(callback, None)
        if not self._callbacks and self._isNotified:
            self.scheduler.stop()

    def notify(self) -> None:
        """Call the subscribers, as at the first signal, unless they have been called."""
        if not self._isNotified:
            self._isNotified = True
            for callback in list(self._callbacks):
                callback()

    # Handlers

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: in the main thread, between any two of its instructions."""
        received = signal.Signals(number)
        if received not in ENDS:
            if self.scheduler.loop is not None:
                self._call(self._hangUp if received.name == "SIGHUP" else self.scheduler.stop)
            own = self._replaced[received]
            if callable(own):
                own(number, frame)
        elif self.received is None:
            self.received = received
            self._call(self._first)
        elif not self.isWorker:  # a worker is signalled by its parent, and again with its group
            self._again(received)

    def _call(self, function: Callback) -> None:
        """Call `function()` on the event loop, and wake it for that.

        Before the run, begin() acts instead; after it, remaining() and follow(). An error that is
        raised here while a loop is made or closed would be lost in the loop.
        """
        loop = self.scheduler.loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has just been closed: the run is over
                loop.call_soon_threadsafe(function)

    def begin(self) -> None:
        """Act on a signal that has arrived before the run: the event loop runs now."""
        if self.received is not None:
            self._first()

    def _first(self) -> None:
        if self._callbacks:
            self.notify()
        elif not self._isNotified and not self._endsRun:
            self._end()

    def _end(self) -> None:
        self._endsRun = True
        assert self.received is not None
        self.scheduler.endWith(self._interrupt(self.received))

    def _again(self, received: signal.Signals) -> None:
        """End the run at once. Interrupt a turn or a coroutine that does not yield."""
        if self._isRepeated:
            self.received, self._endsRun = received, True
            raise self._interrupt(received)
        self._isRepeated = True
        self._call(self._second)
        start_new_thread(self._insist, (received,))

    def _insist(self, received: signal.Signals) -> None:
        """Repeat a signal that the event loop has not taken. Called in a thread of its own."""
        sleep(PATIENCE)
        if Signals.active is self and not self._isTaken and hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, received)

    def _second(self) -> None:
        self._isTaken = True
        if self._isNotified:
            self.scheduler.stop()
        else:
            self._end()

    def _hangUp(self) -> None:
        for callback in list(self._hangups.values()):
            callback()

    @staticmethod
    def _interrupt(number: signal.Signals) -> BaseException:
        if number is signal.SIGINT:
            return KeyboardInterrupt()
        return terminated(f"ended by {number.name}")

    # After the run

    def remaining(self, errors: list[BaseException]) -> list[BaseException]:
        """Return the errors to raise; log what a second SIGTERM has interrupted.

        A signal that has arrived when the run was over has its effect now.
        """
        if self.received is None:
            return errors
        self._endsRun = self._endsRun or not self._isNotified
        isInterrupt = self._endsRun and self.received is signal.SIGINT
        if isInterrupt and not any(isinstance(error, KeyboardInterrupt) for error in errors):
            errors = [*errors, KeyboardInterrupt()]
        for error in errors:
            if isinstance(error, terminated) and getattr(error, "__notes__", None):
                ErrorRouting.warn("\n".join([str(error), *error.__notes__]))
        isOurs = {"terminated", "CancelledError"}  # the latter if a signal was raised in the loop
        return [error for error in errors if type(error).__name__ not in isOurs]

    def follow(self) -> None:
        """Raise the signal again after the run, for its default action or the program's handler."""
        number = self.received
        if number is None:
            return
        own = self._replaced[number]
        if own not in DEFAULTS:
            signal.raise_signal(number)
        elif self._endsRun and number is not signal.SIGINT:
            _flush()
            signal.raise_signal(number)
            raise SystemExit(128 + number)  # the first process of a container survives it


def subscribe(scheduler: Any, callback: Callback, hangup: Callback | None = None) -> None:
    """Call `callback()` at the first SIGINT or SIGTERM of this run.

    hangup: called at each SIGHUP; without it, SIGHUP keeps its effect. This function does nothing
    if the scheduler is a guest in another loop, or does not run in the main thread.
    """
    if scheduler.signals is not None:
        scheduler.signals.subscribe(callback, hangup)


def unsubscribe(scheduler: Any, callback: Callback) -> None:
    """Remove a subscriber; when the last one is removed after a signal, the run ends."""
    if scheduler.signals is not None:
        scheduler.signals.unsubscribe(callback)


def notify(scheduler: Any) -> None:
    """Call all subscribers, as at the first signal, unless they have been called."""
    if scheduler.signals is not None:
        scheduler.signals.notify()


def becomeWorker() -> None:
    """Treat this process as a worker: SIGQUIT ends it at once, and a second SIGTERM does not.

    A worker may get each signal twice, from its parent and as a member of the process group.
    """
    Signals.isWorker = True


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError, OSError):
            stream.flush()


def _afterForkInChild() -> None:
    """Restore the handlers in a process that was forked within a turn: the run is its parent's."""
    if Signals.active is not None:
        Signals.active.restore()
        with suppress(ValueError):
            signal.set_wakeup_fd(-1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_afterForkInChild)
