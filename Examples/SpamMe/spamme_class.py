"""The proxy of spamme.py as one class: a server that contains its protocol.

python Examples/SpamMe/spamme_class.py [PORT [SMTP_PORT]]
"""

import sys

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Chassis.ConnectedServer import ServerCore

listenOn = int(sys.argv[1]) if len(sys.argv) > 1 else 1025
smtpPort = int(sys.argv[2]) if len(sys.argv) > 2 else 2525


class SpamMeMailServer(ServerCore):
    class protocol(ConcreteMailHandler):
        smtp_ip, smtp_port = "127.0.0.1", smtpPort

        def shouldWeAcceptMail(self) -> bool:
            return True


SpamMeMailServer(port=listenOn).run()
