"""A component that fails is replaced while the others continue.

    python Examples/Supervisor/thermometer.py 20 21 warm 22

READ converts words to degrees and fails at the first word that is not a number. Without a
Supervisor, its error would end the program. A Supervisor is a Graphline that gets classes and
functions instead of components. When a component fails, the error is logged, and a new component
is created, linked and started in its place. It finds the unread messages in its inboxes. AVERAGE
keeps its state and is not affected.

After more than three failures within five seconds, the Supervisor ends all components and raises
tooManyRestarts.
"""

import argparse
import logging
from collections.abc import Iterable, Iterator

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Chassis.Supervisor import Supervisor


class Words(component):
    """A source that sends each of `words`, then ends."""

    words: Iterable[str] = ()

    def main(self) -> Iterator[int]:
        for word in self.words:
            self.send(word)
            yield 1
        self.send(producerFinished(self), "signal")


class Read(component):
    """A converter of words to numbers. It catches no error: the Supervisor handles it."""

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for word in self.Inbox():
                self.send(float(word))
            if self.isShuttingDown():
                return


class Average(component):
    """A component that prints the average so far after each number."""

    def main(self) -> Iterator[int]:
        numbers: list[float] = []
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                numbers.append(number)
                print(f"{number:g} degrees, {sum(numbers) / len(numbers):g} on average")
            if self.isShuttingDown():
                return


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("words", nargs="*", default=["20", "21", "warm", "22"])
    chosen = options.parse_args()
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    Pipeline(
        Words(words=chosen.words),
        Supervisor(
            READ=Read,
            AVERAGE=Average,
            linkages={
                ("self", "inbox"): ("READ", "inbox"),
                ("self", "control"): ("READ", "control"),
                ("READ", "outbox"): ("AVERAGE", "inbox"),
                ("READ", "signal"): ("AVERAGE", "control"),
            },
            intensity=3,
            period=5.0,
        ),
    ).run()


if __name__ == "__main__":
    main()
