"""The table "the real server / the client receives", row by row: the words, and what arrived."""

from typing import Any

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Support.Failover import Health
from Tests.Kamaelia.Apps.Grey.wire import (
    GOOD,
    HANG_UP,
    SILENCE,
    TOOK_AND_HUNG_UP,
    TOOK_IN_SILENCE,
    Caller,
    FarEnd,
    nowhere,
    shortLimits,
)

RELAYS = pytest.mark.parametrize("relay", ["replay", "live"])
NOT_REACHED = "451 4.4.1 The mail server cannot be reached, please try again later"
NO_ANSWER = "451 4.4.2 The mail server gave no answer, please try again later"
A, B, C = "<a@d.example>", "<b@d.example>", "<c@d.example>"
TEXT = b"Subject: x\r\n\r\n..Hello\r\n"


class Proxy(ConcreteMailHandler):
    smtp_offer_interval = 0

    def shouldWeAcceptMail(self) -> bool:
        return True


def conversation(
    serving: Any, far: FarEnd | int, relay: str, *recipients: str, sender: str
) -> list[str]:
    """Return the replies to the recipients and to the mail. DATA is only sent if one is accepted.

    far: the server, or its port.
    """

    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        _, *replies = caller.begin(*recipients, sender=sender)
        if any(reply[0] == "2" for reply in replies):
            replies.append(caller.send(TEXT))
        caller.end()
        return replies

    settings = {
        "smtp_port": far if isinstance(far, int) else far.port,
        "smtp_timeouts": shortLimits(far),
        "relay": relay,
        "smtp_health": Health(),
    }
    return serving(client, protocol=type("P", (Proxy,), settings))  # type: ignore[no-any-return]


def last(
    serving: Any, far: FarEnd, relay: str, *recipients: str, sender: str = "<s@b.example>"
) -> str:
    return conversation(serving, far, relay, *(recipients or (A,)), sender=sender)[-1]


@RELAYS
def test_a_server_that_cannot_be_reached(serving: Any, relay: str) -> None:
    replies = conversation(serving, nowhere(), relay, A, sender="<s@b.example>")
    assert replies[-1] == NOT_REACHED


@RELAYS
@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, "421 4.3.2 going down"])
@pytest.mark.parametrize("stage", ["greeting", "EHLO", "HELO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_fails_before_the_dot(
    serving: Any, relay: str, stage: str, answer: str
) -> None:
    more = {"EHLO": "502 no"} if stage == "HELO" else {}
    with FarEnd(**{stage: answer, **more}) as far:
        assert last(serving, far, relay) == NOT_REACHED
        assert (far.dots, far.mails) == (0, [])


@RELAYS
@pytest.mark.parametrize("code", ["450 4.7.1 not now", "550 5.7.1 never", "554 5.7.1 not you"])
@pytest.mark.parametrize("stage", ["greeting", "EHLO", "HELO"])
def test_a_server_that_refuses_the_proxy(serving: Any, relay: str, stage: str, code: str) -> None:
    answers = {stage: code}
    if stage != "greeting":
        answers = {"EHLO": "502 what" if stage == "HELO" else code, "HELO": code}
    with FarEnd(**answers) as far:
        assert last(serving, far, relay) == NOT_REACHED
        assert (far.dots, far.mails) == (0, [])


@RELAYS
@pytest.mark.parametrize(
    "answer", ["450 4.2.1 far is busy", "452 4.3.1 far is full", "553 5.1.8-no", "550 far says no"]
)
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
def test_a_refusal_has_the_servers_code_and_text(
    serving: Any, relay: str, stage: str, answer: str
) -> None:
    with FarEnd(**{stage: answer}) as far:
        assert last(serving, far, relay) == answer
        assert far.mails == []


@RELAYS
def test_a_refusal_of_several_lines_keeps_them(serving: Any, relay: str) -> None:
    with FarEnd(dot="550-5.7.1 one\r\n550 5.7.1 two") as far:
        assert last(serving, far, relay) == "550-5.7.1 one\n550 5.7.1 two"


@pytest.mark.parametrize(
    ("answers", "reply"),
    [
        (["550 5.1.1 one", "551 5.1.6 two", "552 5.2.2 three"], "550 5.1.1 one"),
        (["450 4.2.1 one", "451 4.3.0 two", "452 4.2.2 three"], "450 4.2.1 one"),
    ],
)
def test_replay_all_recipients_refused(serving: Any, answers: list[str], reply: str) -> None:
    with FarEnd(RCPT=answers) as far:
        assert last(serving, far, "replay", A, B, C) == reply
        assert (far.dots, far.mails) == (0, [])


@pytest.mark.parametrize("refusal", ["450 4.2.1 busy", "452 4.2.2 full"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_replay_some_recipients_refused_for_now(serving: Any, at: int, refusal: str) -> None:
    answers = [GOOD["RCPT"], "550 5.1.1 unknown", GOOD["RCPT"]]
    answers[at] = refusal
    with FarEnd(RCPT=answers) as far:
        assert last(serving, far, "replay", A, B, C) == f"451 {refusal[4:]}"
        assert (far.dots, far.mails) == (0, [])


@pytest.mark.parametrize("sender", ["<s@b.example>", "<>"])
def test_replay_some_recipients_refused_for_good(serving: Any, sender: str) -> None:
    with FarEnd(RCPT=[GOOD["RCPT"], "550 5.1.1 unknown", GOOD["RCPT"]]) as far:
        assert last(serving, far, "replay", A, B, C, sender=sender) == GOOD["."]
        mail, *reports = far.mails
        assert mail == (f"MAIL FROM:{sender}", [f"RCPT TO:{A}", f"RCPT TO:{C}"], TEXT)
        assert [(each.sender, each.recipients) for each in reports] == (
            [("MAIL FROM:<>", ["RCPT TO:<s@b.example>"])] if sender != "<>" else []
        )
        for report in reports:
            assert report.text.count(b"Final-Recipient") == 1
            assert b"Final-Recipient: rfc822; b@d.example" in report.text
            assert b"550 5.1.1 unknown" in report.text


def test_live_tells_of_each_recipient_and_delivers_to_the_accepted(serving: Any) -> None:
    answers = [GOOD["RCPT"], "550 5.1.1 unknown", "450 4.2.1 busy"]
    with FarEnd(RCPT=list(answers)) as far:
        replies = conversation(serving, far, "live", A, B, C, sender="<s@b.example>")
        assert replies == [*answers, GOOD["."]]
        assert [mail.recipients for mail in far.mails] == [[f"RCPT TO:{A}"]]


@RELAYS
@pytest.mark.parametrize(
    "answer", [HANG_UP, SILENCE, "421 4.3.2 bye", TOOK_AND_HUNG_UP, TOOK_IN_SILENCE, "nonsense"]
)
def test_no_answer_to_the_dot(serving: Any, relay: str, answer: str) -> None:
    with FarEnd(dot=answer) as far:
        assert last(serving, far, relay) == NO_ANSWER
        assert far.dots == 1
        assert far.mails == far.unheard  # a duplicate is possible if the client tries again


@RELAYS
@pytest.mark.parametrize("recipients", [(A,), (A, B, C)])
def test_a_mail_that_is_accepted(serving: Any, relay: str, recipients: tuple[str, ...]) -> None:
    with FarEnd(dot="250 2.0.0 far queued it as 7") as far:
        assert last(serving, far, relay, *recipients) == "250 2.0.0 far queued it as 7"
        lines = [f"RCPT TO:{path}" for path in recipients]
        assert far.mails == [("MAIL FROM:<s@b.example>", lines, TEXT)]
