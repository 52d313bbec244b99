"""Messages in a stream that is cut into pieces, of which some are lost.

    python Examples/Framing/messages.py --piece 10 --loss 0.1

A stream has no messages: what one side sends in three pieces may arrive in one or in seven. A
Framer gives each message a number and its length, and a DataChunker puts a mark before it. The
other side finds the marks again, even after a part of the stream is missing. Most damaged
messages have a wrong length: they are discarded, and reported on "error". A checksum in the data
would find the others.

Over TCP nothing is lost. Leave out the Throwaway, and put a TCPClient and a server in its place.
"""

import argparse
import random
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.Simulate.BrokenNetwork import Throwaway
from Kamaelia.Protocol.Framing import DataChunker, DataDeChunker, DeFramer, Framer
from Kamaelia.Util.Chunkifier import Chunkifier
from Kamaelia.Util.Console import ConsoleEchoer
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.PureTransformer import PureTransformer

WORDS = [
    "The",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "the",
    "lazy",
    "dog",
    "and",
    "sleeps",
    "in",
    "the",
    "shade",
]


class Errors(component):
    """A component that prints the errors of the receiving side, and their number at the end."""

    def main(self) -> Iterator[int]:
        count = 0
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            for error in self.Inbox():
                print("  discarded:", error.exception)
                count += 1
        print(f"{count} errors")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--piece", type=int, default=10, help="bytes in a piece (%(default)s)")
    options.add_argument(
        "--loss", type=float, default=0.1, help="probability that a piece is lost (%(default)s)"
    )
    options.add_argument("--seed", type=int, help="repeat the losses of a run with this seed")
    chosen = options.parse_args()
    network = [
        Chunkifier(chosen.piece),
        Throwaway(random=random.Random(chosen.seed), probability=chosen.loss),
    ]
    Graphline(
        SENDER=Pipeline(
            DataSource(list(enumerate(WORDS))), Framer(), DataChunker("~~~~"), *network
        ),
        DECHUNK=DataDeChunker("~~~~"),
        DEFRAME=DeFramer(),
        SHOW=Pipeline(PureTransformer(lambda pair: f"{pair[0]}: {pair[1]}\n"), ConsoleEchoer()),
        ERRORS=Errors(),
        linkages={
            ("SENDER", "outbox"): ("DECHUNK", "inbox"),
            ("SENDER", "signal"): ("DECHUNK", "control"),
            ("DECHUNK", "outbox"): ("DEFRAME", "inbox"),
            ("DECHUNK", "signal"): ("DEFRAME", "control"),
            ("DECHUNK", "error"): ("ERRORS", "inbox"),
            ("DEFRAME", "outbox"): ("SHOW", "inbox"),
            ("DEFRAME", "error"): ("ERRORS", "inbox"),
            ("DEFRAME", "signal"): ("SHOW", "control"),
            ("SHOW", "signal"): ("ERRORS", "control"),
        },
    ).run()


if __name__ == "__main__":
    main()
