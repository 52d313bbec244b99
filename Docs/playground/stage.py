"""The scheduler of a program whose system is drawn while it runs.

Example usage
-------------
    stage = Stage(send=texts.append, rest=time.sleep, first=0.4)
    stage.open()                    # a new scheduler.run
    exec(program)
    stage.close()

How does it work?
-----------------
The View of the live page reads the system between two turns, so nothing is added to it: no
component, no timeout. While nothing is ready, nothing changes and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from Axon.Scheduler import scheduler
from Axon.Timers import Clock
from Docs.playground.pace import FIRST, Pace, PacedQueue
from Kamaelia.Visualisation.Live.View import Observation, View

INTERVAL = 0.05  # seconds between two readings, while there are no pauses


class Stage:
    """Stage(send, rest[, first]): draws the systems of one program, one after the other.

    send(text): called with each JSON object for the picture. For rest and first, see Pace.
    """

    def __init__(
        self,
        send: Callable[[str], object],
        rest: Callable[[float], object],
        first: float = FIRST,
    ) -> None:
        self.pace = Pace(rest, first)
        self._send = send
        self._view: View | None = None
        self._due = 0.0

    def open(self, clock: Clock | None = None) -> None:
        """Begin with a new scheduler, as scheduler.run."""
        self.close()
        scheduler.run = scheduler(clock=clock, queue=PacedQueue(self.pace, self._report))
        self._view = View(Observation(scheduler.run), self.pace, self._send)
        self._view.open()

    def close(self) -> None:
        """Stop observing."""
        if self._view is not None:
            self._view.close()
            self._view = None

    def answer(self, text: str) -> None:
        """Act on a request of the picture."""
        if self._view is not None:
            self._view.answer(text)
            self._view.sendChanges(monotonic())

    def _report(self, isIdle: bool) -> None:
        now = monotonic()
        if self._view is None or not scheduler.run.tasks:  # the last picture stays
            return
        if isIdle or now >= self._due or self.pace.isSlow():
            self._view.sendChanges(now)
            if not self.pace.isSlow() and now >= self._due:
                self.pace.breathe()
            self._due = now + INTERVAL
