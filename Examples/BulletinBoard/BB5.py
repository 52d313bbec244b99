"""A bulletin board, step 5: what the stages know.

    python Examples/BulletinBoard/BB5.py --port 1600
    telnet localhost 1600

Each connection has a dict, which its stages share: the Authenticator sets "remoteuser", and Hello
reads it. The dict is created in protocol(), so no user sees the dict of another.
"""

import argparse
from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Kamaelia.Apps.Europython09.BB.Authenticator import Authenticator
from Kamaelia.Apps.Europython09.BB.Conversation import Conversation
from Kamaelia.Apps.Europython09.BB.RequestResponseComponent import RequestResponseComponent
from Kamaelia.Apps.Europython09.BB.UserStatePersistence import StateSaverLogout, UserRetriever
from Kamaelia.Chassis.ConnectedServer import ServerCore

USERS = {"ann": "secret", "bob": "hidden"}


class Hello(RequestResponseComponent):
    def main(self) -> Iterator[int]:
        self.netPrint(f"Hello, {self.State['remoteuser']}")
        yield 1


def protocol(**peer: object) -> component:
    state: dict[str, Any] = {}
    return Conversation(
        Authenticator(users=USERS, State=state),
        UserRetriever(State=state),
        Hello(State=state),
        StateSaverLogout(State=state),
    )


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
