"""The strict SMTP proxy, with a policy that takes every mail.

It keeps connections to the server, as Kamaelia Grey does; older implementations ignore the setting.

python axon_proxy.py DIR live|replay SINK-PORT PORT
"""

import sys

sys.path.insert(0, sys.argv[1])

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Chassis.ConnectedServer import ServerCore


class Handler(ConcreteMailHandler):
    relay = sys.argv[2]
    smtp_idle_connections = 20
    smtp_ip, smtp_port = "127.0.0.1", int(sys.argv[3])

    def shouldWeAcceptMail(self):
        return True


ServerCore(protocol=Handler, host="127.0.0.1", port=int(sys.argv[4])).run()
