"""A client that asks a time server, and asks again when no answer comes.

    python Examples/UDP/client.py --port 1800 --attempts 3 --timeout 1

A datagram, or the answer to it, may be lost. Ask therefore waits with a timeout, which restarts
with each attempt. `waitForMessage` returns when a message has arrived or the time is over.
"""

import argparse
import sys
from collections.abc import Iterator

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.UDP import SimplePeer


class Ask(component):
    """A component that sends a question until an answer comes, and prints that."""

    attempts, timeout = 3, 1.0
    answer: bytes | None = None

    def main(self) -> Iterator[int]:
        for _ in range(self.attempts):
            self.send(b"time")
            yield from self.waitForMessage("inbox", timeout=self.timeout)
            if self.dataReady():
                self.answer, _address = self.recv()
                break
        self.send(shutdownMicroprocess(), "signal")  # the peer ends, and closes its socket


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="host of the server (%(default)s)")
    options.add_argument("--port", type=int, default=1800, help="port of the server (%(default)s)")
    options.add_argument("--attempts", type=int, default=3, help="questions (%(default)s)")
    options.add_argument(
        "--timeout", type=float, default=1.0, help="seconds to wait for an answer (%(default)s)"
    )
    chosen = options.parse_args()
    ask = Ask(attempts=chosen.attempts, timeout=chosen.timeout)
    peer = SimplePeer("0.0.0.0", 0, chosen.host, chosen.port)
    Pipeline(ask, peer, circular=True).run()
    if ask.answer is None:
        sys.exit(f"no answer from {chosen.host}, port {chosen.port}")
    print(ask.answer.decode())


if __name__ == "__main__":
    main()
