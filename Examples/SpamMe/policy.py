"""A mail proxy with a policy of its own: it accepts mail only for the domains listed in a file.

python Examples/SpamMe/policy.py DOMAINS [PORT [SMTP_PORT]]

DOMAINS is a file with one domain per line. It is read again when it has changed, without a restart.
If it cannot be read, the proxy replies "451, try again later", and no mail is lost.
"""

import os
import sys
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


def main(filename: str, port: str = "1025", smtpPort: str = "2525") -> None:
    class Handler(OurDomainsOnly):
        domains = Domains(filename)
        smtp_ip, smtp_port = "127.0.0.1", int(smtpPort)

    ServerCore(protocol=Handler, port=int(port)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
