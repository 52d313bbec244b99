"""Greylisting as one class: a server that contains the policy, with an additional rule.

python Examples/Greylisting/greylister.py [PORT [SMTP_PORT [DOMAIN]]]

A mail server must listen on port 2525, such as Postfix or smtp-sink. Mail for DOMAIN
(example.org) is accepted from all clients that try again after ten seconds. Mail for its
postmaster is accepted at once, so that senders can report a mistake.
"""

import sys

from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Support.Greylist.Rules import Rules

given = dict(enumerate(sys.argv))


class GreyLister(ServerCore):
    port = int(given.get(1, 1025))

    class protocol(GreyListingPolicy):
        smtp_ip, smtp_port = "127.0.0.1", int(given.get(2, 2525))
        allowed_domains = [given.get(3, "example.org")]
        relay = "live"
        greylist = Greylist(store="memory:", rules=Rules(too_soon=0, min_defer_time=10))

        def whiteListed(self, recipient: str) -> bool:
            return recipient.lower().startswith("<postmaster@") or super().whiteListed(recipient)


GreyLister(onListening=lambda server: print(f"listening on port {server.port}")).run()
