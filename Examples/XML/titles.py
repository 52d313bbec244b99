"""Print the titles in an XML document of any length, as they arrive.

    curl -s https://example.org/feed.xml | python Examples/XML/titles.py
    python Examples/XML/titles.py --element name < products.xml

SimpleXMLParser turns pieces of text into events: the start of an element, text, the end of an
element. TEXTS collects the text of one kind of element. Only the element that is open is kept in
memory, so the document may be endless, and `capacity` makes the parser wait for a slow terminal.
A document type declaration is refused: no entity can expand into gigabytes or read a file.
"""

import argparse
import sys
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Support.PrintableText import printable
from Kamaelia.Util.Console import ConsoleEchoer, ConsoleReader
from Kamaelia.XML.SimpleXMLParser import SimpleXMLParser

LONGEST = 1000  # characters of a title that are printed


class Texts(component):
    """A component that sends the text of each element called `element`, as a line."""

    element = "title"

    def main(self) -> Iterator[int]:
        text = None  # of the open element, if there is one
        while True:
            yield from self.waitForMessage()
            for event in self.Inbox():
                if event[0] == "chars" and text is not None:
                    text = (text + event[1])[:LONGEST]
                elif event[:2] == ("element", self.element):
                    text = ""
                elif event[:2] == ("/element", self.element) and text is not None:
                    self.send(printable(" ".join(text.split())) + "\n")
                    text = None
            if self.isShuttingDown():
                return


class Errors(component):
    """A component that prints errors."""

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for error in self.Inbox():
                print(f"the document is malformed: {error.exception}", file=sys.stderr)
            if self.isShuttingDown():
                return


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--element", default="title", help="the element (%(default)s)")
    chosen = options.parse_args()
    Graphline(
        READ=ConsoleReader(prompt="", eol="\n"),
        PARSE=SimpleXMLParser(),
        TEXTS=Texts(element=chosen.element),
        PRINT=ConsoleEchoer(),
        ERRORS=Errors(),
        linkages={
            ("READ", "outbox"): ("PARSE", "inbox"),
            ("READ", "signal"): ("PARSE", "control"),
            ("PARSE", "outbox"): ("TEXTS", "inbox"),
            ("PARSE", "signal"): ("TEXTS", "control"),
            ("TEXTS", "outbox"): ("PRINT", "inbox"),
            ("TEXTS", "signal"): ("PRINT", "control"),
            ("PARSE", "error"): ("ERRORS", "inbox"),
            ("PRINT", "signal"): ("ERRORS", "control"),
            ("ERRORS", "signal"): ("READ", "control"),
        },
        capacity=100,
    ).run()


if __name__ == "__main__":
    main()
