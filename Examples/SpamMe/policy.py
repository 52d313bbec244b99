"""A mail proxy with a policy of its own: it accepts mail only for the domains listed in a file.

    echo example.org > domains
    smtp-sink localhost:2525 10                    # or another mail server
    python Examples/SpamMe/policy.py domains 1025 2525
    swaks --server localhost --port 1025 --to you@example.org

DOMAINS is a file with one domain per line. It is read again when it has changed, without a restart.
If it cannot be read, the proxy replies "451, try again later", and no mail is lost.
"""

import argparse
import os
from collections.abc import Collection

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Support.Protocol.SMTP.Address import domainOf


class Domains:
    """The domains that a file lists at present."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.changed: float | None = None
        self.names: Collection[str] = ()

    def __contains__(self, domain: str) -> bool:
        changed = os.stat(self.filename).st_mtime
        if changed != self.changed:
            with open(self.filename, encoding="utf-8") as lines:
                self.names = {line.strip().lower() for line in lines if line.strip()}
            self.changed = changed
        return domain in self.names


class OurDomainsOnly(ConcreteMailHandler):
    domains: Domains
    relay = "live"  # the client gets the server's reply for each recipient

    def shouldWeAcceptRecipient(self, recipient: str) -> bool:
        return domainOf(recipient) in self.domains

    def shouldWeAcceptMail(self) -> bool:
        return True


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("domains", metavar="DOMAINS", help="a file with one domain per line")
    options.add_argument("port", type=int, nargs="?", default=1025, help="port (%(default)s)")
    options.add_argument(
        "smtpPort", type=int, nargs="?", default=2525, help="port of the mail server (%(default)s)"
    )
    chosen = options.parse_args()

    class Handler(OurDomainsOnly):
        domains = Domains(chosen.domains)
        smtp_ip, smtp_port = "127.0.0.1", chosen.smtpPort

    ServerCore(protocol=Handler, port=chosen.port).run()


if __name__ == "__main__":
    main()
