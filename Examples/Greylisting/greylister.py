"""Greylisting as one class: a server, and within it the policy, with a rule of one's own.

python Examples/Greylisting/greylister.py [PORT [SMTP_PORT [DOMAIN]]]

Something has to listen on port 2525: a mail server of yours, or smtp-sink. Mail for
DOMAIN (example.org) is taken from everybody who comes back after ten seconds; mail
for its postmaster at once, so that somebody hears of it if that is a mistake.
"""

import sys

from Kamaelia.Apps.Grey.Greylist import Greylist
from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
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
