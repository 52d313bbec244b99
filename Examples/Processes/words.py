"""Print the most frequent words of a text, which programs of the system count.

    python Examples/Processes/words.py --most 5 README.md

The words go to the standard input of a shell command, one per line, and its output comes back as
messages. The command sorts, so it writes nothing before its input ends: the producerFinished of the
reader becomes the end of its standard input. If the command fails, the producerFinished that it
sends has the error as its message.
"""

import argparse
import re
import sys
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.Reading import SimpleReader
from Kamaelia.File.UnixProcess2 import UnixProcess2
from Kamaelia.Util.PureTransformer import PureTransformer


def wordsOf(line: str) -> str:
    """Return the words of a line, one per line, in lower case."""
    return "".join(word.lower() + "\n" for word in re.findall(r"\w+", line))


class Report(component):
    """A component that prints what the command has written, and how it ended."""

    status = 0

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                sys.stdout.write(message.decode())
            if self.dataReady("control"):
                break
        error = self.recv("control").message
        if error is not None:
            print("words:", error, file=sys.stderr)
            self.status = 1


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("file", help="a text in UTF-8")
    options.add_argument("--most", type=int, default=10, help="how many words (%(default)s)")
    chosen = options.parse_args()
    report = Report()
    Pipeline(
        SimpleReader(chosen.file, errors="replace"),
        PureTransformer(wordsOf),
        UnixProcess2(f"sort | uniq -c | sort -k1,1nr -k2 | head -n {chosen.most}"),
        report,
        capacity=100,
    ).run()
    return report.status


if __name__ == "__main__":
    sys.exit(main())
