"""An echo server that prints its own structure while it changes.

    python Examples/Introspection/server.py --port 1500
    nc localhost 1500          # in another terminal: components and linkages appear, and go

An Introspector is a component like any other: it sends a line of text for each component, box and
linkage that comes or goes. Here a pipeline prints a line for each component. It could also send the
text through a TCPClient to a program that draws it. An Introspector sleeps between two changes.
"""

import argparse
import shlex
from collections.abc import Iterator

from Axon.Component import component
from Axon.Introspector import Introspector
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.Console import ConsoleEchoer


class Echo(component):
    """A protocol that sends received data back until the client has sent its last data."""

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data)
            if self.isShuttingDown():
                return


class Changes(component):
    """A component that turns the commands of an Introspector into one line for each component."""

    def main(self) -> Iterator[int]:
        self.names: dict[str, str] = {}  # by the identity of a component
        while True:
            yield from self.waitForMessage()
            for text in self.Inbox():
                for line in text.splitlines():
                    self._report(shlex.split(line))
            if self.isShuttingDown():
                return

    def _report(self, words: list[str]) -> None:
        match words:
            case ["ADD", "NODE", identity, name, _, "component"]:
                self.names[identity] = name
                self.send(f"+ {name}\n")
            case ["DEL", "NODE", identity] if identity in self.names:
                self.send(f"- {self.names.pop(identity)}\n")


def showChanges(server: ServerCore) -> None:
    Pipeline(Introspector(), Changes(), ConsoleEchoer()).activate()


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=1500, help="port, 0: any free port (%(default)s)"
    )
    chosen = options.parse_args()
    ServerCore(protocol=Echo, host=chosen.host, port=chosen.port, onListening=showChanges).run()


if __name__ == "__main__":
    main()
