"""A strict mail proxy in front of the mail server on port 2525.

    smtp-sink localhost:2525 10                    # or another mail server
    python Examples/SpamMe/spamme.py 1025 2525
    swaks --server localhost --port 1025 --to you@example.org

The proxy accepts the mails that the mail server accepts.
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


class SpamMeHandler(ConcreteMailHandler):
    smtp_ip, smtp_port = "127.0.0.1", chosen.smtpPort

    def shouldWeAcceptMail(self) -> bool:
        return True


ServerCore(protocol=SpamMeHandler, port=chosen.port).run()
