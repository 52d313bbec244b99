"""A TCP client in a pipeline: what you type goes to the server, what it says is shown.

    python Examples/TCPClient/console.py --host example.org --port 80
    GET / HTTP/1.0
    (and an empty line)

A connection is a component like any other: bytes in, bytes out. The TCPClient
keeps what you type until the connection stands. At the end of your input it
waits for the server to close (`wait_for_serverclose`), so that no answer is lost.
When the server has closed, a message says so from "signal" to "control" along the
pipeline; `circular=True` leads it on to the reader, which would wait for you else.
"""

import argparse
import codecs
import sys
from contextlib import suppress

from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Util.Console import ConsoleEchoer, ConsoleReader


class Text(component):
    """Bytes, cut anywhere, become text; a connection's error is told on stderr."""

    def main(self):
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(decode(data))
            if self.dataReady("control"):
                break
        end = self.recv("control")
        if end.message is not None:
            print(f"the connection ended: {end.message}", file=sys.stderr)
        self.send(end, "signal")


def main():
    options = argparse.ArgumentParser(description="The console at the other end of a connection.")
    options.add_argument("--host", default="127.0.0.1", help="whom to call (%(default)s)")
    options.add_argument("--port", type=int, default=1500, help="its port (%(default)s)")
    options.add_argument("--eol", default="\r\n", help="how a line ends there (CR LF)")
    options.add_argument("--tls", action="store_true", help="speak TLS, and check who answers")
    chosen = options.parse_args()
    picture = Pipeline(
        ConsoleReader(prompt="", eol=chosen.eol),
        TCPClient(chosen.host, chosen.port, wait_for_serverclose=True, ssl=chosen.tls),
        Text(),
        ConsoleEchoer(),
        circular=True,
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C: that is the user's way to hang up
        picture.run()


if __name__ == "__main__":
    main()
