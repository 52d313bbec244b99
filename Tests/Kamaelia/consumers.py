"""A slow consumer, and a run of a component in front of it."""

from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess


class Slow(component):
    """A consumer that takes one message every ten turns, and notes the longest backlog."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []
        self.signals: list[Any] = []
        self.longest = 0

    def main(self):
        while not self.signals or self.dataReady():
            self.longest = max(self.longest, self.dataReady())
            if self.dataReady():
                self.got.append(self.recv())
            for _ in range(10):
                yield 1
            ends = self.Inbox("control")
            self.signals += [
                each for each in ends if isinstance(each, producerFinished | shutdownMicroprocess)
            ]


def runInto(source: Any, size: int | None = None, capacity: int | None = None) -> Slow:
    """Run `source` in front of a Slow with a size or a capacity, and return that."""
    slow = Slow()
    if size is not None:
        slow.setInboxSize("inbox", size)
    slow.link((source, "outbox"), (slow, "inbox"), capacity=capacity)
    slow.link((source, "signal"), (slow, "control"))
    source.activate()
    slow.run()
    return slow
