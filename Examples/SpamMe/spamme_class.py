"""The proxy of spamme.py as one class: a server that contains its protocol.

    smtp-sink localhost:2525 10                    # or another mail server
    python Examples/SpamMe/spamme_class.py 1025 2525
    swaks --server localhost --port 1025 --to you@example.org

A subclass of ServerCore may have its protocol and other settings as class attributes.
"""

import argparse

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Chassis.ConnectedServer import ServerCore

options = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
options.add_argument("port", type=int, nargs="?", default=1025, help="port (%(default)s)")
options.add_argument(
    "smtpPort", type=int, nargs="?", default=2525, help="port of the mail server (%(default)s)"
)
chosen = options.parse_args()


class SpamMeMailServer(ServerCore):
    class protocol(ConcreteMailHandler):
        smtp_ip, smtp_port = "127.0.0.1", chosen.smtpPort

        def shouldWeAcceptMail(self) -> bool:
            return True


SpamMeMailServer(port=chosen.port).run()
