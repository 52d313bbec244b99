"""Seq and PAR: components one after another, and components side by side.

    python Examples/Chassis/sequence.py --steps 3

Seq runs the next component when the one before has ended, and prints the texts among them. PAR runs
all its components at once, and ends with the last one. Both have one inbox and one outbox, so they
can be used in place of any component, also within each other.
"""

import argparse
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.PAR import PAR
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Chassis.Seq import Seq
from Kamaelia.Util.Console import ConsoleEchoer


class Walk(component):
    """A component that takes `steps` steps, one in each turn."""

    who, steps = "somebody", 3

    def main(self) -> Iterator[int]:
        for step in range(1, self.steps + 1):
            self.send(f"{self.who}: step {step}\n")
            yield 1


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--steps", type=int, default=3, help="steps of each (%(default)s)")
    steps = options.parse_args().steps
    Pipeline(
        Seq(
            Walk(who="Anna", steps=steps),
            PAR(Walk(who="Ben", steps=steps), Walk(who="Cleo", steps=steps)),
            Walk(who="Dora", steps=steps),
        ),
        ConsoleEchoer(),
    ).run()


if __name__ == "__main__":
    main()
