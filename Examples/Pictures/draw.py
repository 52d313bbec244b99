"""Draw a system that does not run: the picture of Docs/pictures.rst.

    python Examples/Pictures/draw.py > system.svg
    python Examples/Pictures/draw.py --format mermaid

A chassis says what it contains and links when it starts, so it can be drawn before. The command
`kamaelia graph program.py` does the same for a program that need not know about it; try it with
another example.
"""

import argparse

from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.Console import ConsoleEchoer, ConsoleReader
from Kamaelia.Util.PureTransformer import PureTransformer
from Kamaelia.Util.TwoWaySplitter import TwoWaySplitter
from Kamaelia.Visualisation.SystemGraph import FORMATS, graph


def system() -> Graphline:
    """Return a system that shows what is typed twice: as it is, and in capitals."""
    return Graphline(
        READER=ConsoleReader(),
        SPLIT=TwoWaySplitter(),
        SCREEN=ConsoleEchoer(),
        CAPITALS=Pipeline(PureTransformer(str.upper), ConsoleEchoer()),
        linkages={
            ("READER", "outbox"): ("SPLIT", "inbox"),
            ("SPLIT", "outbox"): ("SCREEN", "inbox"),
            ("SPLIT", "outbox2"): ("CAPITALS", "inbox"),
            ("READER", "signal"): ("SPLIT", "control"),
            ("SPLIT", "signal"): ("SCREEN", "control"),
            ("SPLIT", "signal2"): ("CAPITALS", "control"),
        },
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--format", choices=FORMATS, default="svg")
    print(FORMATS[options.parse_args().format](graph(system())))


if __name__ == "__main__":
    main()
