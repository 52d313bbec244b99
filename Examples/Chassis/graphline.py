"""A Graphline: components with names, and any linkages between them.

    python Examples/Chassis/graphline.py 1 two 3.5 four

A Pipeline is a chain. A Graphline is for everything else; its linkages are the picture:

             .--- numbers ---> TOTAL ---.
    PARSE ---|                          |---> SCREEN
             '--- words ----------------'

TOTAL gets the numbers, and sends their sum when the input ends. Both ways lead to the inbox of
SCREEN, and the end of PARSE reaches it through TOTAL, so that the sum is not lost.
"""

import argparse
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Util.Console import ConsoleEchoer
from Kamaelia.Util.DataSource import DataSource


class Parse(component):
    """A component that separates numbers from words."""

    Inboxes = {"inbox": "texts", "control": "a shutdown message"}
    Outboxes = {
        "numbers": "float: the texts that are numbers",
        "words": "a line for each of the others",
        "signal": "the shutdown message from control",
    }

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for text in self.Inbox():
                try:
                    self.send(float(text), "numbers")
                except ValueError:
                    self.send(f"a word: {text}\n", "words")
            if self.isShuttingDown():
                return


class Total(component):
    """A component that adds up numbers and sends their sum when the input ends."""

    def main(self) -> Iterator[int]:
        total = 0.0
        while True:
            yield from self.waitForMessage()
            total += sum(self.Inbox())
            if self.dataReady("control"):
                break
        self.send(f"the sum of the numbers: {total:g}\n")
        yield from self.passOnShutdown()


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("texts", nargs="*", default=["1", "two", "3.5", "four"])
    chosen = options.parse_args()
    Graphline(
        SOURCE=DataSource(chosen.texts),
        PARSE=Parse(),
        TOTAL=Total(),
        SCREEN=ConsoleEchoer(),
        linkages={
            ("SOURCE", "outbox"): ("PARSE", "inbox"),
            ("SOURCE", "signal"): ("PARSE", "control"),
            ("PARSE", "words"): ("SCREEN", "inbox"),
            ("PARSE", "numbers"): ("TOTAL", "inbox"),
            ("PARSE", "signal"): ("TOTAL", "control"),
            ("TOTAL", "outbox"): ("SCREEN", "inbox"),
            ("TOTAL", "signal"): ("SCREEN", "control"),
        },
    ).run()


if __name__ == "__main__":
    main()
