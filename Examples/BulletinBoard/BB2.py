"""A bulletin board, step 2: a question and an answer.

    python Examples/BulletinBoard/BB2.py --port 1600
    telnet localhost 1600

`yield self.waitMsg()` waits until the user has sent something, and getMsg() returns it. If the user
disconnects instead, getMsg() raises GotShutdownMessage, and the message on "control" is passed on.

What arrives is bytes, and not always a line: type "Ann" in two halves in a program of your own, and
the greeting shows only the first half. Step 3 repairs that.
"""

import argparse
from collections.abc import Iterator

from Kamaelia.Apps.Europython09.BB.Exceptions import GotShutdownMessage
from Kamaelia.Apps.Europython09.BB.RequestResponseComponent import RequestResponseComponent
from Kamaelia.Chassis.ConnectedServer import ServerCore


class Greeter(RequestResponseComponent):
    def main(self) -> Iterator[object]:
        try:
            self.send("What is your name? ")
            yield self.waitMsg()
            name = bytes(self.getMsg()).decode(errors="replace").strip()
            self.netPrint(f"Hello, {name}, and goodbye!")
        except GotShutdownMessage:
            self.send(self.recv("control"), "signal")


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
