"""How often the clients of a network may connect, send mails and name recipients."""

from collections.abc import Callable
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Service.Assembly import protocolOf
from Kamaelia.Apps.Grey.Session.ClientRates import REPLIES, ClientRates
from Kamaelia.Apps.Grey.StrictMailHandler import StrictMailHandler
from Kamaelia.Support.Protocol.SMTP.Refusal import OTHER_REASONS, reasonOf
from Kamaelia.Support.Settings.Configuration import parse
from Tests.Kamaelia.Apps.Grey.dialogue import codes, talk

HELLO, SENDER, RECIPIENT = "EHLO me", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"


def limited(**most: int) -> Callable[..., Any]:
    """A function that makes handlers of one class with these limits."""
    shared = type("Limited", (StrictMailHandler,), {"rates": ClientRates(**most), "strict": False})

    def make(peer: str = "192.0.2.1", **settings: Any) -> Any:
        return shared(peer=peer, **settings)

    return make


def test_a_network_that_connects_too_often_is_refused_and_another_is_not() -> None:
    make = limited(connections=2)
    firsts = [talk(make(f"192.0.2.{n}"), "QUIT").heard[0][:3] for n in range(3)]
    assert firsts == ["220", "220", "421"]
    assert talk(make("192.0.3.1"), "QUIT").heard[0][:3] == "220"


def test_a_refused_connection_is_closed() -> None:
    make = limited(connections=1)
    talk(make(), "QUIT")
    dialogue = talk(make(), HELLO, leaves=False)
    assert dialogue.closed
    assert dialogue.heard == ["421 4.7.1 Too many connections from your network"]


def test_mails_are_counted_over_all_connections() -> None:
    make = limited(mails=2)
    lines = [HELLO, SENDER, "RSET"]
    assert codes(talk(make(), *lines, SENDER)) == [250, 250, 250, 250]
    assert codes(talk(make("192.0.2.9"), *lines)) == [250, 450, 250]


def test_recipients_are_counted_over_all_mails() -> None:
    make = limited(recipients=2)
    said = codes(talk(make(), HELLO, SENDER, RECIPIENT, "RSET", SENDER, RECIPIENT, RECIPIENT))
    assert said == [250, 250, 250, 250, 250, 250, 452]


def test_what_is_refused_anyway_is_not_counted_as_a_recipient() -> None:
    make = limited(recipients=1)
    said = codes(talk(make(), HELLO, RECIPIENT, SENDER, "RCPT TO:<x", RECIPIENT))
    assert said == [250, 503, 250, 501, 250]


def test_after_a_minute_the_network_may_continue() -> None:
    rates = ClientRates(mails=1)
    times = [0.0, 1.0, 59.9, 60.0, 61.0]
    refused = [rates.refusal("mails", "2001:db8::1", now) is not None for now in times]
    assert refused == [False, True, True, False, True]


def test_trusted_clients_and_the_connections_of_hosts_that_name_theirs_are_not_limited() -> None:
    make = limited(connections=1, mails=1, recipients=1)
    for _ in range(3):
        trusted = make(isTrustedClient=lambda: True)
        assert set(codes(talk(trusted, HELLO, SENDER, RECIPIENT, RECIPIENT))) == {250}
        host = make(xclient_from=["192.0.2.1"])
        assert talk(host, "QUIT").heard[0][:3] == "220"


def test_the_client_that_a_host_names_is_limited() -> None:
    make = limited(mails=1)
    lines = [HELLO, "XFORWARD ADDR=198.51.100.7", SENDER, "RSET"]
    assert codes(talk(make(xclient_from=["192.0.2.1"]), *lines)) == [250] * 4
    again = codes(talk(make(xclient_from=["192.0.2.1"]), *lines, SENDER))
    assert again == [250, 250, 450, 250, 450]


def test_each_limit_has_a_reason_of_its_own() -> None:
    reasons = {reasonOf(reply) for reply in REPLIES.values()}
    assert reasons == {"connection rate", "mail rate", "recipient rate"}
    assert reasons.isdisjoint(OTHER_REASONS.values())


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("connection_rate", {"connections": 7}),
        ("mail_rate", {"mails": 7}),
        ("recipient_rate", {"recipients": 7}),
    ],
)
def test_the_configuration_has_them(name: str, most: dict[str, int]) -> None:
    text = '[name]\nservername = "mx.example"\n[forward]\nallowed_domains = []\n'
    protocol = protocolOf(parse(f"{text}[limits]\n{name} = 7\ngreet_delay = 2\n"), None)
    assert protocol.greet_delay == 2
    mosts = {key: rate.most for key, rate in protocol.rates._rates.items()}
    assert mosts == {"connections": 0, "mails": 0, "recipients": 0} | most
    assert protocolOf(parse(text), None).rates is None
