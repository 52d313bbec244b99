"""A fast producer before a slow consumer: with a capacity, the fast one waits.

    python Examples/BackPressure/backlog.py --messages 1000 --capacity 10

An inbox takes what it is sent, however much that is: a producer that is faster
than its consumer fills the memory. With `capacity`, a component that has sent
into a full inbox stops at its next `yield`, until that is half empty. Neither
component says a word about it: it is a property of the line between them, and
the same two run here in both pictures.
"""

import argparse

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Pipeline import Pipeline


class Fast(component):
    """Fast(messages=n) -> sends n messages, one a turn."""

    def main(self):
        for number in range(self.messages):
            self.send(number)
            yield 1
        self.send(producerFinished(self), "signal")


class Slow(component):
    """Takes ten turns over each message; at the end sends how many waited at most."""

    def main(self):
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
    """Prints what it gets, after `title`."""

    async def main(self):
        async for longest in self.messages():
            print(f"{self.title}: at most {longest} messages waited")


def main():
    options = argparse.ArgumentParser(description="What a capacity does.")
    options.add_argument("--messages", type=int, default=1000, help="(%(default)s)")
    options.add_argument("--capacity", type=int, default=10, help="(%(default)s)")
    chosen = options.parse_args()
    for title, capacity in (("without a capacity", None), ("with a capacity", chosen.capacity)):
        line = Pipeline(Fast(messages=chosen.messages), Slow(), capacity=capacity)
        Pipeline(line, Show(title=title)).run()


if __name__ == "__main__":
    main()
