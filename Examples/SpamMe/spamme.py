"""A strict mail proxy in front of the mail server on port 2525, which takes what that one takes.

python Examples/SpamMe/spamme.py [PORT [SMTP_PORT]]

Something has to listen on port 2525: a mail server of yours, or smtp-sink.
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
