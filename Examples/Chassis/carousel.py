"""A Carousel: one component at a time, each created when the one before has ended.

    python Examples/Chassis/carousel.py 3 1 2

A Carousel gets a function instead of a component. It asks for a message ("requestNext"), calls the
function with that message ("next"), and runs the component that the function returns. When this has
ended, the Carousel asks again. A ForwardIteratingChooser answers with the next item of a list, and
ends when there is none: its end passes to the Carousel, and so to the whole program. A player of
files is built in the same way.
"""

import argparse
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.Carousel import Carousel
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Util.Chooser import ForwardIteratingChooser
from Kamaelia.Util.Console import ConsoleEchoer


class Countdown(component):
    """A component that counts down from `start`, and ends."""

    start = 3

    def main(self) -> Iterator[int]:
        for number in range(self.start, 0, -1):
            self.send(f"{number}... ")
            yield 1
        self.send("lift-off\n")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("starts", type=int, nargs="*", default=[3, 1, 2], metavar="START")
    chosen = options.parse_args()
    Graphline(
        LIST=ForwardIteratingChooser(chosen.starts),
        CAROUSEL=Carousel(lambda start: Countdown(start=start)),
        SCREEN=ConsoleEchoer(),
        linkages={
            ("CAROUSEL", "requestNext"): ("LIST", "inbox"),
            ("LIST", "outbox"): ("CAROUSEL", "next"),
            ("LIST", "signal"): ("CAROUSEL", "control"),
            ("CAROUSEL", "outbox"): ("SCREEN", "inbox"),
            ("CAROUSEL", "signal"): ("SCREEN", "control"),
        },
    ).run()


if __name__ == "__main__":
    main()
