"""A client that prints a saying from a fortune server.

    python Examples/Fortune/client.py --host localhost --port 1600

The program is a pipeline: TCPClient sends the received bytes, Text divides them into lines, and
Show prints them. When the server closes the connection, the TCPClient ends with a socketShutdown
on "signal". This is a producerFinished, so it ends the other components in turn. After an error,
its `message` is the error.
"""

import argparse
import codecs
import sys
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.TCPClient import TCPClient


class Text(component):
    """A decoder of bytes, cut at any place, into lines of text."""

    def main(self) -> Iterator[int]:
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        begun = ""
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                *lines, begun = (begun + decode(data)).split("\n")
                for line in lines:
                    self.send(line)
            if self.dataReady("control"):
                break
        if begun:
            self.send(begun)
        yield from self.passOnShutdown()


class Show(component):
    """A component that prints lines and reports the error of the connection, if any."""

    def main(self) -> Iterator[int]:
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            for line in self.Inbox():
                print(line)
        end = self.recv("control")
        if end.message is not None:
            sys.exit(f"no fortune: {end.message}")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="host of the server (%(default)s)")
    options.add_argument("--port", type=int, default=1600, help="port of the server (%(default)s)")
    chosen = options.parse_args()
    Pipeline(TCPClient(chosen.host, chosen.port), Text(), Show()).run()


if __name__ == "__main__":
    main()
