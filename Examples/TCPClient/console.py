"""A TCP client for the console: it sends your input and prints the answers of the server.

    python Examples/TCPClient/console.py --host example.org --port 80
    GET / HTTP/1.0
    (and an empty line)

A connection is a component that receives and sends bytes. TCPClient keeps your input until the
connection is established. At the end of the input it waits until the server closes the connection
(`wait_for_serverclose`), so that no answer is lost. The end then passes from "signal" to
"control" along the pipeline. `circular=True` passes it on to the reader, which would otherwise
wait for more input.
"""

import argparse
import codecs
import sys
from collections.abc import Iterator
from contextlib import suppress

from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Util.Console import ConsoleEchoer, ConsoleReader


class Text(component):
    """A decoder of bytes into text, which prints the error of the connection on stderr."""

    def main(self) -> Iterator[int]:
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


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="host of the server (%(default)s)")
    options.add_argument("--port", type=int, default=1500, help="port of the server (%(default)s)")
    options.add_argument("--eol", default="\r\n", help="line end for the server (CR LF)")
    options.add_argument("--tls", action="store_true", help="use TLS and verify the certificate")
    chosen = options.parse_args()
    picture = Pipeline(
        ConsoleReader(prompt="", eol=chosen.eol),
        TCPClient(chosen.host, chosen.port, wait_for_serverclose=True, ssl=chosen.tls),
        Text(),
        ConsoleEchoer(),
        circular=True,
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C closes the connection
        picture.run()


if __name__ == "__main__":
    main()
