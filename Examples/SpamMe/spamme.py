"""A strict mail proxy in front of the mail server on port 2525.

python Examples/SpamMe/spamme.py [PORT [SMTP_PORT]]

A mail server must listen on port 2525, such as Postfix or smtp-sink. The proxy accepts the mails
that this server accepts.
"""

import sys

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Chassis.ConnectedServer import ServerCore

port = int(sys.argv[1]) if len(sys.argv) > 1 else 1025
smtpPort = int(sys.argv[2]) if len(sys.argv) > 2 else 2525


class SpamMeHandler(ConcreteMailHandler):
    smtp_ip, smtp_port = "127.0.0.1", smtpPort

    def shouldWeAcceptMail(self) -> bool:
        return True


ServerCore(protocol=SpamMeHandler, port=port).run()
