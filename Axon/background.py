"""The scheduler in a thread of its own, beside a program that is no component.

Example usage
-------------
    background().start()
    lookup = Handle(Lookup()).activate()        # from now on in any thread
    lookup.put("kamaelia.org", "inbox")

How does it work?
-----------------
start() returns when the scheduler runs. What is activated then, in whatever
thread, is handed over to it.

Termination: when the last component has ended; it waits for a first one. The
thread is a daemon, which does not keep the program from ending. An error that
ends the run goes to threading.excepthook, and is found as `error`.
"""

from __future__ import annotations

import threading
from typing import Any

from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Scheduler import scheduler


class background(threading.Thread):
    """background([slowmo][, zap]) -> a daemon thread that runs the scheduler, once it is started.

    slowmo: seconds to sleep after each slice. zap: start afresh, with a new
    scheduler and an empty tracker. Raises RuntimeError while another one runs.
    """

    lock = threading.Lock()  # is held while one runs

    def __init__(self, slowmo: float = 0, zap: bool = False) -> None:
        if self.lock.locked():
            raise RuntimeError(_ANOTHER)
        super().__init__(name="Axon.background", daemon=True)
        self.slowmo = slowmo
        self.zap = zap
        self.error: BaseException | None = None
        self._isUp = threading.Event()

    def start(self) -> None:
        """Starts the thread, and waits until the scheduler runs. RuntimeError: it does already."""
        if not self.lock.acquire(blocking=False):
            raise RuntimeError(_ANOTHER)
        try:
            if self.zap:
                scheduler.run = scheduler()
                coordinatingassistanttracker.getcat().zap()
            self._scheduler: Any = scheduler.run
            self._scheduler.checkNotRunning()
            self._scheduler.waitForOne()
            self._scheduler.callFromThread(self._isUp.set)
            super().start()
        except BaseException:
            self.lock.release()
            raise
        self._isUp.wait()

    def run(self) -> None:
        """Runs the scheduler. Called in the thread."""
        try:
            self._scheduler.runThreads(slowmo=self.slowmo)
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.lock.release()
            self._isUp.set()


_ANOTHER = "another background() runs the scheduler already, and there is one at a time"
