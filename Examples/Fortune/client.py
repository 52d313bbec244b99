"""Asks a fortune-cookie server for a saying, and prints it.

    python Examples/Fortune/client.py --host localhost --port 1600

The picture is a pipeline: the TCPClient sends what the server says, `Text` makes
lines of it, `Show` prints them. When the server closes the connection, the client
ends with a socketShutdown on "signal"; that is a producerFinished, and it ends
the others, one after another. If there was an error, its message is that error.
"""

import argparse
import codecs
import sys

from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.TCPClient import TCPClient


class Text(component):
    """Bytes, cut as the network pleases, become whole lines of text."""

    def main(self):
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
    """Prints lines; at the end, says what went wrong, if anything did."""

    def main(self):
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            for line in self.Inbox():
                print(line)
        end = self.recv("control")
        if end.message is not None:
            sys.exit(f"no fortune: {end.message}")


def main():
    options = argparse.ArgumentParser(description="Prints a saying from a fortune server.")
    options.add_argument("--host", default="127.0.0.1", help="where it is (%(default)s)")
    options.add_argument("--port", type=int, default=1600, help="its port (%(default)s)")
    chosen = options.parse_args()
    Pipeline(TCPClient(chosen.host, chosen.port), Text(), Show()).run()


if __name__ == "__main__":
    main()
