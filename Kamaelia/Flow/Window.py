"""Sliding windows: lists of the latest messages, by count or age.

Example usage
-------------
    Pipeline(Prices(), Window(count=20), PureTransformer(mean), Display()).run()
    Pipeline(Errors(), Window(interval=60.0), PureTransformer(len), Display()).run()

How does it work?
-----------------
Windows overlap: a message is in several of them. With step=count they do not overlap, and a
Window is a Batch without its incomplete last list.

Termination: as an Operator.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from Kamaelia.Flow.Operator import Operator

__all__ = ["Window"]


class Window(Operator):
    """Window(count or interval[, step]): send lists of the latest messages.

    count: a list contains this many messages; the first one is sent when there are enough.
    interval: a list contains the messages of the last `interval` seconds, the newest one included.
    step: a list is sent for every `step` messages (1). Raises ValueError unless either count or
    interval is given, and all numbers are above 0.
    """

    Outboxes = {
        "outbox": "lists of the latest messages, the oldest first",
        "signal": "the shutdown message from control",
    }

    def __init__(
        self, count: int | None = None, interval: float | None = None, step: int = 1
    ) -> None:
        super().__init__()
        size = interval if count is None else count
        if size is None or (count is not None and interval is not None):
            raise ValueError("a Window needs either a count or an interval")
        if size <= 0 or step <= 0:
            raise ValueError("a Window needs a count or interval and a step above 0")
        self.count = count
        self.interval = interval
        self.step = step
        self._latest: deque[tuple[float, Any]] = deque(maxlen=count)
        self._left = step if count is None else count  # messages until the next list

    def received(self, message: Any, now: float) -> Iterable[Any]:
        latest = self._latest
        latest.append((now, message))
        while self.interval is not None and latest[0][0] <= now - self.interval:
            latest.popleft()
        self._left -= 1
        if self._left > 0:
            return ()
        self._left = self.step
        return ([each for _, each in latest],)


__kamaelia_components__ = (Window,)
