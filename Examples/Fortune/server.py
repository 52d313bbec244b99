"""A fortune server: each client receives one saying.

    python Examples/Fortune/server.py --port 1600
    python Examples/Fortune/client.py --port 1600

This protocol sends without waiting for data, then ends. Its end closes the connection after all
data has been sent. `--cookies` names a file of sayings in the format of fortune(6): a line with a
single % between them.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore

COOKIES = [
    "Good fences make good interfaces.",
    "A watched queue never empties.",
    "Every message finds its inbox in the end.",
    "Small parts are easy to test and hard to break.",
    "Sleep well: a message will wake you.",
]


class Fortune(component):
    """A protocol that sends one of `cookies` and ends."""

    cookies = COOKIES

    def main(self) -> Iterator[int]:
        self.send(random.choice(self.cookies) + "\n")  # text is sent as UTF-8
        yield 1


class FortuneServer(ServerCore):
    """A server that creates its handlers in a method, because the protocol has settings."""

    cookies = COOKIES

    def protocol(self, **peer: object) -> Fortune:
        return Fortune(cookies=self.cookies)


def cookiesFrom(text: str) -> list[str]:
    """Return the sayings in a text in the format of fortune(6)."""
    return [saying.strip() for saying in text.split("\n%\n") if saying.strip()]


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=1600, help="port, 0: any free port (%(default)s)"
    )
    options.add_argument("--cookies", type=Path, help="a file of sayings, with %% between them")
    chosen = options.parse_args()
    cookies = COOKIES if chosen.cookies is None else cookiesFrom(chosen.cookies.read_text())
    FortuneServer(host=chosen.host, port=chosen.port, cookies=cookies).run()


if __name__ == "__main__":
    main()
