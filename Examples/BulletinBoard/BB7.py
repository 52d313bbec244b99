"""A bulletin board, step 7: messages.

    python Examples/BulletinBoard/BB7.py --port 1600
    telnet localhost 1600

MessageBoardUI has the menus for reading, writing and answering messages. They are files in a
folder, and are read and written in threads, so that a slow disk does not stop the other users.
"""

import argparse
from pathlib import Path
from typing import Any

from Axon.Component import component
from Kamaelia.Apps.Europython09.BB.Authenticator import Authenticator
from Kamaelia.Apps.Europython09.BB.Conversation import Conversation
from Kamaelia.Apps.Europython09.BB.MessageBoardUI import MessageBoardUI
from Kamaelia.Apps.Europython09.BB.UserStatePersistence import StateSaverLogout, UserRetriever
from Kamaelia.Chassis.ConnectedServer import ServerCore

USERS = {"ann": "secret", "bob": "hidden"}


def conversation(folder: Path) -> component:
    state: dict[str, Any] = {}
    return Conversation(
        Authenticator(users=USERS, State=state),
        UserRetriever(State=state),
        MessageBoardUI(State=state, folder=folder),
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
    options.add_argument(
        "--folder", type=Path, default=Path("messages"), help="messages (%(default)s)"
    )
    chosen = options.parse_args()

    def protocol(**peer: object) -> component:
        return conversation(chosen.folder)

    ServerCore(protocol=protocol, host=chosen.host, port=chosen.port).run()


if __name__ == "__main__":
    main()
