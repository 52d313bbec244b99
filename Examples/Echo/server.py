"""An echo server: whatever a client sends, it gets back.

    python Examples/Echo/server.py --port 1500
    nc localhost 1500

Each client has an Echo of its own. To that, the network is two boxes: bytes from
the client come to "inbox", and what goes to "outbox" is sent. It does not know
that there are other clients, or sockets at all, so that `feed(Echo(), inbox=[b"x"])`
tests it. A client that sends and never reads holds its own Echo, and nobody else.

Ctrl-C ends the server in order.
"""

import argparse

from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore


class Echo(component):
    """Sends back what it gets, until the client has sent its last."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data)
            if self.isShuttingDown():
                return


def say(server):
    print(f"echo server: listening on {server.host}, port {server.port}", flush=True)


def main():
    options = argparse.ArgumentParser(description="Sends back what it gets.")
    options.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    options.add_argument("--port", type=int, default=1500, help="0: any free one (%(default)s)")
    chosen = options.parse_args()
    ServerCore(protocol=Echo, host=chosen.host, port=chosen.port, onListening=say).run()


if __name__ == "__main__":
    main()
