"""A bulletin board, step 6: a menu.

    python Examples/BulletinBoard/BB6.py --port 1600
    telnet localhost 1600

A menu is a loop: ask, wait, do. The commands are rows of a table, so a new one is a method and a
line. A method that talks with the user itself runs with `yield WaitComplete(...)`, in place of
main().
"""

import argparse
from collections.abc import Generator, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import WaitComplete
from Kamaelia.Apps.Europython09.BB.Conversation import Conversation
from Kamaelia.Apps.Europython09.BB.Exceptions import GotShutdownMessage
from Kamaelia.Apps.Europython09.BB.RequestResponseComponent import RequestResponseComponent
from Kamaelia.Apps.Europython09.BB.UserStatePersistence import StateSaverLogout
from Kamaelia.Chassis.ConnectedServer import ServerCore


class Menu(RequestResponseComponent):
    def main(self) -> Iterator[object]:
        commands = {"h": self.showHelp, "e": self.echo}
        try:
            while True:
                self.send("main> ")
                yield self.waitMsg()
                command = self.getMsg().strip()
                if command == "q":
                    return
                yield WaitComplete(commands.get(command, self.showHelp)())
        except GotShutdownMessage:
            self.send(self.recv("control"), "signal")

    def showHelp(self) -> Generator[Any, None, None]:
        self.netPrint("e - repeat what I say, h - help, q - quit")
        yield 1

    def echo(self) -> Generator[Any, None, None]:
        self.send("say something: ")
        yield self.waitMsg()
        self.netPrint("You said: " + self.getMsg().strip())


def protocol(**peer: object) -> component:
    return Conversation(Menu(), StateSaverLogout())


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
