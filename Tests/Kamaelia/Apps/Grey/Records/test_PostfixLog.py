"""The log in the words of Postfix, as Debian's pflogsumm reads it after a real run."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Records.PostfixLog import MailEnd, PostfixLines, RecipientEnd
from Kamaelia.Support.Protocol.SMTP.Refusal import Refusal
from Kamaelia.Support.Protocol.SMTP.Reply import (
    NOT_REACHED,
    RECIPIENT_REFUSED,
    SHUTTING_DOWN,
    TOO_SLOW,
    Reply,
)
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE
from Tests.Kamaelia.Apps.Grey.Service.test_Application import grey
from Tests.Kamaelia.Apps.Grey.wire import Caller

__all__ = ["grey"]  # a fixture

MORE = """\
logfile = "{folder}/grey.log"
format = "postfix"
[allow]
recipients = ["open@example.org", "other@example.org"]
[deny]
recipients = ["no@example.org"]
"""
TOTAL = re.compile(r"^ *(\d+)k? +([a-z ]+?)(?: +\((.*)\))?$", re.M)


def totals(log: Path) -> dict[str, int]:
    """The grand totals in pflogsumm's report."""
    return {what: int(number) for number, what, _ in TOTAL.findall(report(log))}


def report(log: Path, *words: str) -> str:
    command = ["pflogsumm", "--syslog-name=kamaelia-grey", *words, str(log)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.needs("pflogsumm")
@pytest.mark.parametrize("relay", ["live", "replay"])
def test_pflogsumm_counts_what_happened_to_each_mail(grey: Any, tmp_path: Path, relay: str) -> None:
    more = MORE.format(folder=tmp_path)
    proxy = grey(more=more, server=f'relay = "{relay}"', delay=3600)
    text = b"Subject: x\r\n\r\n" + b"Hello\r\n" * 20
    # Delivered to two recipients; a third one is greylisted
    caller = Caller(proxy.port)
    caller.begin("<open@example.org>", "<other@example.org>", "<c@example.org>")
    assert caller.send(text).startswith("250")
    # Greylisted: two recipients, and one again
    assert Caller(proxy.port).begin("<d@example.org>", "<e@example.org>")[-1].startswith("451")
    assert Caller(proxy.port).begin("<d@example.org>", sender="<>")[-1][0] in "24"
    # Rejected: relaying, a list, an unknown command, the real server after the dot
    caller = Caller(proxy.port)
    assert [each[:3] for each in caller.begin("<a@else.example>", "<no@example.org>")[1:]] == [
        "550",
        "550",
    ]
    assert caller.say("XYZZY")[:3] == "500"
    grey.far.answers["."] = ["550 5.7.1 far found spam: (really)"]
    assert proxy.send("<open@example.org>").startswith("550")
    assert proxy.send("<open@example.org>").startswith("250")
    proxy.stop()
    found = totals(tmp_path / "grey.log")
    wanted = {"received": 2, "delivered": 3, "deferred": 2, "bounced": 0, "rejected": 4}
    assert {name: found[name] for name in wanted} == wanted
    assert found["bytes received"] == len(text) + len(b"Subject: x\r\n\r\nHello\r\n")
    assert found["bytes delivered"] == found["bytes received"] + len(text)
    assert (found["recipients"], found["senders"]) == (2, 1)
    assert re.search(r"\(3 +deferrals\)", report(tmp_path / "grey.log"))


@pytest.mark.needs("pflogsumm")
def test_pflogsumm_names_the_reasons(grey: Any, tmp_path: Path) -> None:
    proxy = grey(more=MORE.format(folder=tmp_path), delay=3600)
    for sender in ("<a@b.example>", "<c@b.example>"):
        assert proxy.rcpt("<d@example.org>", sender).startswith("451")
    assert proxy.rcpt("<a@else.example>").startswith("550")
    grey.far.answers["RCPT"] = ["550 5.1.1 far knows no open"]
    assert proxy.rcpt("<open@example.org>").startswith("550")
    proxy.stop()
    said = re.sub(" +", " ", report(tmp_path / "grey.log"))
    assert "2 Greylisted: never seen" in said
    assert "Recipient address rejected: relaying denied (total: 1)" in said
    assert "Recipient address rejected: real server (total: 1)" in said
    assert "1 a@else.example" in said


@pytest.mark.needs("pflogsumm")
def test_lines_without_the_name_of_kamaelia_grey_are_not_counted_with_those_of_postfix(
    grey: Any, tmp_path: Path
) -> None:
    proxy = grey(more=MORE.format(folder=tmp_path))
    assert proxy.send("<open@example.org>").startswith("250")
    proxy.stop()
    done = subprocess.run(
        ["pflogsumm", str(tmp_path / "grey.log")], capture_output=True, text=True, timeout=PATIENCE
    )
    assert re.search(r"\b0 +received", done.stdout)


# The lines themselves

MAIL = MailEnd(
    id="0b2bf16d7cd1",
    time=1795247776.935,
    peer="192.0.2.1",
    port=4711,
    helo="mail.example.com",
    sender="<me@example.com>",
    recipients=[RecipientEnd("<you@example.org>", "accepted", "passed before")],
    isAccepted=True,
    reply=Reply(250, "2.0.0 Ok: queued as 4F1\nand thanks"),
    told="250 2.0.0 Ok: queued as 4F1\nand thanks",
    seconds=0.5,
    octets=1234,
    relay="127.0.0.1:10025",
)
PREFIX = re.compile(
    r"2026-11-2[01]T\d\d:\d\d:16\.935[+-]\d\d:\d\d mx kamaelia-grey/(\w+)\[\d+\]: (.*)"
)


def parts(*lines: str) -> list[tuple[str, str]]:
    """Program and text of each line."""
    found = [PREFIX.fullmatch(line) for line in lines]
    return [(each[1], each[2]) for each in found if each is not None]


def test_a_mail_that_is_delivered_has_the_lines_of_smtpd_qmgr_and_smtp() -> None:
    assert parts(*PostfixLines("mx").ofEnd(MAIL)) == [
        ("smtpd", "0b2bf16d7cd1: client=unknown[192.0.2.1]:4711"),
        ("qmgr", "0b2bf16d7cd1: from=<me@example.com>, size=1234, nrcpt=1 (queue active)"),
        (
            "smtp",
            (
                "0b2bf16d7cd1: to=<you@example.org>, relay=127.0.0.1:10025, delay=0.50,"
                " delays=0.50/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F1 and"
                " thanks)"
            ),
        ),
        ("qmgr", "0b2bf16d7cd1: removed"),
    ]


def test_a_mail_that_another_server_delivers_is_received_and_permitted() -> None:
    mail = MAIL._replace(relay="", reply=None, told="")
    assert parts(*PostfixLines("mx").ofEnd(mail)) == [
        ("smtpd", "0b2bf16d7cd1: client=unknown[192.0.2.1]:4711"),
        (
            "smtpd",
            (
                "0b2bf16d7cd1: permit: RCPT from unknown[192.0.2.1]:4711: action=dunno for"
                " Recipient address: passed before; from=<me@example.com> to=<you@example.org>"
                " proto=ESMTP helo=<mail.example.com>"
            ),
        ),
    ]


def test_a_recipient_whom_the_real_server_defers_has_only_the_line_of_its_refusal() -> None:
    deferred = RecipientEnd("<you@example.org>", "deferred", "real server: 450 4.2.0 full")
    mail = MAIL._replace(recipients=[deferred], isAccepted=False)
    assert [*PostfixLines("mx").ofEnd(mail)] == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            Refusal(
                "192.0.2.1", 1, "RCPT", "TO:<a@b>", RECIPIENT_REFUSED, "x", "denied", "<>", "h"
            ),
            (
                "x: reject: RCPT from unknown[192.0.2.1]:1: 550 5.7.1 <a@b>: Recipient address"
                " rejected: denied; from=<> to=<a@b> proto=ESMTP helo=<h>"
            ),
        ),
        (
            Refusal("2001:db8::1", 1, "TEXT", "", TOO_SLOW, "", "", "<a@b>", "h"),
            "timeout after END-OF-MESSAGE from unknown[2001:db8::1]:1",
        ),
        (
            Refusal("2001:db8::1", 1, "TEXT", "", NOT_REACHED, "", "", "<a@b>", "h"),
            (
                "NOQUEUE: reject: END-OF-MESSAGE from unknown[2001:db8::1]:1: 451 4.4.1"
                " <END-OF-MESSAGE>: End-of-data rejected: real server not reached; from=<a@b>"
                " proto=ESMTP helo=<h>"
            ),
        ),
        (
            Refusal("192.0.2.1", 1, "RCPT", "TO:<a@b>", SHUTTING_DOWN, "x", "", "<>", "h"),
            (
                "x: info: RCPT from unknown[192.0.2.1]:1: 421 4.3.2 <a@b>: Recipient address"
                " rejected: shutdown; from=<> to=<a@b> proto=ESMTP helo=<h>"
            ),
        ),
        (
            Refusal("192.0.2.1", 1, "UNKNOWN", "", Reply(500, "5.5.1 What"), "x"),
            (
                "x: reject: UNKNOWN from unknown[192.0.2.1]:1: 500 5.5.1 <UNKNOWN>: Command"
                " rejected: unknown command; proto=SMTP"
            ),
        ),
        (
            Refusal("192.0.2.1", 1, "TLS", "bad record", None, "x"),
            "SSL_accept error from unknown[192.0.2.1]:1: bad record",
        ),
    ],
)
def test_a_refusal_has_the_line_of_a_reject(refusal: Refusal, words: str) -> None:
    line = PostfixLines("mx").ofRefusal(refusal, 1795247776.935)
    assert parts(line) == [("smtpd", words)]
