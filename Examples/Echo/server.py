"""An echo server: each client receives the bytes that it sends.

    python Examples/Echo/server.py --port 1500
    nc localhost 1500

ServerCore creates an Echo for each client. The bytes of the client arrive at "inbox", and bytes
sent to "outbox" go to the client. Echo needs no sockets and knows no other clients, so
`feed(Echo(), inbox=[b"x"])` tests it. A client that sends and never reads holds only its own
Echo.

Ctrl-C ends the server in order.
"""

import argparse
from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore


class Echo(component):
    """A protocol that sends received data back until the client has sent its last data."""

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data)
            if self.isShuttingDown():
                return


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=1500, help="port, 0: any free port (%(default)s)"
    )
    chosen = options.parse_args()
    ServerCore(protocol=Echo, host=chosen.host, port=chosen.port).run()


if __name__ == "__main__":
    main()
