"""A fast producer and a slow consumer, without and with a capacity.

    python Examples/BackPressure/backlog.py --messages 1000 --capacity 10

An inbox accepts any number of messages, so a producer that is faster than its consumer fills the
memory. With `capacity`, a component that has sent to a full inbox is held at its next `yield`
until the inbox is half empty. The components need no code for this: the capacity is a property of
the linkage, and the same two components run in both pipelines.
"""

import argparse
from collections.abc import Iterator

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Pipeline import Pipeline


class Fast(component):
    """A producer that sends the numbers below `count`, one per turn."""

    count = 1000

    def main(self) -> Iterator[int]:
        for number in range(self.count):
            self.send(number)
            yield 1
        self.send(producerFinished(self), "signal")


class Slow(component):
    """A consumer that takes ten turns per message and sends the longest backlog at the end."""

    def main(self) -> Iterator[int]:
        longest = 0
        while True:
            yield from self.waitForMessage()
            while self.dataReady():
                longest = max(longest, self.dataReady())
                self.recv()
                for _ in range(10):
                    yield 1
            if self.dataReady("control"):
                break
        self.send(longest)
        yield from self.passOnShutdown()


class Show(component):
    """A component that prints the backlog after its `title`."""

    title = ""

    async def main(self) -> None:
        async for longest in self.messages():
            print(f"{self.title}: at most {longest} messages waited")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--messages", type=int, default=1000, help="number of messages (%(default)s)"
    )
    options.add_argument(
        "--capacity", type=int, default=10, help="capacity of the inboxes (%(default)s)"
    )
    chosen = options.parse_args()
    for title, capacity in (("without a capacity", None), ("with a capacity", chosen.capacity)):
        line = Pipeline(Fast(count=chosen.messages), Slow(), capacity=capacity)
        Pipeline(line, Show(title=title)).run()


if __name__ == "__main__":
    main()
