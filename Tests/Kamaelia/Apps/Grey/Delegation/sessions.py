"""Sessions with a Postfix that asks us about its mails."""

import random
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from Kamaelia.Apps.Grey.Delegation.PolicyRequestHandler import PolicyRequestHandler
from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage, PolicyService
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Greylist.Rules import Rules
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE

DELAY = 300.0
OURS = "d.example"


class Clock:
    now = 1_000_000.0


def greylist(**settings: Any) -> tuple[Greylist, list[dict[str, Any]], Clock]:
    clock, journal = Clock(), []
    ours = {
        "store": "memory:",
        "rules": Rules(too_soon=0, min_defer_time=DELAY, client_passes=1),
        "decide_at": "rcpt",
        "null_senders": "data",
        "v4": 24,
        "denied": Lists(senders=["@denied.example"]),
    }
    made = Greylist(clock=lambda: clock.now, journal=journal.append, **(ours | settings))
    return made, journal, clock


def handlers(greylist: Greylist, deferral: str = "DEFER_IF_PERMIT") -> Any:
    service = PolicyService(greylist, LastStage(), deferral=deferral, hostname="mx.d.example")
    return lambda **address: PolicyRequestHandler(service=service)


def restrictions(service: str, *stages: str) -> dict[str, str]:
    """The settings of a Postfix that asks the service at these stages."""
    ask = {f"smtpd_{stage}_restrictions": f"check_policy_service {service}" for stage in stages}
    return {
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "smtpd_authorized_xclient_hosts": "127.0.0.1",
        "smtpd_error_sleep_time": "0",
        "inet_protocols": "all",  # or Postfix believes no IPv6 address in XCLIENT
        "smtpd_reject_unlisted_recipient": "no",
        **ask,
    }


@contextmanager
def session(port: int, client: str = "192.0.2.7") -> Iterator[smtplib.SMTP]:
    """An SMTP session with Postfix, as of a client with this address."""
    with smtplib.SMTP("127.0.0.1", port, "mx.b.example", timeout=PATIENCE) as smtp:
        smtp.ehlo()
        address = f"IPV6:{client}" if ":" in client else client
        code, text = smtp.docmd(f"XCLIENT NAME=[UNAVAILABLE] ADDR={address} PORT=4711")
        assert code == 220, text
        smtp.ehlo()
        yield smtp


def envelope(smtp: Any, sender: str, recipients: list[str]) -> list[str]:
    """The answers to each RCPT, and to DATA if a recipient is accepted."""
    assert smtp.docmd(f"MAIL FROM:<{sender}>")[0] == 250
    said = [smtp.docmd(f"RCPT TO:<{each}>") for each in recipients]
    if any(code == 250 for code, _ in said):
        said.append(smtp.docmd("DATA"))
    return [f"{code} {text.decode()}" for code, text in said]


def send(smtp: smtplib.SMTP, sender: str, *recipients: str) -> list[str]:
    said = envelope(smtp, sender, list(recipients))
    if said[-1].startswith("354"):
        smtp.send(b"Subject: hello\r\n\r\nhello\r\n.\r\n")
        code, text = smtp.getreply()
        said.append(f"{code} {text.decode()}")
    return said


def sendsFromNullSender(clock: Clock) -> Callable[[Postfix], None]:
    """Two attempts of a mail from <>: the first is deferred at DATA."""

    def client(server: Postfix) -> None:
        with session(server.port) as smtp:
            said = send(smtp, "", "c@d.example", "e@d.example")
        assert [each[:3] for each in said] == ["250", "250", "451"]
        clock.now += DELAY
        with session(server.port) as smtp:
            assert send(smtp, "", "c@d.example", "e@d.example")[-1].startswith("250")
        server.waitForMails(2)

    return client


def sendsAndBreaksOff(clock: Clock, deferral: str) -> Callable[[Postfix], None]:
    """Attempts of two clients, of which only one, in 192.0.2.0/24, reaches the end of its mail."""
    whole, broken = "192.0.2.7", "198.51.100.9"

    def client(server: Postfix) -> None:
        for wait, last in ((0.0, deferral), (DELAY, "250")):
            clock.now += wait
            with session(server.port, whole) as smtp:  # Postfix asks at the end, too
                assert send(smtp, "a@b.example", "c@d.example")[-1].startswith(last)
            with session(server.port, broken) as smtp:
                envelope(smtp, "a@b.example", ["c@d.example"])
                smtp.close()  # before the dot
        with session(server.port, whole) as smtp:
            assert send(smtp, "a@b.example", "c@d.example")[-1].startswith("250")

    return client


PEERS = ["192.0.2.7", "192.0.2.8", "198.51.100.9", "203.0.113.1", "2001:db8::1", "2001:db8::2"]
SENDERS = [
    "a@b.example",
    "A@B.example",
    '"a b"@b.example',
    "list-1@l.example",
    "x@denied.example",
    "",
]
RECIPIENTS = [f"c@{OURS}", f"e@{OURS}", f"C@{OURS.upper()}", f'"e f"@{OURS}', f"postmaster@{OURS}"]


def corpus(number: int) -> Iterator[tuple[float, str, str, list[str]]]:
    """Sessions: seconds since the one before, the client, the sender and the recipients."""
    chance = random.Random(17)
    for _ in range(number):
        wait = chance.choice([1.0, 60.0, DELAY, 4000.0])
        sender, peer = chance.choice(SENDERS), chance.choice(PEERS)
        yield wait, peer, sender, chance.sample(RECIPIENTS, chance.randint(1, 3))


def classes(said: list[str]) -> list[str]:
    """Accepted (2, 3), deferred (4) or refused (5), for each answer."""
    return ["2" if each[0] == "3" else each[0] for each in said]
