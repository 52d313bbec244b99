"""Slow consumers, and a run of a component in front of one."""

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


class SlowConsumer(component):
    """Takes one message each time that its clock says so."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Any] = []

    def main(self):
        isOver = False
        while not isOver or self.dataReady():
            yield from self.waitForMessage(timeout=0.001)
            if self.dataReady():
                self.taken.append(self.recv())
            isOver = isOver or self.isShuttingDown()
