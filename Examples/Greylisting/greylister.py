"""Greylisting as one class: a server that contains the policy, with an additional rule.

    smtp-sink localhost:2525 10                    # or another mail server
    python Examples/Greylisting/greylister.py 1025 2525 example.org
    swaks --server localhost --port 1025 --to you@example.org

Mail for the domain is accepted from all clients that try again after ten seconds. Mail for its
postmaster is accepted at once, so that senders can report a mistake.
"""

import argparse

from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Support.Greylist.Rules import Rules

options = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
options.add_argument("port", type=int, nargs="?", default=1025, help="port (%(default)s)")
options.add_argument(
    "smtpPort", type=int, nargs="?", default=2525, help="port of the mail server (%(default)s)"
)
options.add_argument("domain", nargs="?", default="example.org", help="domain (%(default)s)")
chosen = options.parse_args()


class GreyLister(ServerCore):
    port = chosen.port

    class protocol(GreyListingPolicy):
        smtp_ip, smtp_port = "127.0.0.1", chosen.smtpPort
        allowed_domains = [chosen.domain]
        relay = "live"
        greylist = Greylist(store="memory:", rules=Rules(too_soon=0, min_defer_time=10))

        def whiteListed(self, recipient: str) -> bool:
            return recipient.lower().startswith("<postmaster@") or super().whiteListed(recipient)


GreyLister().run()
