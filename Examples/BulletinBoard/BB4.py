"""A bulletin board, step 4: the login.

    python Examples/BulletinBoard/BB4.py --port 1600
    telnet localhost 1600

A Conversation may have several stages. The Authenticator is the first: it ends when the user has
given the right password, and the next stage begins. A user who has gone ends all stages.

    user: ann, password: secret
"""

import argparse

from Axon.Component import component
from Kamaelia.Apps.Europython09.BB.Authenticator import Authenticator
from Kamaelia.Apps.Europython09.BB.Conversation import Conversation
from Kamaelia.Apps.Europython09.BB.UserStatePersistence import StateSaverLogout
from Kamaelia.Chassis.ConnectedServer import ServerCore

USERS = {"ann": "secret", "bob": "hidden"}


def protocol(**peer: object) -> component:
    return Conversation(Authenticator(users=USERS), StateSaverLogout())


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
