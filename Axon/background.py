"""The scheduler in a thread of its own, beside other code of the program.

Example usage
-------------
    background().start()
    lookup = Handle(Lookup()).activate()        # from now on in any thread
    lookup.put("kamaelia.org", "inbox")

How does it work?
-----------------
start() returns when the scheduler runs. Components that are then activated, in any thread, run
in it.

Termination: the thread waits for a first component, and ends when the last component has ended.
It is a daemon thread, which does not keep the program from ending. An error that ends the run is
passed to threading.excepthook, and is stored as `error`.
"""

from __future__ import annotations

import threading
from typing import Any

from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Scheduler import scheduler


class background(threading.Thread):
    """background([slowmo][, zap]) -> a daemon thread that runs the scheduler.

    slowmo: seconds to sleep after each slice. zap: start afresh, with a new
    scheduler and an empty tracker. Raises RuntimeError while another one runs.
    """

    lock = threading.Lock()  # held while a background thread runs

    def __init__(self, slowmo: float = 0, zap: bool = False) -> None:
        if self.lock.locked():
            raise RuntimeError(_ANOTHER)
        super().__init__(name="Axon.background", daemon=True)
        self.slowmo = slowmo
        self.zap = zap
        self.error: BaseException | None = None
        self._isUp = threading.Event()

    def start(self) -> None:
        """Start the thread, and wait until the scheduler runs.

        Raises RuntimeError if it runs already.
        """
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
        """Run the scheduler; called in the thread."""
        try:
            self._scheduler.runThreads(slowmo=self.slowmo)
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.lock.release()
            self._isUp.set()


_ANOTHER = "another background() runs the scheduler already, and there is one at a time"
