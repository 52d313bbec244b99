"""At most one message in each interval; the others are discarded.

Example usage
-------------
    Pipeline(MousePositions(), Throttle(0.04), Redraw()).run()

How does it work?
-----------------
The first message is sent at once and begins an interval. Of the messages during an interval the
last one is sent at its end, and begins the next interval, so that the receiver always sees the
final state. Kamaelia.Util.RateFilter.MessageRateLimit discards nothing and delays instead.

Termination: as an Operator. At a producerFinished the message that waits is sent.
"""

from collections.abc import Iterable
from math import inf
from typing import Any

from Kamaelia.Flow.Operator import Operator

__all__ = ["Throttle"]


class Throttle(Operator):
    """Throttle(interval[, trailing]): send at most one message every `interval` seconds.

    trailing: False to discard all messages that arrive during an interval, also the last one.
    Raises ValueError if the interval is not above 0.
    """

    Outboxes = {
        "outbox": "at most one message in each interval",
        "signal": "the shutdown message from control",
    }

    def __init__(self, interval: float, trailing: bool = True) -> None:
        super().__init__()
        if interval <= 0:
            raise ValueError(f"the interval of a Throttle is above 0, not {interval!r}")
        self.interval = interval
        self.trailing = trailing
        self._next = -inf  # the time at which the interval ends
        self._waiting: list[Any] = []  # none or one

    def received(self, message: Any, now: float) -> Iterable[Any]:
        if now >= self._next:
            self._waiting = [message]
            return self.expired(now)
        if self.trailing:
            self._waiting = [message]
            self.due = self._next
        return ()

    def expired(self, now: float) -> Iterable[Any]:
        self._next = now + self.interval
        return self.finished()

    def finished(self) -> Iterable[Any]:
        waiting, self._waiting, self.due = self._waiting, [], None
        return waiting


__kamaelia_components__ = (Throttle,)
