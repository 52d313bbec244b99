"""A fortune-cookie server: who connects is told one saying, and that is all.

    python Examples/Fortune/server.py --port 1600
    python Examples/Fortune/client.py --port 1600

A protocol need not listen. This one sends and ends; its end closes the
connection, after all that it sent has gone out. `--cookies` names a file of your
own, in the format of fortune(6): sayings with a line of one % between them.
"""

import argparse
import random
from pathlib import Path

from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore

COOKIES = [
    "A pipe is known by what comes out of it.",
    "Ask for little, and wait for it in peace.",
    "The queue that has no end has no bottom, either.",
    "Two parts that do not know each other cannot quarrel.",
    "He who sleeps until a message comes is never late.",
]


class Fortune(component):
    """Sends one of `cookies`, and ends."""

    cookies = COOKIES

    def main(self):
        self.send(random.choice(self.cookies) + "\n")  # text is sent as UTF-8
        yield 1


class FortuneServer(ServerCore):
    """A server whose protocol takes settings makes its handlers in a method."""

    cookies = COOKIES

    def protocol(self, **peer):
        return Fortune(cookies=self.cookies)

    def onListening(self, server):
        print(f"fortune server: listening on {self.host}, port {self.port}", flush=True)


def cookiesFrom(text):
    """The sayings in a text in the format of fortune(6)."""
    return [saying.strip() for saying in text.split("\n%\n") if saying.strip()]


def main():
    options = argparse.ArgumentParser(description="Tells each client a saying.")
    options.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    options.add_argument("--port", type=int, default=1600, help="0: any free one (%(default)s)")
    options.add_argument("--cookies", type=Path, help="a file of sayings, with % between them")
    chosen = options.parse_args()
    cookies = COOKIES if chosen.cookies is None else cookiesFrom(chosen.cookies.read_text())
    FortuneServer(host=chosen.host, port=chosen.port, cookies=cookies).run()


if __name__ == "__main__":
    main()
