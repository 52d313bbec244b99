"""A real Postfix uses the milter: deferrals, headers, null senders, 200 sessions."""

import os
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Delegation.MilterHandler import MilterHandler
from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage, PolicyService
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Apps.Grey.Policy.SuspicionCheck import SuspicionCheck
from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Greylist.Rules import Rules
from Kamaelia.Support.Greylist.Suspicion import Check, certificate, heloAddress, noTLS
from Kamaelia.Support.Protocol.PolicyDelegation import END
from Tests.Kamaelia.Apps.Grey.certificates import selfSigned
from Tests.Kamaelia.Apps.Grey.Delegation.sessions import (
    DELAY,
    classes,
    corpus,
    envelope,
    greylist,
    restrictions,
    send,
    sendsAndBreaksOff,
    sendsFromNullSender,
    session,
)
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE

pytestmark = [
    pytest.mark.needs("postfix"),
    pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root"),
]


@pytest.fixture
def filtered(serving: Any, postfix: Callable[..., Postfix]) -> Callable[..., Any]:
    """filtered(greylist, client) -> what client(postfix) returns."""

    def run(
        greylist: Greylist,
        client: Any,
        milters: str = "smtpd_milters",
        settings: dict[str, str] | None = None,
        **more: Any,
    ) -> Any:
        service = PolicyService(greylist, LastStage(END), **more)

        def work(server: Any) -> Any:
            ours = restrictions("") | {
                milters: f"inet:127.0.0.1:{server.ports[0]}",
                "milter_default_action": "tempfail",
            }
            return client(postfix(**ours | (settings or {})))

        return serving(work, protocol=lambda **address: MilterHandler(service=service))

    return run


def test_a_mail_is_deferred_and_then_arrives_with_a_header(filtered: Any) -> None:
    grey, journal, clock = greylist()

    def client(server: Postfix) -> list[bytes]:
        with session(server.port) as smtp:
            (said,) = send(smtp, "a@b.example", "c@d.example")
        assert said.startswith("451 4.7.1 Greylisted, please try again in 300 seconds (")
        clock.now += DELAY
        with session(server.port) as smtp:
            said = send(smtp, "a@b.example", "c@d.example", "e@d.example")
        assert [each[:3] for each in said] == ["250", "451", "354", "250"]
        return server.waitForMails(1)

    (mail,) = filtered(grey, client, hostname="mx.d.example")
    header = b"X-Greylist: delayed 300 seconds by Kamaelia Grey at mx.d.example; Mon, 12 Jan 1970"
    assert mail.count(header) == 1
    assert [each["status"] for each in journal] == ["DEFERRED", "ACCEPTED"]
    assert journal[0]["helo"] == "mx.b.example"
    assert journal[0]["port"] == 4711


def test_a_null_sender_is_deferred_at_data(filtered: Any) -> None:
    grey, journal, clock = greylist()
    filtered(grey, sendsFromNullSender(clock))
    assert [each["status"] for each in journal] == ["DEFERRED", "ACCEPTED"]


def test_a_refusal_reaches_the_client_and_later_mails_of_the_session_are_decided(
    filtered: Any,
) -> None:
    grey, journal, _ = greylist(allowed=Lists(senders=["@friend.example"]))

    def client(server: Postfix) -> None:
        with session(server.port) as smtp:
            (said,) = send(smtp, "x@denied.example", "c@d.example")
            assert said.startswith("550 5.7.1")
            assert smtp.rset()[0] == 250
            assert send(smtp, "ann@friend.example", "c@d.example")[-1].startswith("250")
        server.waitForMails(1)

    filtered(grey, client)
    mails = [each for each in journal if each["event"] == "mail"]
    assert [each["status"] for each in mails] == ["REFUSED", "ACCEPTED"]


@pytest.mark.parametrize("isTrusted", [True, False])
def test_a_certificate_that_postfix_has_verified_is_a_credit(
    filtered: Any, openFolder: Path, isTrusted: bool
) -> None:
    server, client_, other = (
        selfSigned(openFolder, name) for name in ("server", "client", "other")
    )
    for file in openFolder.iterdir():
        file.chmod(0o644)
    checks = [
        Check("helo_address", 3, heloAddress),
        Check("certificate", -3, certificate),
        Check("no_tls", 1, noTLS),
    ]
    grey, journal, _ = greylist(suspicion=SuspicionCheck(Resolver(["127.0.0.1:1"]), checks, 3))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(*client_)

    def client(postfix: Postfix) -> str:
        with session(postfix.port) as smtp:
            assert smtp.starttls(context=context)[0] == 220
            smtp.ehlo("[192.0.2.7]")
            return send(smtp, "a@b.example", "c@d.example")[0]

    settings = {
        "smtpd_tls_security_level": "may",
        "smtpd_tls_chain_files": f"{server[1]}, {server[0]}",
        "smtpd_tls_ask_ccert": "yes",
        "smtpd_tls_CAfile": (client_ if isTrusted else other)[0],
    }
    said = filtered(grey, client, settings=settings)
    assert said.startswith("250" if isTrusted else "451")
    reasons = ("the name in HELO is an address (3)", "a verified certificate (-3)")
    assert journal[0]["suspicion"]["reasons"] == reasons[: 1 + isTrusted]


def test_a_mail_counts_for_its_client_only_after_its_dot(filtered: Any) -> None:
    grey, _, clock = greylist()
    filtered(grey, sendsAndBreaksOff(clock, "451"))
    assert [key for key, _ in grey.opened.regulars()] == ["192.0.2.0/24"]


def test_a_corpus_of_sessions_gets_the_same_answers_as_from_the_policy_service(
    filtered: Any, asked: Any
) -> None:
    rules = Rules(too_soon=0, min_defer_time=DELAY)
    sessions = list(corpus(60))

    def through(clock: Any) -> Any:
        def client(server: Postfix) -> list[list[str]]:
            found = []
            for wait, peer, sender, recipients in sessions:
                clock.now += wait
                with session(server.port, peer) as smtp:
                    found.append(classes(envelope(smtp, sender, recipients)))
                    smtp.close()  # before the dot
            return found

        return client

    delegated, _, clock = greylist(rules=rules)
    expected = asked(delegated, ["recipient", "data"], through(clock))
    grey, _, clock = greylist(rules=rules)
    assert filtered(grey, through(clock)) == expected
    assert {each[0] for said in expected for each in said} == {"2", "4", "5"}


def test_mail_from_this_machine_is_not_delayed(filtered: Any) -> None:
    grey, journal, _ = greylist()

    def client(server: Postfix) -> None:
        command = ["sendmail", "-C", server.folder / "etc", "-f", "a@b.example", "c@d.example"]
        mail = b"Subject: local\n\nhello\n"
        subprocess.run(command, input=mail, check=True, timeout=PATIENCE)
        server.waitForMails(1)

    filtered(grey, client, milters="non_smtpd_milters")
    assert journal == []
