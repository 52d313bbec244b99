"""Messages at a rate, messages one for each time it is asked, and requests at a rate.

Example usage
-------------
    Pipeline(Frames(), MessageRateLimit(25, buffer=10), Display()).run()
    Pipeline(ByteRate_RequestControl(rate=8000, chunkrate=4), PromptedFileReader("x")).run()

How does it work?
-----------------
A limit passes on what it is sent. A request control is for a source that sends as much as
it is asked for: it sends numbers, the first at once.

Termination: at a producerFinished, of a MessageRateLimit after what still waits;
at a shutdownMicroprocess at once.
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


class ByteRate_RequestControl(component):
    """ByteRate_RequestControl([rate][, chunksize | chunkrate][, ...]) -> asks for data at a rate.

    rate: bytes (or what you like) a second. chunksize: how many to ask for at once; or else
    chunkrate: how often a second. Where that is no whole number, requests differ by one, and
    the rate is kept. allowchunkaggregation: True to ask for all at once that it is late with.
    Raises ValueError for what is not above 0, and if neither chunksize nor chunkrate is given.
    """

    Inboxes = {"inbox": "nothing", "control": "when to stop"}
    Outboxes = {"outbox": "int: how many to send now", "signal": "whatever ended it"}

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
            due = self._heed(now, due)
            while now >= due:
                due += self.chunksize / self.rate
                owed += self.chunksize
                if owed >= 1 and (now < due or not self.aggregate):
                    self.send(int(owed))
                    owed -= int(owed)
            yield from self.waitForMessage(timeout=due - now)

    def _heed(self, now: float, due: float) -> float:
        """When the next request is due, after what came to "inbox"."""
        for _ in self.Inbox():
            pass
        return due


class VariableByteRate_RequestControl(ByteRate_RequestControl):
    """VariableByteRate_RequestControl(...) -> a ByteRate_RequestControl whose rate may change.

    How much it asks for at once stays the same. Raises ValueError for a rate that is not above 0.
    """

    Inboxes = {"inbox": "a number: the rate from now on", "control": "when to stop"}

    def _heed(self, now: float, due: float) -> float:
        for rate in self.Inbox():
            if rate <= 0:
                raise ValueError(f"{self.name} got {rate!r}: a rate must be above 0")
            due = now + max(0.0, due - now) * self.rate / rate
            self.rate = rate
        return due


__kamaelia_components__ = (
    MessageRateLimit,
    OnDemandLimit,
    ByteRate_RequestControl,
    VariableByteRate_RequestControl,
)
