"""Print the lines of some files that contain a text, as grep does.

    python Examples/Files/search.py import Examples/Files/*.py

A ForwardIteratingChooser names one file after another, and a Carousel reads each with a pipeline of
its own. The files are read in chunks, and a LineReader makes lines of them, so that a file of any
size needs little memory: `capacity` makes each component wait for the next one. A file that cannot
be read is reported, and the next one follows.
"""

import argparse
import sys

from Kamaelia.Chassis.Carousel import Carousel
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Chassis.Prefab import JoinChooserToCarousel
from Kamaelia.File.MaxSpeedFileReader import MaxSpeedFileReader
from Kamaelia.Util.Chooser import ForwardIteratingChooser
from Kamaelia.Util.Console import ConsoleEchoer
from Kamaelia.Util.LineReader import LineReader
from Kamaelia.Util.PureTransformer import PureTransformer


class Search:
    """Creates the pipeline that searches one file."""

    def __init__(self, text: str) -> None:
        self.text = text

    def pipelineFor(self, path: str) -> Pipeline:
        def found(line: str) -> str | None:
            return f"{path}: {line}\n" if self.text in line else None

        return Pipeline(
            MaxSpeedFileReader(path),
            LineReader(encoding="utf-8", errors="replace"),
            PureTransformer(found),
            capacity=100,
        )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("text", help="the text to look for")
    options.add_argument("files", nargs="+", help="the files to read")
    chosen = options.parse_args()
    Pipeline(
        JoinChooserToCarousel(
            ForwardIteratingChooser(chosen.files), Carousel(Search(chosen.text).pipelineFor)
        ),
        ConsoleEchoer(),
    ).run()


if __name__ == "__main__":
    sys.exit(main())
