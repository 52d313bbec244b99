"""A bulletin board, step 8: what the board remembers.

    python Examples/BulletinBoard/BB8.py --port 1600
    telnet localhost 1600

The stages of step 7 are extended by inheritance. Loading reads the number of the last message that
the user has seen, the menu shows only later ones, and saving writes the number. The users are in a
file of JSON, {"ann": "secret"}. A user who says nothing for ten minutes is disconnected.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from Axon.Component import component
from Kamaelia.Apps.Europython09.BB.Authenticator import Authenticator
from Kamaelia.Apps.Europython09.BB.Conversation import Conversation
from Kamaelia.Apps.Europython09.BB.MessageBoardUI import MessageBoardUI
from Kamaelia.Apps.Europython09.BB.Support import readUsers
from Kamaelia.Apps.Europython09.BB.UserStatePersistence import StateSaverLogout, UserRetriever
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Chassis.Inactivity import InactivityChassis

PATIENCE = 600  # seconds


class Load(UserRetriever):
    states = Path("states")

    def load(self) -> None:
        """Add what was saved for the user. It runs in a thread."""
        file = self.states / (self.State["remoteuser"].lower() + ".json")
        if file.exists():
            self.State["seen"] = json.loads(file.read_text(encoding="utf-8"))


class Menu(MessageBoardUI):
    def getUnreadMessages(self, user: str) -> list[dict[str, Any]]:
        """Return the messages with higher numbers than those that the user has seen."""
        seen = self.State.get("seen", 0)
        return [each for each in super().getUnreadMessages(user) if int(each["message"]) > seen]

    def displayMessage(self, message: dict[str, Any]) -> None:
        super().displayMessage(message)
        self.State["seen"] = int(message["message"])


class Save(StateSaverLogout):
    states = Path("states")

    def save(self) -> None:
        """Save the number of the last message that the user has seen. It runs in a thread."""
        self.states.mkdir(exist_ok=True)
        file = self.states / (self.State["remoteuser"].lower() + ".json")
        file.write_text(json.dumps(self.State.get("seen", 0)), encoding="utf-8")


def conversation(users: dict[str, str], folder: Path, states: Path) -> component:
    state: dict[str, Any] = {}
    return Conversation(
        Authenticator(users=users, State=state),
        Load(State=state, states=states),
        Menu(State=state, folder=folder),
        Save(State=state, states=states),
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=1600, help="port, 0: any free port (%(default)s)"
    )
    options.add_argument("--users", type=Path, required=True, help="a file of JSON")
    for name in ("messages", "states"):
        options.add_argument(
            f"--{name}", type=Path, default=Path(name), help="folder (%(default)s)"
        )
    chosen = options.parse_args()
    users = readUsers(chosen.users)

    def protocol(**peer: object) -> component:
        return InactivityChassis(
            conversation(users, chosen.messages, chosen.states), timeout=PATIENCE
        )

    ServerCore(protocol=protocol, host=chosen.host, port=chosen.port).run()


if __name__ == "__main__":
    main()
