"""A real Postfix asks the policy service: at RCPT, at DATA, and for a corpus of sessions."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Support.Greylist.Rules import Rules
from Tests.Kamaelia.Apps.Grey.Delegation.sessions import (
    DELAY,
    OURS,
    classes,
    corpus,
    envelope,
    greylist,
    handlers,
    restrictions,
    send,
    sendsAndBreaksOff,
    sendsFromNullSender,
    session,
)
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE
from Tests.Kamaelia.Apps.Grey.wire import FarEnd

pytestmark = [
    pytest.mark.needs("postfix"),
    pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root"),
]


@pytest.mark.parametrize(
    ("deferral", "first"),
    [("DEFER_IF_PERMIT", "450 4.7.1"), ("451", "451 4.7.1")],
)
def test_a_mail_is_deferred_and_then_arrives_with_a_header(
    asked: Any, deferral: str, first: str
) -> None:
    grey, journal, clock = greylist()
    answers: list[str] = []

    def client(server: Postfix) -> list[bytes]:
        with session(server.port) as smtp:
            (said,) = send(smtp, "a@b.example", "c@d.example")
        assert said.startswith(first)
        answers.append(said)
        clock.now += DELAY
        with session(server.port) as smtp:
            said = send(smtp, "a@b.example", "c@d.example", "e@d.example")
        assert [each[:3] for each in said] == ["250", first[:3], "354", "250"]
        return server.waitForMails(1)

    (mail,) = asked(grey, ["recipient"], client, deferral)
    header = b"X-Greylist: delayed 300 seconds by Kamaelia Grey at mx.d.example; Mon, 12 Jan 1970"
    assert mail.count(header) == 1
    assert f"Greylisted, please try again in 300 seconds ({journal[0]['id']})" in answers[0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "451 4.3.5"),
        ({"smtpd_policy_service_default_action": "DUNNO"}, "250 2.0.0"),
    ],
    ids=["defers", "accepts"],
)
def test_without_the_service_postfix_defers_mail_unless_told_otherwise(
    postfix: Callable[..., Postfix], refusingPort: int, settings: dict[str, str], said: str
) -> None:
    waits = {"smtpd_policy_service_try_limit": "1"}
    service = restrictions(f"inet:127.0.0.1:{refusingPort}", "recipient")
    server = postfix(**service, **waits, **settings)
    with session(server.port) as smtp:
        assert send(smtp, "a@b.example", "c@d.example")[-1].startswith(said)


def test_a_null_sender_is_deferred_at_data(asked: Any) -> None:
    grey, journal, clock = greylist()
    asked(grey, ["recipient", "data"], sendsFromNullSender(clock))
    assert [each["status"] for each in journal] == ["DEFERRED", "ACCEPTED"]


def test_a_mail_that_does_not_reach_its_end_does_not_count(asked: Any) -> None:
    grey, _, clock = greylist()
    asked(
        grey,
        ["recipient", "data", "end_of_data"],
        sendsAndBreaksOff(clock, "450"),
        "DEFER_IF_PERMIT",
    )
    assert [key for key, _ in grey.opened.regulars()] == ["192.0.2.0/24"]


def test_the_connection_may_be_a_unix_socket(
    serving: Any, postfix: Callable[..., Postfix], openFolder: Path
) -> None:
    grey, _, _ = greylist()
    path = openFolder / "policy"

    def client(server: Any) -> list[str]:
        path.chmod(0o666)
        with session(postfix(**restrictions(f"unix:{path}", "recipient")).port) as smtp:
            return send(smtp, "a@b.example", "c@d.example")

    said = serving(client, protocol=handlers(grey), path=path)
    assert said[0].startswith("450 4.7.1")


def test_postfix_defers_while_there_is_no_service(
    postfix: Callable[..., Postfix], freePorts: Callable[[], int]
) -> None:
    server = postfix(
        **restrictions(f"inet:127.0.0.1:{freePorts()}", "recipient"),
        smtpd_policy_service_try_limit="1",
    )
    with session(server.port) as smtp:
        (said,) = send(smtp, "a@b.example", "c@d.example")
    assert said.startswith("451 4.3.5")


# The same answers as the proxy


class Dialogue:
    """A session with the proxy, which is told the client's address in a PROXY header."""

    def __init__(self, port: int, peer: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.lines = self.socket.makefile("rb")
        family, local = ("TCP6", "::1") if ":" in peer else ("TCP4", "127.0.0.1")
        self.socket.sendall(f"PROXY {family} {peer} {local} 4711 25\r\n".encode())
        assert self.reply()[0] == 220
        assert self.docmd("EHLO mx.b.example")[0] == 250

    def reply(self) -> tuple[int, bytes]:
        while True:
            line = self.lines.readline()
            if line[3:4] != b"-":
                return int(line[:3]), line[4:].strip()

    def docmd(self, line: str) -> tuple[int, bytes]:
        self.socket.sendall(f"{line}\r\n".encode())
        return self.reply()

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


def test_a_corpus_of_200_sessions_gets_the_same_answers_as_from_the_proxy(
    asked: Any, serving: Any
) -> None:
    rules = Rules(too_soon=0, min_defer_time=DELAY)
    sessions = list(corpus(200))
    grey, _, clock = greylist(rules=rules)

    def throughPostfix(server: Postfix) -> list[list[str]]:
        found = []
        for wait, peer, sender, recipients in sessions:
            clock.now += wait
            with session(server.port, peer) as smtp:
                found.append(classes(envelope(smtp, sender, recipients)))
                smtp.close()  # before the dot
        return found

    bySMTP, _, proxyClock = greylist(rules=rules)

    def throughProxy(server: Any) -> list[list[str]]:
        found = []
        for wait, peer, sender, recipients in sessions:
            proxyClock.now += wait
            dialogue = Dialogue(server.ports[0], peer)
            found.append(classes(envelope(dialogue, sender, recipients)))
            dialogue.close()
        return found

    with FarEnd() as far:
        settings = {"greylist": bySMTP, "allowed_domains": [OURS], "smtp_port": far.port}
        kind = type("Proxy", (GreyListingPolicy,), settings | {"relay": "live", "strict": False})
        expected = serving(throughProxy, protocol=kind, proxy_protocol_from=["127.0.0.1"])
    answers = asked(grey, ["recipient", "data"], throughPostfix)
    assert {word for each in expected for word in each} == {"2", "4", "5"}
    different = [
        (each, a, b) for each, a, b in zip(sessions, answers, expected, strict=True) if a != b
    ]
    assert different == []
