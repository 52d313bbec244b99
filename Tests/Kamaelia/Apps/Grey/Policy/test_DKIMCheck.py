"""A signed mail of a domain that mailed before has a credit: real keys, nsd, Postfix."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Delegation.DelegatedMail import DelegatedMail
from Kamaelia.Apps.Grey.Delegation.MilterHandler import MilterHandler
from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage, PolicyService
from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.DKIMCheck import DKIMCheck
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Apps.Grey.Policy.SuspicionCheck import SuspicionCheck
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Greylist.Rules import Rules
from Kamaelia.Support.Greylist.Suspicion import Weights, checksFor
from Kamaelia.Support.Protocol.PolicyDelegation import END, RCPT, Action, PolicyRequest
from Tests.conftest import pathOf
from Tests.Kamaelia.Apps.Grey.Delegation.sessions import restrictions, session
from Tests.Kamaelia.Apps.Grey.nameserver import NameServer
from Tests.Kamaelia.Apps.Grey.Policy.test_SuspicionCheck import silence
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.signing import MAIL, SigningKey
from Tests.Kamaelia.Apps.Grey.wire import Caller, FarEnd
from Tests.ports import freePort

__all__ = ["silence"]  # a fixture
pytest.importorskip("dkim")

SENDER = "<ann@b.example>"
DELAY = 300.0
GREYLISTED = "451 4.7.1 Greylisted"


class Keys:
    """A key in the zone b.example of a DNS server."""

    def __init__(self, key: SigningKey, server: str) -> None:
        self.key, self.server = key, server

    def check(self, **more: Any) -> DKIMCheck:
        return DKIMCheck(Resolver([self.server]), points=-5, **({"timeout": 20.0} | more))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    program, folder = pathOf("nsd"), tmp_path_factory.mktemp("nsd")
    key = SigningKey(folder)
    twice = 'two._domainkey TXT "p=AAAA"\ntwo._domainkey TXT "p=BBBB"\n'
    server = NameServer(program, folder, freePort(), {"b.example.": key.zoneLine + twice})
    yield Keys(key, server.address)
    server.end()


def signers(check: DKIMCheck, text: bytes | None) -> list[str]:
    return asyncio.run(check.signersOf(text, SENDER))


def test_the_domain_of_an_authentic_signature_is_found_once(keys: Keys) -> None:
    once = keys.key.signed()
    assert signers(keys.check(), once) == ["b.example"]
    assert signers(keys.check(), keys.key.signed(once)) == ["b.example"]


@pytest.mark.parametrize("selector", [b"none", b"two"])
def test_a_key_that_is_missing_or_ambiguous_proves_nothing(keys: Keys, selector: bytes) -> None:
    assert signers(keys.check(), keys.key.signed().replace(b"s=mail", b"s=" + selector)) == []


def test_large_late_and_missing_texts_prove_nothing(keys: Keys, silence: str) -> None:
    text = keys.key.signed()
    assert signers(keys.check(most=len(text)), text) == ["b.example"]
    assert signers(keys.check(most=len(text) - 1), text) == []
    assert signers(keys.check(), None) == []
    assert signers(Keys(keys.key, silence).check(timeout=0.05), text) == []


# In the proxy and the milter


class Clock:
    now = 1_000_000.0


def greylistWith(dkim: DKIMCheck | None, clock: Clock, journal: list[Any]) -> Greylist:
    """A greylist to which clients without a domain name in HELO are suspicious, with 3 points."""
    checks = [each for each in checksFor(Weights()) if each.name == "helo_address"]
    resolver = Resolver(["127.0.0.1:1"])
    return Greylist(
        store="memory:",
        suspicion=SuspicionCheck(resolver, checks, 3, 20.0, dkim),
        rules=Rules(too_soon=0, min_defer_time=DELAY, client_passes=5),
        decide_at="rcpt",
        journal=journal.append,
        clock=lambda: clock.now,
    )


def sent(port: int, text: bytes, recipient: str = "<c@d.example>") -> list[str]:
    """The replies to RCPT and to the end of a suspicious mail."""
    caller = Caller(port)
    caller.say("EHLO 192.0.2.7")
    said = caller.sayAll(f"MAIL FROM:{SENDER}", f"RCPT TO:{recipient}")[1:]
    if said[0].startswith("250"):
        said.append(caller.send(text.replace(b"\r\n.", b"\r\n..")))
    caller.close()
    return said


def test_the_proxy_delays_the_first_signed_mail_of_a_domain_and_no_other(
    serving: Any, keys: Keys
) -> None:
    clock, journal = Clock(), list[Any]()
    mine = greylistWith(keys.check(), clock, journal)
    text, others = keys.key.signed(), MAIL

    def client(server: Any) -> None:
        port = server.ports[0]
        first = sent(port, text)
        assert first[0].startswith("250")
        assert first[1].startswith(GREYLISTED)
        clock.now += DELAY
        assert sent(port, text)[1].startswith("250")  # has waited: now the domain is known
        assert sent(port, text, "<new@d.example>")[1].startswith("250")
        for unsigned in (others, text.replace(b"Hello", b"Hallo")):
            assert sent(port, unsigned, "<other@d.example>")[1].startswith(GREYLISTED)
        known = [name for name, _ in mine.opened.regulars() if name.startswith("dkim:")]
        assert known == ["dkim:b.example"]

    with FarEnd() as far:
        settings = {"greylist": mine, "smtp_port": far.port, "smtp_offer_interval": 0}
        more = {"relay": "replay", "allowed_domains": ["d.example"]}
        serving(client, protocol=type("Handler", (GreyListingPolicy,), settings | more))
    assert [mail.text for mail in far.mails] == [text.replace(b"\r\n.", b"\r\n..")] * 2
    mails = [each for each in journal if each["event"] == "mail"]
    assert [each["status"] for each in mails[:3]] == ["DEFERRED", "ACCEPTED", "ACCEPTED"]
    credit = "DKIM of b.example, which mailed before (-5)"
    assert [credit in each["suspicion"]["reasons"] for each in mails[:3]] == [False, False, True]
    assert mails[2]["recipients"][0]["reason"] == "not suspicious"
    assert mails[2]["suspicion"]["points"] == -2


def test_a_refused_mail_revokes_the_domain(serving: Any, keys: Keys) -> None:
    clock = Clock()
    mine = greylistWith(keys.check(), clock, [])

    def client(server: Any) -> None:
        mine.countSigners(["b.example"], clock.now)
        assert sent(server.ports[0], keys.key.signed())[1].startswith("554 5.7.1 spam")
        assert list(mine.opened.regulars()) == []

    with FarEnd(dot="554 5.7.1 spam") as far:
        settings = {"greylist": mine, "smtp_port": far.port, "smtp_offer_interval": 0}
        more = {"relay": "replay", "allowed_domains": ["d.example"]}
        serving(client, protocol=type("Handler", (GreyListingPolicy,), settings | more))


def test_without_a_text_suspicious_mail_is_deferred_at_rcpt(serving: Any, keys: Keys) -> None:
    """In live, the real server has the text already."""
    mine = greylistWith(keys.check(), Clock(), [])

    def client(server: Any) -> list[str]:
        return sent(server.ports[0], keys.key.signed())

    with FarEnd() as far:
        settings = {"greylist": mine, "smtp_port": far.port, "smtp_offer_interval": 0}
        more = {"relay": "live", "allowed_domains": ["d.example"]}
        (said,) = serving(client, protocol=type("Handler", (GreyListingPolicy,), settings | more))
    assert said.startswith(GREYLISTED)


def test_a_mail_of_which_only_the_recipient_and_the_end_are_asked_is_judged_by_its_text(
    keys: Keys,
) -> None:
    """Whatever is left to DATA is decided at the end, and then what is left to the text."""
    mine = greylistWith(keys.check(), Clock(), [])
    mine.decide_at = "data"
    service = PolicyService(mine, LastStage(END), longestText=1 << 20)
    request = PolicyRequest(RCPT, "192.0.2.7", remotename="192.0.2.7", sender=SENDER)
    request = request._replace(recipient="<c@d.example>", instance="1")

    async def answers() -> list[Action]:
        mail = DelegatedMail(service, request, 0.0)
        end = request._replace(stage=END, text=MAIL)
        return [await answer(mail, each) for each in (request, end)]

    async def answer(mail: DelegatedMail, request: PolicyRequest) -> Action:
        while True:
            try:
                return mail.actionFor(request, 0.0)
            except Later as later:
                await later.future

    assert [each.code for each in asyncio.run(answers())] == [0, 451]


def test_a_mail_that_cannot_be_judged_is_deferred_and_the_session_goes_on(
    serving: Any, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = keys.check()
    mine = greylistWith(check, Clock(), [])

    async def fails(*_: Any) -> list[str]:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(check, "signersOf", fails)

    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        caller.say("EHLO 192.0.2.7")
        caller.sayAll(f"MAIL FROM:{SENDER}", "RCPT TO:<c@d.example>")
        return [caller.send(MAIL), *caller.sayAll(f"MAIL FROM:{SENDER}", "RCPT TO:<c@d.example>")]

    with FarEnd() as far:
        settings = {"greylist": mine, "smtp_port": far.port, "smtp_offer_interval": 0}
        more = {"relay": "replay", "allowed_domains": ["d.example"]}
        said = serving(client, protocol=type("Handler", (GreyListingPolicy,), settings | more))
    assert [each[:9] for each in said] == ["451 4.3.0", "250 2.1.0", "250 2.1.5"]
    assert far.mails == []


@pytest.mark.needs("postfix")
@pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root")
def test_the_milter_of_postfix_gives_the_credit_at_the_end_of_the_mail(
    serving: Any, postfix: Callable[..., Postfix], keys: Keys, tmp_path: Path
) -> None:
    clock, journal = Clock(), list[Any]()
    check = keys.check()
    mine = greylistWith(check, clock, journal)
    service = PolicyService(mine, LastStage(END), longestText=check.most, addsHeader=False)
    folded = MAIL.replace(b"Subject: hello", b"Subject:  hello\r\n\t folded   line")
    texts = [
        keys.key.signed(folded, canonicalize=kind)
        for kind in ((b"simple", b"simple"), (b"relaxed", b"relaxed"))
    ]

    def send(port: int, text: bytes, recipient: str) -> str:
        with session(port) as smtp:
            smtp.ehlo("[192.0.2.7]")
            for line in (f"MAIL FROM:{SENDER}", f"RCPT TO:<{recipient}>"):
                assert smtp.docmd(line)[0] == 250
            assert smtp.docmd("DATA")[0] == 354
            smtp.send(text.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            code, words = smtp.getreply()
            return f"{code} {words.decode()}"

    def client(server: Any) -> None:
        settings = {"smtpd_milters": f"inet:127.0.0.1:{server.ports[0]}"}
        front = postfix(**restrictions("") | settings)
        assert send(front.port, texts[0], "c@d.example").startswith(GREYLISTED)
        clock.now += DELAY
        assert send(front.port, texts[0], "c@d.example").startswith("250")
        for text in texts:
            assert send(front.port, text, "e@d.example").startswith("250")
        changed = texts[1].replace(b"Hello", b"Hallo")
        assert send(front.port, changed, "other@d.example").startswith(GREYLISTED)
        front.waitForMails(3)

    serving(client, protocol=lambda **address: MilterHandler(service=service))
    reasons = [each["recipients"][0]["reason"] for each in journal]
    assert reasons == [
        "never seen",
        "waited long enough",
        "not suspicious",
        "not suspicious",
        "never seen",
    ]
