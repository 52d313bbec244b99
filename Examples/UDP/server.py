"""A time server for datagrams: it answers each datagram with the time.

    python Examples/UDP/server.py --port 1800
    python Examples/UDP/client.py --port 1800      # in another terminal

A PostboxPeer sends (data, address) for each datagram that arrives, and each message to it names its
own receiver. So one socket serves all clients, and the server keeps nothing about them. The
pipeline is circular: the answers lead back to the peer.
"""

import argparse
import sys
import time
from contextlib import suppress
from typing import Any

from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.UDP import PostboxPeer
from Kamaelia.Util.PureTransformer import PureTransformer


class TimePeer(PostboxPeer):
    """A PostboxPeer that prints its address when it has one."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        assert self.local is not None
        host, port = self.local[:2]
        print(f"{type(self).__name__} listens on {host}:{port}", file=sys.stderr, flush=True)


def answer(message: tuple[bytes, tuple[str, int]]) -> tuple[str, int, bytes]:
    """Return the answer to one datagram, with its receiver."""
    data, (host, port) = message
    return host, port, data.strip() + b": " + time.ctime().encode()


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to bind (%(default)s)")
    options.add_argument(
        "--port", type=int, default=1800, help="port, 0: any free port (%(default)s)"
    )
    chosen = options.parse_args()
    with suppress(KeyboardInterrupt):  # Ctrl-C ends the server
        Pipeline(TimePeer(chosen.host, chosen.port), PureTransformer(answer), circular=True).run()


if __name__ == "__main__":
    main()
