"""A bulletin board, step 1: a greeting.

    python Examples/BulletinBoard/BB1.py --port 1600
    telnet localhost 1600

A ServerCore creates a Greeter for each user. What a Greeter sends goes to the user; when it ends,
the connection is closed. RequestResponseComponent adds netPrint() to a component, and more that the
next steps use.
"""

import argparse
from collections.abc import Iterator

from Kamaelia.Apps.Europython09.BB.RequestResponseComponent import RequestResponseComponent
from Kamaelia.Chassis.ConnectedServer import ServerCore


class Greeter(RequestResponseComponent):
    def main(self) -> Iterator[int]:
        self.netPrint("Welcome to the bulletin board.")
        self.netPrint("It does nothing yet. Goodbye!")
        yield 1


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=1600, help="port, 0: any free port (%(default)s)"
    )
    chosen = options.parse_args()
    ServerCore(protocol=Greeter, host=chosen.host, port=chosen.port).run()


if __name__ == "__main__":
    main()
