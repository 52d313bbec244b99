"""The deadlines of a client, with the time passed in."""

import pytest

from Kamaelia.Support.Protocol.SMTP.Deadlines import STAGES, Deadlines, TimeLimits
from Kamaelia.Support.Protocol.SMTP.Reply import INACTIVE, SESSION_TOO_LONG, TOO_SLOW
from Kamaelia.Support.Protocol.SMTP.Session import Session
from Kamaelia.Support.Protocol.SMTP.Settings import KNOWN_EXTENSIONS, Settings

MAIL = [b"EHLO a", b"MAIL FROM:<a@b>"]
DATA = [*MAIL, b"RCPT TO:<c@d>", b"DATA"]


def sessionAfter(*lines, **settings):
    session = Session(Settings(extensions=KNOWN_EXTENSIONS, **settings))
    session.greet("today")
    for line in lines:
        assert session.receive(line + b"\r\n")[-1].isPositive
    return session


@pytest.mark.parametrize("lines", [[], MAIL[:1], MAIL, DATA, [*MAIL[:1], b"STARTTLS"]])
def test_silence_is_limited_to_five_minutes_at_each_stage(lines):
    assert Deadlines(TimeLimits(), 0).next(sessionAfter(*lines), 100) == (400, INACTIVE)


@pytest.mark.parametrize(
    ("stage", "lines"),
    [("hello", []), ("command", MAIL), ("text", DATA), ("TLS", [*MAIL[:1], b"STARTTLS"])],
)
def test_each_stage_may_have_its_own_limit(stage, lines):
    limits = TimeLimits(60, {stage: 7})
    assert Deadlines(limits, 0).next(sessionAfter(*lines), 100) == (107, INACTIVE)
    assert stage in STAGES


def test_a_session_ends_between_mails():
    deadlines = Deadlines(TimeLimits(session=3600), 1000)
    assert deadlines.next(sessionAfter(), 4590) == (4600, SESSION_TOO_LONG)
    assert not deadlines.isSessionOver(4599)
    assert deadlines.isSessionOver(4600)


def test_a_mail_that_has_begun_in_time_has_a_session_s_time_to_reach_its_text():
    deadlines = Deadlines(TimeLimits(session=3600), 0)
    deadlines.beginMail(3599)
    assert deadlines.next(sessionAfter(*MAIL), 7100) == (7199, SESSION_TOO_LONG)
    assert deadlines.next(sessionAfter(*MAIL[:1]), 3599) == (3600, SESSION_TOO_LONG)


def test_a_text_is_never_cut_off_while_it_arrives_steadily():
    deadlines = Deadlines(TimeLimits(session=3600, textRate=100), 0)
    session = sessionAfter(*DATA)
    for second in range(0, 20_000, 200):
        deadline, reply = deadlines.next(session, second)
        assert (deadline - second, reply) == (300, INACTIVE)
        session.receive(b"x" * 25_000)


def test_a_text_that_trickles_in_is_cut_off():
    deadlines = Deadlines(TimeLimits(textRate=100), 0)
    session = sessionAfter(*DATA)
    deadlines.next(session, 1000)
    session.receive(b"x" * 500)
    assert deadlines.next(session, 1290) == (1305, TOO_SLOW)


def test_octets_over_the_limit_of_a_mail_earn_no_time():
    deadlines = Deadlines(TimeLimits(textRate=100), 0)
    session = sessionAfter(*DATA, max_message_size=1000)
    deadlines.next(session, 1000)
    session.receive(b"x" * 1_000_000)
    assert deadlines.next(session, 1299) == (1310, TOO_SLOW)


def test_the_next_text_has_time_of_its_own():
    deadlines = Deadlines(TimeLimits(), 0)
    session = sessionAfter(*DATA)
    deadlines.next(session, 10)
    session.receive(b".\r\n")
    deadlines.next(session, 200)
    for line in DATA[1:]:
        session.receive(line + b"\r\n")
    assert deadlines.next(session, 900) == (1200, INACTIVE)


def test_the_time_of_a_text_begins_anew_if_its_mail_follows_another_in_one_turn():
    deadlines = Deadlines(TimeLimits(300, textRate=100), 0)
    session = sessionAfter(*DATA)
    deadlines.earliest(session, 0)
    for line in [b".", *DATA[1:]]:
        session.receive(line + b"\r\n")
    deadlines.beginMail(500)
    assert deadlines.next(session, 500) == (800, INACTIVE)


def test_a_limit_of_nothing_is_none():
    deadlines = Deadlines(TimeLimits(0, session=0, textRate=0), 0)
    assert deadlines.next(sessionAfter(*MAIL), 10)[0] == float("inf")
    assert deadlines.next(sessionAfter(*DATA), 10)[0] == float("inf")
    assert not deadlines.isSessionOver(1e9)


def test_an_unknown_stage_is_an_error():
    with pytest.raises(ValueError, match="no stage 'data'"):
        TimeLimits(stages={"data": 5})


MANY_LIMITS = pytest.mark.parametrize(
    "limits",
    [
        TimeLimits(),
        TimeLimits(300, {"hello": 20}),
        TimeLimits(0),
        TimeLimits(300, session=400),
        TimeLimits(300, session=100),
    ],
)
TWO_MAILS = [line + b"\r\n" for line in [*DATA, b"Subject: a", b".", *DATA[1:], b"a", b"."]]


@MANY_LIMITS
def test_a_client_that_is_not_late_is_looked_at_later(limits):
    deadlines, session = Deadlines(limits, 0), sessionAfter()
    for number, line in enumerate(TWO_MAILS):
        heardAt = 50.0 * number
        session.receive(line)
        if line.startswith(b"MAIL"):
            deadlines.beginMail(heardAt)
        for now in range(int(heardAt), int(heardAt) + 300, 25):
            if deadlines.next(session, heardAt)[0] > now:
                assert deadlines.earliest(session, heardAt) > now


@MANY_LIMITS
def test_the_earliest_time_is_never_after_the_deadline(limits):
    deadlines, exact, session = Deadlines(limits, 0), Deadlines(limits, 0), sessionAfter()
    for number, line in enumerate(TWO_MAILS):
        now = 50.0 * number
        session.receive(line)
        if line.startswith(b"MAIL"):
            deadlines.beginMail(now)
            exact.beginMail(now)
        earliest = deadlines.earliest(session, now)
        due = exact.next(session, now)[0]
        assert earliest <= due
        assert earliest > now or earliest == due
