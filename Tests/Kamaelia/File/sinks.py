"""Components for tests of senders: a consumer that takes a message when it is told to."""

from collections.abc import Callable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished


class SlowConsumer(component):
    """A component that takes one message each time that all others sleep.

    Attributes: taken, the messages; mostWaiting, the most messages that waited at once.
    """

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self.taken: list[Any] = []
        self.mostWaiting = 0
        self.ends: list[Any] = []

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for _ in range(20):  # turns in which a sender that does not wait would fill the inbox
                self.mostWaiting = max(self.mostWaiting, self.dataReady())
                yield 1
            if self.dataReady():
                self.taken.append(self.recv())
            elif self.dataReady("control"):
                self.ends.append(self.recv("control"))
                return


class Deaf(component):
    """A component that takes nothing, and calls a function when enough messages have arrived."""

    def __init__(self, then: Callable[[], object], isEnough: int = 1) -> None:
        super().__init__()
        self.then = then
        self.isEnough = isEnough
        self.ends: list[Any] = []

    def main(self) -> Iterator[int]:
        while self.dataReady() < self.isEnough:
            yield from self.waitForChange()
        self.then()
        while not self.dataReady("control"):
            yield from self.waitForMessage("control")
        self.ends.append(self.recv("control"))


def errorOf(message: Any) -> str:
    """Return the text of the error in the message of a component that has ended."""
    assert isinstance(message, producerFinished)
    return str(message.message)
