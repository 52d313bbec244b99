"""A client that is known good by experience loses this when the real server refuses its mail."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Support.Greylist.Rules import Regular, Rules
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.wire import Caller, FarEnd

SPAM = b"Subject: buy pills\r\n\r\nHello\r\n"
NOW = 1_000_000.0
KNOWN = {"127.0.0.0/24": Regular(7, NOW)}
RELAYS = ["live", "replay"]


def proxy(port: int, relay: str, **settings: Any) -> Any:
    rules = Rules(client_passes=1)
    mine = Greylist(
        store="memory:", rules=rules, v4=24, decide_at="rcpt", clock=lambda: NOW, **settings
    )
    attributes = {"greylist": mine, "smtp_port": port, "smtp_offer_interval": 0, "relay": relay}
    return type("Handler", (GreyListingPolicy,), attributes | {"allowed_domains": ["d.example"]})


def knownAfter(
    serving: Any, handler: Any, *texts: bytes, wanted: str, recipient: str = "<c@d.example>"
) -> dict[str, Regular]:
    """Return the regular clients after a known client's mails, the last with this reply."""
    grey = handler.greylist

    def client(server: Any) -> dict[str, Regular]:
        grey.opened.rememberClients(KNOWN.items(), grey.rules)
        caller = Caller(server.ports[0])
        reply = ""
        for text in texts:
            reply = caller.begin(recipient)[-1]
            reply = caller.send(text) if reply.startswith("250") else reply
        assert reply.startswith(wanted), reply
        return dict(grey.opened.regulars())

    found: dict[str, Regular] = serving(client, protocol=handler)
    return found


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize("stage", ["dot", "DATA"])
def test_a_permanent_refusal_of_a_mail_revokes(serving: Any, relay: str, stage: str) -> None:
    with FarEnd(**{stage: "554 5.7.1 spam"}) as far:
        handler = proxy(far.port, relay)
        assert knownAfter(serving, handler, SPAM, wanted="554 5.7.1 spam") == {}


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ({}, "250"),
        ({"dot": "451 4.3.0 later"}, "451"),
        ({"RCPT": "550 5.1.1 User unknown"}, "550"),
        ({"greeting": "554 5.7.1 not you"}, "451"),
    ],
)
def test_other_answers_do_not_revoke(
    serving: Any, relay: str, answers: dict[str, str], wanted: str
) -> None:
    with FarEnd(**answers) as far:
        assert knownAfter(serving, proxy(far.port, relay), SPAM, wanted=wanted) == KNOWN


def test_a_refusal_of_the_proxys_own_does_not_revoke(serving: Any) -> None:
    with FarEnd() as far:
        assert knownAfter(serving, proxy(far.port, "live"), b"bare\nLF\r\n", wanted="550") == KNOWN


def test_nothing_is_revoked_if_the_setting_is_off(serving: Any) -> None:
    with FarEnd(dot="554 5.7.1 spam") as far:
        handler = proxy(far.port, "live", revokes=False)
        assert knownAfter(serving, handler, SPAM, wanted="554") == KNOWN


@pytest.mark.parametrize("relay", RELAYS)
@pytest.mark.needs("postfix")
@pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root")
def test_a_mail_that_postfix_refuses_for_its_text_revokes(
    serving: Any, postfix: Callable[..., Postfix], openFolder: Path, relay: str
) -> None:
    (openFolder / "checks").write_text("/^Subject:.*pills/ REJECT 5.7.1 no pills\n")
    behind = postfix(header_checks=f"regexp:{openFolder}/checks")
    good = b"Subject: hello\r\n\r\nHello\r\n"
    handler = proxy(behind.port, relay)
    assert knownAfter(serving, handler, good, good, wanted="250") == KNOWN
    assert knownAfter(serving, handler, good, SPAM, wanted="550 5.7.1 no pills") == {}
