"""A bulletin board, step 3: lines.

    python Examples/BulletinBoard/BB3.py --port 1600
    telnet localhost 1600

A Conversation puts a LineOrientedInputBuffer between the user and the component: it collects what
arrives, and sends one line at a time. The component is the one of step 2, but receives text.
"""

import argparse
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Apps.Europython09.BB.Conversation import Conversation
from Kamaelia.Apps.Europython09.BB.Exceptions import GotShutdownMessage
from Kamaelia.Apps.Europython09.BB.RequestResponseComponent import RequestResponseComponent
from Kamaelia.Chassis.ConnectedServer import ServerCore


class Greeter(RequestResponseComponent):
    def main(self) -> Iterator[object]:
        try:
            self.send("What is your name? ")
            yield self.waitMsg()
            self.netPrint(f"Hello, {self.getMsg().strip()}, and goodbye!")
        except GotShutdownMessage:
            self.send(self.recv("control"), "signal")


def protocol(**peer: object) -> component:
    return Conversation(Greeter())


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=1600, help="port, 0: any free port (%(default)s)"
    )
    chosen = options.parse_args()
    ServerCore(protocol=protocol, host=chosen.host, port=chosen.port).run()


if __name__ == "__main__":
    main()
