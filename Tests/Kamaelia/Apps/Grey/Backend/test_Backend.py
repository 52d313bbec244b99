"""The servers behind the proxy: the client's address, LMTP, TLS, and several servers."""

import re
from collections import Counter
from contextlib import ExitStack
from typing import Any

import pytest

from Axon.Component import component
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Support.Failover import Health
from Tests.Kamaelia.Apps.Grey.test_nothing_lost import Unreliable, inThreads, sendUntilTaken
from Tests.Kamaelia.Apps.Grey.wire import (
    GOOD,
    HANG_UP,
    PATIENCE,
    SHORT,
    SILENCE,
    TOOK_AND_HUNG_UP,
    Caller,
    FarEnd,
    nowhere,
    oneMail,
    shortLimits,
)

RELAYS = pytest.mark.parametrize("relay", ["replay", "live"])
NOT_REACHED = "451 4.4.1"
A, B, C = "<a@d.example>", "<b@d.example>", "<c@d.example>"


class Proxy(ConcreteMailHandler):
    said: list[str]

    def shouldWeAcceptMail(self) -> bool:
        return True

    def noteToLog(self, line: str) -> None:
        self.said.append(line)


def handler(*behind: Any, **settings: Any) -> Any:
    """Return a protocol with these FarEnds or ports behind it; `said` are the lines of its log."""
    ports = [each if isinstance(each, int) else each.port for each in behind]
    servers = [("127.0.0.1", port) for port in ports]
    own = {"smtp_servers": servers, "smtp_health": Health(), "said": []}
    own |= {"smtp_timeouts": shortLimits(*behind)}
    own |= {"smtp_offer_interval": 0}  # the servers hear nothing but the sessions with mails
    return type("Handler", (Proxy,), own | settings)


# The client's address


OFFER = "250-far\r\n250-XCLIENT ADDR NAME HELO PROTO LOGIN\r\n250 XFORWARD ADDR SOURCE"


@RELAYS
def test_with_XCLIENT_the_server_takes_us_for_the_client(serving: Any, relay: str) -> None:
    with FarEnd(EHLO=[OFFER]) as far:
        protocol = handler(far, relay=relay, smtp_client_address="xclient", servername="us")
        assert serving(oneMail(), protocol=protocol) == GOOD["."]
        assert far.heard[:4] == [
            "EHLO us",
            "XCLIENT ADDR=127.0.0.1 NAME=[UNAVAILABLE] HELO=client PROTO=ESMTP",
            "EHLO client",
            "MAIL FROM:<a@b.example>",
        ]


@RELAYS
def test_with_XFORWARD_the_server_is_told_before_each_mail(serving: Any, relay: str) -> None:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        replies = []
        for _ in range(2):
            caller.begin(A, B)
            replies.append(caller.send())
        return replies

    with FarEnd(EHLO=[OFFER]) as far:
        protocol = handler(far, relay=relay, smtp_client_address="xforward")
        assert serving(client, protocol=protocol) == [GOOD["."]] * 2
        verbs = [line.split()[0] for line in far.heard[1:]]
        assert verbs[:10] == ["XFORWARD", "MAIL", "RCPT", "RCPT", "DATA"] * 2
        assert far.heard[1] == "XFORWARD ADDR=127.0.0.1 SOURCE=REMOTE"


@RELAYS
@pytest.mark.parametrize(
    ("telling", "answers", "reason"),
    [
        ("xclient", {}, "offers us no XCLIENT"),
        ("xforward", {}, "offers us no XFORWARD"),
        ("xclient", {"EHLO": OFFER, "XCLIENT": "550 5.7.0 not you"}, "at XCLIENT: 550 5.7.0"),
        ("xforward", {"EHLO": OFFER, "XFORWARD": "550 5.7.0 not you"}, "at XFORWARD: 550 5.7.0"),
        ("xclient", {"EHLO": OFFER, "XCLIENT": SILENCE}, "too long at XCLIENT"),
        ("xforward", {"EHLO": OFFER, "XFORWARD": HANG_UP}, "hung up at XFORWARD"),
    ],
)
def test_a_server_that_will_not_be_told_gets_no_mail_and_the_log_says_so(
    serving: Any, relay: str, telling: str, answers: Any, reason: str
) -> None:
    with FarEnd(**answers) as far:
        protocol = handler(far, relay=relay, smtp_client_address=telling)
        assert serving(oneMail(), protocol=protocol).startswith(NOT_REACHED)
        assert not any(line.startswith("MAIL") for line in far.heard)
        assert any(reason in line for line in protocol.said)


@RELAYS
def test_a_server_that_does_not_want_the_client_says_so_itself_and_has_not_failed(
    serving: Any, relay: str
) -> None:
    with FarEnd(EHLO=[OFFER, "550 5.7.1 not from there"]) as first, FarEnd() as second:
        protocol = handler(first, second, relay=relay, smtp_client_address="xclient")
        assert serving(oneMail(), protocol=protocol) == "550 5.7.1 not from there"
        assert second.heard == []
        assert protocol.smtp_health.inOrder(["x"], 0.0) == ["x"]
        assert not protocol.smtp_health._failures


def test_an_unknown_value_of_a_setting_is_an_error_when_the_handler_is_created() -> None:
    for setting in ("smtp_client_address", "smtp_protocol", "smtp_tls"):
        with pytest.raises(ValueError, match=f"{setting} must be .*, not 'maybe'"):
            handler(25)(**{setting: "maybe"})
    with pytest.raises(ValueError, match="unix:/path"):
        handler(25)(smtp_servers=[("a", 0)])
    with pytest.raises(ValueError, match="smtp_tls_name"):
        handler(25)(smtp_servers=["unix:/run/lmtp"], smtp_tls="must")


# LMTP


def afterDot(*answers: str) -> Any:
    return {"dot": "\r\n".join(answers)}


YES, LATER, NEVER = "250 2.0.0 far took it", "452 4.2.2 far is full", "550 5.2.1 far refuses"


@RELAYS
@pytest.mark.parametrize(
    ("answers", "reply"),
    [
        ([YES, "250 2.0.0 and again", YES], YES),
        ([NEVER, "551 5.1.6 moved", NEVER], NEVER),
        ([NEVER, LATER, NEVER], LATER),
        ([YES, LATER, YES], LATER),
        ([YES, NEVER, LATER], LATER),
    ],
)
def test_LMTP_gives_many_answers_and_the_client_hears_one(
    serving: Any, relay: str, answers: list[str], reply: str
) -> None:
    with FarEnd(**afterDot(*answers)) as far:
        protocol = handler(far, relay=relay, smtp_protocol="lmtp")
        assert serving(oneMail(A, B, C), protocol=protocol) == reply
        assert far.heard[0] == "LHLO localhost"
        assert far.dots == 1
        isMixed = YES in answers and LATER in answers
        assert any("a retry causes duplicates" in line for line in protocol.said) == isMixed


@RELAYS
def test_a_recipient_that_LMTP_refuses_permanently_after_the_dot_is_reported(
    serving: Any, relay: str
) -> None:
    answers = ["\r\n".join([YES, NEVER, YES]), "250 report taken"]
    with FarEnd(dot=answers) as far:
        protocol = handler(far, relay=relay, smtp_protocol="lmtp")
        assert serving(oneMail(A, B, C), protocol=protocol) == YES
        _, report = far.mails
        assert (report.sender, report.recipients) == ("MAIL FROM:<>", ["RCPT TO:<a@b.example>"])
        assert b"Final-Recipient: rfc822; b@d.example\r\n" in report.text
        assert b"550 5.2.1 far refuses" in report.text
        assert b"Subject: x\r\n" in report.text
        assert report.text.count(b"Final-Recipient") == 1


@RELAYS
def test_if_no_report_can_be_sent_the_client_is_told_which_recipients_were_refused(
    serving: Any, relay: str
) -> None:
    rcpts = [GOOD["RCPT"]] * 2 + ["550 5.1.1 no such user here"]
    with FarEnd(RCPT=rcpts, **afterDot(YES, NEVER)) as far:
        protocol = handler(far, relay=relay, smtp_protocol="lmtp")
        reply = serving(oneMail(A, B), protocol=protocol)
        assert re.fullmatch(r"554-5\.3\.0 .*\n554 <b@d.example>: 550 5\.2\.1 far refuses", reply)
        assert len(far.mails) == 1


def test_LMTP_in_replay_reports_all_recipients_refused_before_the_dot_and_after_it(
    serving: Any,
) -> None:
    rcpts = [GOOD["RCPT"], "550 5.1.1 unknown"]
    answers = ["\r\n".join([YES, NEVER]), "250 report taken"]
    with FarEnd(RCPT=rcpts, dot=answers) as far:
        protocol = handler(far, smtp_protocol="lmtp")
        assert serving(oneMail(A, B, C), protocol=protocol) == YES
        assert far.mails[1].text.count(b"Final-Recipient") == 2


@RELAYS
@pytest.mark.parametrize("answers", [[YES], [YES, "421 4.3.2 bye"], [YES, "nonsense"]])
def test_LMTP_that_owes_an_answer_for_one_is_451(
    serving: Any, relay: str, answers: list[str]
) -> None:
    with FarEnd(**afterDot(*answers)) as far:
        waits = {"dot": SHORT}  # for what it owes
        protocol = handler(far, relay=relay, smtp_protocol="lmtp", smtp_timeouts=waits)
        assert serving(oneMail(A, B), protocol=protocol).startswith("451 4.4.2")


@RELAYS
def test_several_mails_go_through_one_session_of_LMTP(serving: Any, relay: str) -> None:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        replies = []
        for recipients in ([A], [A, B], [C]):
            caller.begin(*recipients)
            replies.append(caller.send())
        return replies

    with FarEnd(dot=[YES, f"{YES}\r\n{YES}", YES]) as far:
        protocol = handler(far, relay=relay, smtp_protocol="lmtp")
        assert serving(client, protocol=protocol) == [YES] * 3
        assert [len(mail.recipients) for mail in far.mails] == [1, 2, 1]
        assert far.heard.count("LHLO localhost") == 1


# Several servers


@RELAYS
@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, "421 4.3.2 going down", "nonsense"])
@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT"])
def test_a_server_that_fails_before_it_has_a_recipient_is_followed_by_the_next(
    serving: Any, relay: str, stage: str, answer: str
) -> None:
    with FarEnd(**{stage: answer}) as first, FarEnd() as second:
        protocol = handler(first, second, relay=relay)
        assert serving(oneMail(A, B), protocol=protocol) == GOOD["."]
        assert (first.mails, len(second.mails)) == ([], 1)
        assert second.mails[0].recipients == [f"RCPT TO:{A}", f"RCPT TO:{B}"]


@RELAYS
def test_a_server_that_is_not_there_is_followed_by_the_next(serving: Any, relay: str) -> None:
    with FarEnd() as far:
        protocol = handler(nowhere(), nowhere(), far, relay=relay)
        assert serving(oneMail(), protocol=protocol) == GOOD["."]
        assert len(far.mails) == 1
        assert len(protocol.said) == 2


@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, "421 4.3.2 going down"])
@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_replay_may_go_on_elsewhere_until_the_dot(serving: Any, stage: str, answer: str) -> None:
    answers = {"RCPT": [GOOD["RCPT"], answer], "DATA": answer}
    with FarEnd(**{stage: answers[stage]}) as first, FarEnd() as second:
        assert serving(oneMail(A, B), protocol=handler(first, second)) == GOOD["."]
        assert (first.dots, len(second.mails)) == (0, 1)


@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, "421 4.3.2 going down"])
@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_live_goes_nowhere_else_once_the_client_has_heard_of_a_recipient(
    serving: Any, stage: str, answer: str
) -> None:
    answers = {"RCPT": [GOOD["RCPT"], answer], "DATA": answer}
    with FarEnd(**{stage: answers[stage]}) as first, FarEnd() as second:
        protocol = handler(first, second, relay="live")
        assert serving(oneMail(A, B), protocol=protocol).startswith(NOT_REACHED)
        assert (first.dots, second.heard) == (0, [])


@pytest.mark.parametrize(("relay", "reply"), [("replay", GOOD["."]), ("live", NOT_REACHED)])
def test_a_server_that_goes_away_in_the_text_has_no_mail(
    serving: Any, relay: str, reply: str
) -> None:
    text = (b"x" * 998 + b"\r\n") * 20_000  # more than the system takes from us on its behalf
    with FarEnd() as first, FarEnd() as second:
        first.RequestHandlerClass = _leavingInText(first.RequestHandlerClass)
        protocol = handler(first, second, relay=relay)
        assert serving(oneMail(text=text), protocol=protocol).startswith(reply)
        assert first.mails == []
        assert [mail.text == text for mail in second.mails] == [True] * (relay == "replay")


def _leavingInText(base: Any) -> Any:
    class Leaving(base):  # type: ignore[misc]
        def takeText(self) -> None:
            raise EOFError

    return Leaving


@RELAYS
@pytest.mark.parametrize("answer", [HANG_UP, SILENCE, "421 4.3.2 bye", TOOK_AND_HUNG_UP])
def test_after_the_dot_no_other_server_is_asked(serving: Any, relay: str, answer: str) -> None:
    with FarEnd(dot=answer) as first, FarEnd() as second:
        protocol = handler(first, second, relay=relay)
        assert serving(oneMail(), protocol=protocol).startswith("451 4.4.2")
        assert (first.dots, second.heard) == (1, [])


@RELAYS
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
@pytest.mark.parametrize("answer", ["450 4.2.1 busy", "550 5.1.1 never"])
def test_after_a_refusal_no_other_server_is_asked(
    serving: Any, relay: str, stage: str, answer: str
) -> None:
    with FarEnd(**{stage: answer}) as first, FarEnd() as second:
        assert serving(oneMail(), protocol=handler(first, second, relay=relay)) == answer
        assert second.heard == []


@RELAYS
def test_when_all_have_failed_the_client_may_try_again(serving: Any, relay: str) -> None:
    with FarEnd(greeting=HANG_UP) as first, FarEnd(MAIL="421 4.3.2 bye") as second:
        protocol = handler(first, second, nowhere(), relay=relay)
        assert serving(oneMail(), protocol=protocol).startswith(NOT_REACHED)
        assert (first.mails, second.mails) == ([], [])


@RELAYS
def test_a_server_that_has_failed_is_asked_last_by_the_next_connection(
    serving: Any, relay: str
) -> None:
    def client(server: Any) -> list[str]:
        return [oneMail()(server) for _ in range(3)]

    with FarEnd(EHLO=HANG_UP) as first, FarEnd() as second:
        protocol = handler(first, second, relay=relay)
        assert serving(client, protocol=protocol) == [GOOD["."]] * 3
        assert first.heard == ["EHLO localhost"]
        assert len(second.mails) == 3


@RELAYS
def test_a_server_that_has_not_failed_lately_is_asked_first_again(serving: Any, relay: str) -> None:
    def client(server: Any) -> list[str]:
        return [oneMail()(server) for _ in range(2)]

    with FarEnd(EHLO=[HANG_UP]) as first, FarEnd() as second:
        protocol = handler(first, second, relay=relay, smtp_health=Health(rest=0))
        assert serving(client, protocol=protocol) == [GOOD["."]] * 2
        assert (len(first.mails), len(second.mails)) == (1, 1)


@RELAYS
def test_a_session_that_ends_between_mails_is_no_failure(serving: Any, relay: str) -> None:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        replies = []
        for _ in range(2):
            caller.begin()
            replies.append(caller.send())
            assert first.ended.acquire(timeout=PATIENCE)
        return replies

    with FarEnd(dot=f"{YES}\r\n421 4.3.2 enough") as first, FarEnd() as second:
        protocol = handler(first, second, relay=relay)
        assert serving(client, protocol=protocol) == [YES] * 2
        assert (len(first.mails), second.heard) == (2, [])


@RELAYS
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_doubled_between_servers_that_fail_at_random(
    serving: Any, relay: str, seed: int
) -> None:
    def client(server: Any) -> None:
        parts = [list(range(first, 100, 5)) for first in range(5)]
        inThreads([lambda part=part: sendUntilTaken(server, part) for part in parts])

    with ExitStack() as stack:
        ends = [stack.enter_context(Unreliable(seed * 10 + number)) for number in range(3)]
        settings = {"relay": relay, "smtp_health": Health(rest=0.05)}
        protocol = handler(*ends, nowhere(), **settings)
        serving(client, protocol=protocol)
        mails = [mail for far in ends for mail in far.mails]
    arrived = Counter(mail.text.split(b"\r\n")[0] for mail in mails)
    assert arrived == {f"Subject: {number}".encode(): 1 for number in range(100)}


# TLS


@RELAYS
@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"EHLO": "502 5.5.1 what"},
        {"EHLO": "250-far\r\n250 STARTTLS", "STARTTLS": "454 4.7.0 not now"},
        {"EHLO": "250-far\r\n250 STARTTLS", "STARTTLS": "220 go\r\n250 injected"},
        {"EHLO": "250-far\r\n250 STARTTLS", "STARTTLS": "220 and then no TLS"},
        {"EHLO": "250-far\r\n250 STARTTLS", "STARTTLS": HANG_UP},
        {"EHLO": "250-far\r\n250 STARTTLS", "STARTTLS": SILENCE},
    ],
)
def test_TLS_that_must_be_is_never_gone_without(serving: Any, relay: str, answers: Any) -> None:
    with FarEnd(**answers) as far:
        protocol = handler(far, relay=relay, smtp_tls="must")
        assert serving(oneMail(), protocol=protocol).startswith(NOT_REACHED)
        assert not any("MAIL" in line for line in far.heard)
        assert protocol.said


class SilentInTLS(component):
    """A real server that agrees to TLS, and then says nothing."""

    def main(self) -> Any:
        for answer in (GOOD["greeting"], "250-far\r\n250 STARTTLS", "220 go"):
            self.send(f"{answer}\r\n".encode())
            yield from self.waitForMessage("inbox")
            self.recv()
        yield from self.waitForMessage("control")


class BehindThat(Proxy):
    smtp_tls = "must"
    smtp_timeouts = {"TLS": SHORT}

    def connectToRealSMTPServer(self) -> None:
        far = self.TCPClient = SilentInTLS().activate()
        self.link((self, "tcp_outbox"), (far, "inbox"))
        self.link((far, "outbox"), (self, "tcp_inbox"))
        self.link((self, "tcp_makessl"), (far, "inbox"))
        self.link((self, "tcp_signal"), (far, "control"))


@RELAYS
def test_TLS_has_a_time_of_its_own(serving: Any, relay: str) -> None:
    protocol = type("Handler", (BehindThat,), {"relay": relay, "said": []})
    assert serving(oneMail(), protocol=protocol).startswith(NOT_REACHED)
    assert "took too long at TLS" in protocol.said[0]
