"""A session with the real server, whatever that server says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.ProxyHeader import Origin, blockFor
from Kamaelia.Support.Protocol.SMTP.Address import Envelope
from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity
from Kamaelia.Support.Protocol.SMTP.Relay import (
    STAGES,
    BeginTLS,
    Broken,
    Ready,
    Relay,
    Send,
)
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

SENDER = Envelope("<s@example.org>", {})
RECIPIENT = Envelope("<r@example.net>", {})


def ready(extensions=b"250-real\r\n250-SIZE 1000\r\n250 8bitmime\r\n"):
    relay = Relay("mx.example")
    relay.receive(b"220 real\r\n")
    relay.receive(extensions)
    assert relay.isReady
    return relay


def upTo(stage):
    """A session that waits for the answer to this stage."""
    relay = ready()
    script = [
        ("MAIL", lambda: relay.mail(SENDER), b"250 ok\r\n"),
        ("RCPT", lambda: relay.rcpt(RECIPIENT), b"250 ok\r\n"),
        ("DATA", relay.data, b"354 go\r\n"),
        ("dot", relay.dot, b"250 ok\r\n"),
    ]
    for name, say, answer in script:
        say()
        if name == stage:
            return relay
        relay.receive(answer)
    raise AssertionError(stage)


def test_a_mail_goes_its_way():
    relay = Relay("mx.example")
    assert relay.stage == "greeting"
    assert relay.receive(b"220 real ESMTP\r\n") == [Send(b"EHLO mx.example\r\n")]
    assert relay.receive(b"250-real\r\n250 SIZE 1000\r\n") == [Ready({"SIZE": "1000"})]
    assert relay.timeout is None
    assert relay.mail(Envelope("<s@x>", {"SIZE": "5"})) == b"MAIL FROM:<s@x> SIZE=5\r\n"
    assert relay.receive(b"250 2.1.0 ok\r\n") == [Reply(250, "2.1.0 ok")]
    assert relay.rcpt(RECIPIENT) == b"RCPT TO:<r@example.net>\r\n"
    assert relay.receive(b"550 5.1.1 no\r\n") == [Reply(550, "5.1.1 no")]
    assert relay.data() == b"DATA\r\n"
    assert relay.receive(b"354 go\r\n") == [Reply(354, "go")]
    assert relay.dot() == b".\r\n"
    assert relay.receive(b"250 queued as 7\r\n") == [Reply(250, "queued as 7")]
    assert relay.reset() == b"RSET\r\n"
    relay.receive(b"250 ok\r\n")
    assert relay.quit() == b"QUIT\r\n"
    assert relay.hungUp() is None


def test_a_server_that_knows_no_EHLO_is_greeted_with_HELO():
    relay = Relay("mx.example")
    relay.receive(b"220 real\r\n")
    assert relay.receive(b"502 what\r\n") == [Send(b"HELO mx.example\r\n")]
    assert relay.receive(b"250-real\r\n250 SIZE\r\n") == [Ready({})]


@pytest.mark.parametrize(
    "said",
    [
        [b"554 go away\r\n"],
        [b"421 busy\r\n"],
        [b"354 what\r\n"],
        [b"220 real\r\n", b"421 busy\r\n"],
        [b"220 real\r\n", b"450 later\r\n"],
        [b"220 real\r\n", b"500 what\r\n", b"550 not you\r\n"],
        [b"220 real\r\n", b"354 what\r\n"],
        [b"220 real\r\n220 real\r\n220 real\r\n"],
        [b"SSH-2.0-OpenSSH\r\n"],
        [b"220 " + b"x" * 10000],
    ],
)
def test_a_refusal_before_the_mail_is_not_the_clients_fault(said):
    relay = Relay("mx.example")
    for data in said:
        (*_, last) = relay.receive(data)
    assert isinstance(last, Broken)
    assert last.reply.wire.startswith(b"451 4.4.1 ")
    assert last.reason
    assert relay.receive(b"250 ok\r\n") == []


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
@pytest.mark.parametrize("reply", [b"550 5.7.1 no\r\n", b"450-4.2.0 later\r\n450 4.2.0 please\r\n"])
def test_a_refusal_of_the_mail_is_passed_on_word_for_word(stage, reply):
    (answer,) = upTo(stage).receive(reply)
    assert answer.wire == reply


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("MAIL", b"451 4.4.1 "),
        ("RCPT", b"451 4.4.1 "),
        ("DATA", b"451 4.4.1 "),
        ("dot", b"451 4.4.2 "),
    ],
)
@pytest.mark.parametrize(
    "end", ["hang-up", "time", b"421 bye\r\n", b"garbage\r\n", b"250\xff\r\n", b"wrong code"]
)
def test_a_broken_session_is_for_now_at_any_stage(stage, status, end):
    relay = upTo(stage)
    if end == "hang-up":
        broken = relay.hungUp()
    elif end == "time":
        broken = relay.timedOut()
    else:
        wrong = b"250 ok\r\n" if stage == "DATA" else b"354 go\r\n"
        (broken,) = relay.receive(wrong if end == b"wrong code" else end)
    assert isinstance(broken, Broken)
    assert broken.reply.wire.startswith(status)
    assert relay.hungUp() is None
    assert relay.timedOut() is broken
    with pytest.raises(ValueError, match="QUIT"):
        relay.quit()


def test_a_late_354_is_not_the_answer_to_the_dot():
    relay = upTo("dot")
    (broken,) = relay.receive(b"354 go\r\n")
    assert broken.reply.wire.startswith(b"451 4.4.2 ")


def test_an_unsolicited_reply_breaks_the_session():
    relay = ready()
    (broken,) = relay.receive(b"250 by the way\r\n")
    assert "unasked" in broken.reason


def test_a_server_that_closes_of_its_own_accord_is_understood():
    relay = ready()
    (broken,) = relay.receive(b"421 4.3.2 shutting down\r\n")
    assert isinstance(broken, Broken)


def test_a_mail_that_was_taken_stays_taken_when_the_server_then_closes():
    relay = upTo("dot")
    answer, broken = relay.receive(b"250 ok\r\n421 bye\r\n")
    assert answer == Reply(250, "ok")
    assert isinstance(broken, Broken)


def test_each_of_several_commands_gets_its_own_answer():
    relay = ready()
    relay.mail(SENDER)
    relay.rcpt(RECIPIENT)
    relay.rcpt(RECIPIENT)
    answers = relay.receive(b"250 a\r\n550 b\r\n250 c\r\n")
    assert [reply.text for reply in answers] == ["a", "b", "c"]
    assert relay.accepted == 1


@pytest.mark.parametrize("tls", ["may", "must"])
def test_TLS_is_used_if_it_is_offered_and_EHLO_is_repeated(tls):
    relay = Relay("mx.example", tls=tls)
    relay.receive(b"220 real\r\n")
    assert relay.receive(b"250-real\r\n250-X\r\n250 STARTTLS\r\n") == [Send(b"STARTTLS\r\n")]
    assert relay.receive(b"220 go\r\n") == [BeginTLS()]
    assert relay.startedTLS() == b"EHLO mx.example\r\n"
    assert relay.receive(b"250-real\r\n250 SIZE\r\n") == [Ready({"SIZE": ""})]


def test_a_reply_injected_before_TLS_is_never_taken_for_one_after_it():
    relay = Relay("mx.example", tls="must")
    relay.receive(b"220 real\r\n")
    relay.receive(b"250-real\r\n250 STARTTLS\r\n")
    events = relay.receive(b"220 go\r\n250-real\r\n250 EVIL\r\n")
    assert isinstance(events[-1], Broken)


@pytest.mark.parametrize(
    ("tls", "answers", "isReady"),
    [
        ("may", [b"250 real\r\n"], True),
        ("must", [b"250 real\r\n"], False),
        ("may", [b"250-real\r\n250 STARTTLS\r\n", b"454 not now\r\n"], True),
        ("must", [b"250-real\r\n250 STARTTLS\r\n", b"454 not now\r\n"], False),
        ("may", [b"500 what\r\n", b"250 real\r\n"], True),
        ("must", [b"500 what\r\n"], False),
        ("no", [b"250-real\r\n250 STARTTLS\r\n"], True),
    ],
)
def test_TLS_that_must_be_is_not_gone_without(tls, answers, isReady):
    relay = Relay("mx.example", tls=tls)
    relay.receive(b"220 real\r\n")
    for answer in answers:
        (event,) = relay.receive(answer)
    assert isinstance(event, Ready if isReady else Broken)


def test_a_word_that_is_none_of_the_three_is_an_error_at_once():
    with pytest.raises(ValueError, match="maybe"):
        Relay("mx.example", tls="maybe")


def test_what_only_announces_is_left_out_where_it_is_not_offered():
    plain = ready(b"250 real\r\n")
    envelope = Envelope("<a@b>", {"SIZE": "5", "BODY": "7BIT", "SMTPUTF8": "", "RET": "HDRS"})
    assert plain.mail(envelope) == b"MAIL FROM:<a@b> SMTPUTF8 RET=HDRS\r\n"
    able = ready()
    assert able.mail(envelope) == b"MAIL FROM:<a@b> SIZE=5 BODY=7BIT SMTPUTF8 RET=HDRS\r\n"


def test_each_stage_has_its_time_and_the_caller_may_set_it():
    relay = Relay("mx.example", timeouts={"greeting": 1.5})
    assert relay.timeout == 1.5
    relay.receive(b"220 real\r\n")
    assert relay.timeout == STAGES["EHLO"].timeout
    assert relay.timeoutOf("text") == STAGES["text"].timeout


REPLIES = [b"220 a\r\n", b"250-a\r\n", b"250 b\r\n", b"354 c\r\n", b"421 d\r\n", b"550 e\r\n", b"x"]
REPLIES += [b"220 a\r\n250-a\r\n250-XFORWARD ADDR\r\n250 XCLIENT ADDR\r\n"] * 3
streams = st.one_of(
    st.binary(max_size=100), st.lists(st.sampled_from(REPLIES), max_size=10).map(b"".join)
)


manners = st.fixed_dictionaries(
    {
        "tls": st.sampled_from(["no", "may"]),
        "protocol": st.sampled_from(["smtp", "lmtp"]),
        "telling": st.sampled_from(["no", "xclient", "xforward", "proxy"]),
    }
)


@given(streams, st.integers(min_value=1, max_value=50), manners)
def test_any_server_is_understood_in_any_cut(data, size, manner):
    client = ClientIdentity(Origin("192.0.2.1", 4711, "", 0))
    whole, pieces = (Relay("mx.example", client=client, **manner) for _ in range(2))
    expected = whole.receive(data)
    got = [e for i in range(0, len(data), size) for e in pieces.receive(data[i : i + size])]
    # A reply that arrives together with an earlier one came before its command was said, which
    # cannot be seen in pieces: the whole may break sooner, and is the same until then.
    good = [e for e in expected if not isinstance(e, Broken)]
    assert got[: len(good)] == good
    assert len(good) >= len(expected) - 1
    if pieces.brokenBy is not None:
        assert whole.brokenBy is not None


CLIENT = ClientIdentity(Origin("192.0.2.1", 4711, "198.51.100.5", 25), helo="client.example")


def opened(*answers, **manner):
    relay = Relay("mx.example", client=CLIENT, **manner)
    events = [event for answer in answers for event in relay.receive(answer)]
    return relay, events


def test_LMTP_answers_the_dot_for_each_recipient_that_it_has_accepted():
    relay, events = opened(b"220 real\r\n", b"250 real\r\n", protocol="lmtp")
    assert events == [Send(b"LHLO mx.example\r\n"), Ready({})]
    for _ in range(2):  # one mail after the other
        relay.mail(SENDER)
        for _ in range(3):
            relay.rcpt(RECIPIENT)
        relay.receive(b"250 ok\r\n250 a\r\n550 b\r\n250 c\r\n")
        relay.data()
        relay.receive(b"354 go\r\n")
        assert relay.dot() == b".\r\n"
        assert relay.receive(b"250 a\r\n") == [Reply(250, "a")]
        assert relay.stage == "dot"
        assert relay.receive(b"450 c\r\n") == [Reply(450, "c")]
        assert relay.stage == ""


def test_a_server_that_owes_one_of_several_answers_after_the_dot_is_broken():
    relay, _ = opened(b"220 real\r\n", b"250 real\r\n", protocol="lmtp")
    relay.mail(SENDER)
    relay.rcpt(RECIPIENT)
    relay.rcpt(RECIPIENT)
    relay.receive(b"250 ok\r\n250 a\r\n250 b\r\n")
    relay.data()
    relay.receive(b"354 go\r\n")
    relay.dot()
    relay.receive(b"250 a\r\n")
    assert relay.hungUp().reply.wire.startswith(b"451 4.4.2 ")


def test_XFORWARD_is_said_before_each_mail():
    relay, _ = opened(b"220 a\r\n", b"250-a\r\n250 XFORWARD ADDR SOURCE\r\n", telling="xforward")
    (line,) = relay.forwarding()
    assert relay.forward(line) == b"XFORWARD ADDR=192.0.2.1 SOURCE=REMOTE\r\n"
    assert relay.receive(b"250 ok\r\n") == [Reply(250, "ok")]
    assert ready().forwarding() == []


def test_a_PROXY_header_comes_first_of_all():
    relay, _ = opened(telling="proxy")
    assert relay.header() == blockFor(CLIENT.origin)
    assert ready().header() == b""


@pytest.mark.parametrize(
    ("telling", "answers", "isServers"),
    [
        ("no", [b"421 busy\r\n"], True),
        ("proxy", [b"421 busy\r\n"], False),
        ("proxy", [b"554 not you\r\n"], False),
        ("proxy", [b"nonsense\r\n"], True),
        ("xclient", [b"421 busy\r\n"], True),
        ("xclient", [b"220 a\r\n", b"250-a\r\n250 XCLIENT ADDR\r\n", b"421 busy\r\n"], False),
        ("xclient", [b"220 a\r\n", b"250-a\r\n250 XCLIENT ADDR\r\n", b"550 no\r\n"], False),
    ],
)
def test_a_server_that_refuses_a_client_has_not_failed(telling, answers, isServers):
    _, events = opened(*answers, telling=telling)
    assert events[-1].isServers is isServers


def test_the_log_says_where_a_server_hung_up():
    assert ready().hungUp().reason.endswith("hung up between mails")
    assert upTo("RCPT").hungUp().reason.endswith("hung up at RCPT")
    relay, _ = opened(b"220 a\r\n", b"250-a\r\n250 STARTTLS\r\n", b"220 go\r\n", tls="must")
    assert relay.hungUp().reason.endswith("hung up at TLS")


def test_the_log_says_that_there_was_no_connection():
    reason = Relay("proxy.example").hungUp(OSError("Connection refused")).reason
    assert reason == "no connection to the mail server: Connection refused"


@pytest.mark.parametrize("reply", [b"552 5.3.4 too big\r\n", b"452-4.3.1 disk\r\n452 full\r\n"])
def test_a_refusal_within_the_text_is_what_the_client_hears(reply):
    relay = upTo("DATA")
    relay.receive(b"354 go\r\n")
    (broken,) = relay.receive(reply)
    assert (broken.reply.wire, broken.isServers) == (reply, False)


@pytest.mark.parametrize("reply", [b"250 ok\r\n", b"354 go\r\n", b"421 bye\r\n", b"25", b"x\r\n"])
def test_anything_else_within_the_text_breaks_the_session(reply):
    relay = upTo("DATA")
    relay.receive(b"354 go\r\n")
    (broken,) = relay.receive(reply)
    assert broken.reply.wire.startswith(b"451 4.4.1 ")


def test_a_refusal_before_the_text_or_after_its_end_is_unasked():
    for stage in ("MAIL", "RCPT", "dot"):
        relay = upTo(stage)
        relay.receive(b"250 ok\r\n")
        (broken,) = relay.receive(b"552 5.3.4 too big\r\n")
        assert broken.reply.wire.startswith(b"451 4.4.1 ")


def test_what_came_with_the_end_of_a_session_is_void_but_for_the_answer_to_the_dot():
    relay = Relay("mx.example")
    relay.receive(b"220 real\r\n")
    assert isinstance(*relay.receive(b"250 8BITMIME\r\n421 bye\r\n"), Broken)
    assert isinstance(*upTo("RCPT").receive(b"250 ok\r\nnonsense\r\n"), Broken)
    assert isinstance(*upTo("RCPT").receive(b"250 ok\r\n250 amid"), Broken)
    for end in (b"421 bye\r\n", b"nonsense\r\n", b"250 amid"):
        reply, broken = upTo("dot").receive(b"250 ok\r\n" + end)
        assert (reply, type(broken)) == (Reply(250, "ok"), Broken)
