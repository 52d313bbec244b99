"""Limits on the rate of messages, and requests at a rate.

Example usage
-------------
    Pipeline(Frames(), MessageRateLimit(25, buffer=10), Display()).run()
    Pipeline(ByteRate_RequestControl(rate=8000, chunkrate=4), PromptedFileReader("x")).run()

How does it work?
-----------------
A limit delays the messages that it receives. A request control drives a source that sends as
much as it is asked for: it sends numbers, the first one at once.

Termination: a MessageRateLimit ends at a producerFinished after the messages that still wait;
the others end at it at once, and all of them end at a shutdownMicroprocess at once.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = [
    "ByteRate_RequestControl",
    "MessageRateLimit",
    "OnDemandLimit",
    "VariableByteRate_RequestControl",
]


class MessageRateLimit(component):
    """A component that passes on at most `messages_per_second` messages per second.

    buffer: the number of messages (60) that must have arrived before it sends the first one.
    """

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {"outbox": "the messages", "signal": "the shutdown message from control"}

    hardlimit = 0  # not used; programs of 1.14 may set it

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
                yield from self._waitForInterval(queue)
            else:
                yield from self.waitForMessage()
                self._takeIn(queue)
        self.send(self._last, "signal")

    def _waitForInterval(self, queue: deque[Any]) -> Iterator[int]:
        """Wait for one interval, or until a shutdownMicroprocess arrives."""
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
    """A component that passes on one message for each "NEXT" that arrives while one waits."""

    Inboxes = {"inbox": "anything", "control": "a shutdown message", "slidecontrol": '"NEXT"'}
    Outboxes = {"outbox": "the messages", "signal": "the shutdown message from control"}

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


class ByteRate_RequestControl(component):
    """A component that requests data at a rate.

    rate: bytes (or other units) per second. chunksize: the size of a request, in the same unit;
    alternatively, chunkrate: requests per second. If the size is not a whole number, the requests
    differ by one and the rate is exact. allowchunkaggregation: True to combine overdue requests.
    Raises ValueError if a number is not above 0, or if chunksize and chunkrate are both None.
    """

    Inboxes = {"inbox": "nothing", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "int: the number of bytes to send now",
        "signal": "the shutdown message from control",
    }

    def __init__(
        self,
        rate: float = 100000,
        chunksize: float | None = None,
        chunkrate: float | None = 10,
        allowchunkaggregation: bool = False,
    ) -> None:
        super().__init__()
        if chunksize is None and chunkrate is None:
            raise ValueError("either chunksize or chunkrate must be given")
        if min(rate, *(each for each in (chunksize, chunkrate) if each is not None)) <= 0:
            raise ValueError("rate, chunksize and chunkrate must be above 0")
        self.rate = rate
        self.chunksize = rate / chunkrate if chunksize is None and chunkrate else chunksize or 0
        self.aggregate = allowchunkaggregation

    def main(self) -> Iterator[int]:
        clock = self.scheduler.timers.clock
        due, owed = clock.now(), 0.0
        while not self.isShuttingDown():
            now = clock.now()
            due = self._dueAfterMessages(now, due)
            while now >= due:
                due += self.chunksize / self.rate
                owed += self.chunksize
                if owed >= 1 and (now < due or not self.aggregate):
                    self.send(int(owed))
                    owed -= int(owed)
            yield from self.waitForMessage(timeout=due - now)

    def _dueAfterMessages(self, now: float, due: float) -> float:
        """Take the messages from "inbox"; return when the next request is due."""
        for _ in self.Inbox():
            pass
        return due


class VariableByteRate_RequestControl(ByteRate_RequestControl):
    """A ByteRate_RequestControl whose rate can be changed while it runs.

    The size of the requests stays the same. Raises ValueError for a rate that is not above 0.
    """

    Inboxes = {
        "inbox": "a number: the new rate, in bytes per second",
        "control": "a shutdown message",
    }

    def _dueAfterMessages(self, now: float, due: float) -> float:
        for rate in self.Inbox():
            if rate <= 0:
                raise ValueError(f"{self.name} received {rate!r}: a rate must be above 0")
            due = now + max(0.0, due - now) * self.rate / rate
            self.rate = rate
        return due


__kamaelia_components__ = (
    MessageRateLimit,
    OnDemandLimit,
    ByteRate_RequestControl,
    VariableByteRate_RequestControl,
)
