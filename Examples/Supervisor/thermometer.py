"""A component that fails is made anew, while the others go on.

    python Examples/Supervisor/thermometer.py 20 21 warm 22

READ turns words into degrees, and falls over the first that is no number. Without
a Supervisor that ends the program, as it should: nobody said what else to do. A
Supervisor is told. It is a Graphline that is given classes and functions instead
of components; when one of these fails, its error is logged, a new one is made,
linked and started in its place, and finds in its inboxes what the other had not
read. AVERAGE, which remembers, never hears of it.

More than three failures within five seconds are more than chance: then the
Supervisor gives up, ends them all, and raises tooManyRestarts.
"""

import argparse
import logging

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Chassis.Supervisor import Supervisor


class Words(component):
    """Words(words=[...]) -> sends each, then ends."""

    def main(self):
        for word in self.words:
            self.send(word)
            yield 1
        self.send(producerFinished(self), "signal")


class Read(component):
    """Sends the number that each word is. It catches nothing: whoever made it answers for it."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            for word in self.Inbox():
                self.send(float(word))
            if self.isShuttingDown():
                return


class Average(component):
    """Prints the average of all numbers so far, each time that there is another."""

    def main(self):
        numbers = []
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                numbers.append(number)
                print(f"{number:g} degrees, {sum(numbers) / len(numbers):g} on average")
            if self.isShuttingDown():
                return


def main():
    options = argparse.ArgumentParser(description="The average of some degrees.")
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
