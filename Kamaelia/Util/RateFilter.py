"""Lets messages through at a rate, or one for each time it is asked.

Example usage
-------------
    Pipeline(Frames(), MessageRateLimit(25, buffer=10), Display()).run()

Termination: at a producerFinished, of a MessageRateLimit after what still waits;
at a shutdownMicroprocess at once.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["MessageRateLimit", "OnDemandLimit"]


class MessageRateLimit(component):
    """MessageRateLimit(messages_per_second[, buffer]) -> sends on at most so many a second.

    buffer: how many messages (60) must have come before the first one is sent on.
    """

    Inboxes = {"inbox": "anything", "control": "when to stop"}
    Outboxes = {"outbox": "the messages", "signal": "whatever ended it"}

    hardlimit = 0

    def __init__(self, messages_per_second: float, buffer: int = 60, **argd: Any) -> None:
        super().__init__(**argd)
        self.mps = messages_per_second
        self.interval = 1.0 / messages_per_second
        self.buffer = buffer
        self._last: Any = None

    def main(self) -> Iterator[int]:
        queue: deque[Any] = deque()
        while len(queue) < self.buffer and self._last is None:
            yield from self.waitForMessage()
            self._takeIn(queue)
        while queue or self._last is None:
            if queue:
                self.send(queue.popleft())
                yield from self._waitOut(queue)
            else:
                yield from self.waitForMessage()
                self._takeIn(queue)
        self.send(self._last, "signal")

    def _waitOut(self, queue: deque[Any]) -> Iterator[int]:
        """An interval, unless a shutdownMicroprocess makes an end of it."""
        clock = self.scheduler.timers.clock
        due = clock.now() + self.interval
        while (left := due - clock.now()) > 0 and not isinstance(self._last, shutdownMicroprocess):
            yield from self.waitForMessage("control", timeout=left)
            self._takeIn(queue)

    def _takeIn(self, queue: deque[Any]) -> None:
        queue.extend(self.Inbox())
        for message in self.Inbox("control"):
            if isinstance(message, producerFinished | shutdownMicroprocess):
                self._last = message
                if isinstance(message, shutdownMicroprocess):
                    queue.clear()


class OnDemandLimit(component):
    """OnDemandLimit() -> sends on a message for each "NEXT" that comes while one waits."""

    Inboxes = {"inbox": "anything", "control": "when to stop", "slidecontrol": '"NEXT"'}
    Outboxes = {"outbox": "the messages", "signal": "whatever ended it"}

    def main(self) -> Iterator[int]:
        queue: deque[Any] = deque()
        while True:
            yield from self.waitForMessage()
            queue.extend(self.Inbox())
            for order in self.Inbox("slidecontrol"):
                if order == "NEXT" and queue:
                    self.send(queue.popleft())
            if self.isShuttingDown():
                return
