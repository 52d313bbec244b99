"""The last message of each burst, once the burst is over.

Example usage
-------------
    Pipeline(Keystrokes(), Debounce(0.3), Search(), Display()).run()

How does it work?
-----------------
Each message replaces the one that waits, and restarts the interval. A stream that never
pauses for the interval therefore passes nothing; Throttle passes messages from such a stream.

Termination: as an Operator. At a producerFinished the message that waits is sent.
"""

from collections.abc import Iterable
from typing import Any

from Kamaelia.Flow.Operator import Operator

__all__ = ["Debounce"]


class Debounce(Operator):
    """Debounce(interval): send a message when `interval` seconds have passed without another.

    Raises ValueError if the interval is not above 0.
    """

    Outboxes = {
        "outbox": "the last message of each burst",
        "signal": "the shutdown message from control",
    }

    def __init__(self, interval: float) -> None:
        super().__init__()
        if interval <= 0:
            raise ValueError(f"the interval of a Debounce is above 0, not {interval!r}")
        self.interval = interval
        self._waiting: list[Any] = []  # none or one

    def received(self, message: Any, now: float) -> Iterable[Any]:
        self._waiting = [message]
        self.due = now + self.interval
        return ()

    def expired(self, now: float) -> Iterable[Any]:
        return self.finished()

    def finished(self) -> Iterable[Any]:
        waiting, self._waiting, self.due = self._waiting, [], None
        return waiting


__kamaelia_components__ = (Debounce,)
