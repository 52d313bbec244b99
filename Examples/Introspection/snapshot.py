"""A snapshot of a running pipeline: where do the messages wait?

    python Examples/Introspection/snapshot.py
    python Examples/Introspection/snapshot.py --capacity 10

The consumer is slower than the producer. The table shows the state of each component and the
messages in its inboxes. Without a capacity they accumulate in front of the consumer; with one, the
producer is held. A snapshot is plain data, taken by any code that runs in the thread of the
scheduler; here, by a component that waits for a tenth of a second.
"""

import argparse
from collections.abc import Iterator

from Axon.Component import component
from Axon.Introspection import snapshot
from Axon.Ipc import shutdownMicroprocess
from Kamaelia.Chassis.Pipeline import Pipeline


class Producer(component):
    """A source that sends a number in each turn."""

    def main(self) -> Iterator[int]:
        number = 0
        while not self.isShuttingDown():
            self.send(number)
            number += 1
            yield 1


class Consumer(component):
    """A consumer that takes one message every hundredth of a second."""

    def main(self) -> Iterator[int]:
        while not self.isShuttingDown():
            yield from self.waitForMessage()
            if self.dataReady():
                self.recv()
            yield from self.waitForMessage("control", timeout=0.01)


class Look(component):
    """A component that prints a snapshot after `delay` seconds, then tells the others to end."""

    delay = 0.1

    def main(self) -> Iterator[int]:
        yield from self.waitForMessage("control", timeout=self.delay)
        print(f"{'component':<12} {'state':<10} messages")
        for each in snapshot(self.scheduler).components:
            waiting = {box.name: box.depth for box in each.inboxes if box.depth}
            print(f"{each.name.split('.')[-1]:<12} {each.state:<10} {waiting or ''}")
        self.send(shutdownMicroprocess(), "signal")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--capacity", type=int, help="capacity of the inboxes (none)")
    chosen = options.parse_args()
    line = Pipeline(Producer(), Consumer(), capacity=chosen.capacity).activate()
    look = Look()
    look.link((look, "signal"), (line, "control"))
    look.run()


if __name__ == "__main__":
    main()
