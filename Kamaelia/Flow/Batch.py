"""Lists of successive messages, by count or time.

Example usage
-------------
    Pipeline(Rows(), Batch(count=500, interval=2.0), InsertMany()).run()

How does it work?
-----------------
The time of a batch begins with its first message. An idle stream sends no empty batches, and
needs no timer.

Termination: as an Operator. At a producerFinished the incomplete batch is sent.
"""

from collections.abc import Iterable
from math import inf
from typing import Any

from Kamaelia.Flow.Operator import Operator

__all__ = ["Batch"]


class Batch(Operator):
    """Batch([count][, interval]): send lists of messages.

    A list is sent when it has `count` messages, or `interval` seconds after its first message.
    Raises ValueError if neither is given, or if one of them is not above 0.
    """

    Outboxes = {
        "outbox": "lists of one or more messages, in order",
        "signal": "the shutdown message from control",
    }

    def __init__(self, count: int | None = None, interval: float | None = None) -> None:
        super().__init__()
        given = [each for each in (count, interval) if each is not None]
        if not given or min(given) <= 0:
            raise ValueError(f"a Batch needs a count or an interval above 0, not {given or None}")
        self.count = inf if count is None else count
        self.interval = interval
        self._batch: list[Any] = []

    def received(self, message: Any, now: float) -> Iterable[Any]:
        if not self._batch and self.interval is not None:
            self.due = now + self.interval
        self._batch.append(message)
        return self.finished() if len(self._batch) >= self.count else ()

    def expired(self, now: float) -> Iterable[Any]:
        return self.finished()

    def finished(self) -> Iterable[Any]:
        batch, self._batch, self.due = self._batch, [], None
        return [batch] if batch else ()


__kamaelia_components__ = (Batch,)
