"""The log of a client's lines: bounded, and complete for the mail in progress."""

from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SMTP.CommandLog import CommandLog, octetsOf


def logOf(lines, **limits):
    log = CommandLog(**limits)
    for line in lines:
        log.add(line.encode())
    return log.lines


def test_the_lines_are_kept_in_order():
    lines = ["EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "NOOP"]
    assert logOf(lines) == [f"{line}\r\n" for line in lines]


def test_lines_of_many_octets_are_dropped_as_many_lines_are():
    emoji = "NOOP " + "\N{GRINNING FACE}" * 120
    assert sum(map(octetsOf, logOf([emoji] * 5000))) <= 256 * 1024
    assert len(logOf(["NOOP"] * 20_000)) <= 5000


def test_what_a_replay_of_the_mail_needs_outlives_other_lines():
    mail = ["MAIL FROM:<a@b>", *(f"RCPT TO:<{n}@d>" for n in range(1000))]
    old = ["EHLO old", "MAIL FROM:<old@b>", "RCPT TO:<old@b>"]
    log = logOf([*old, *["NOOP"] * 3000, "EHLO a", *mail, *["NOOP x"] * 8000])
    kept = [line.rstrip() for line in log]
    assert [line for line in kept if line[:4] != "NOOP"] == ["EHLO a", *mail]


@given(
    st.lists(
        st.sampled_from(["EHLO a", "MAIL FROM:<a>", "RCPT TO:<b>", "NOOP", "NOOP \u20ac" * 9]),
        max_size=300,
    )
)
def test_no_limit_is_ever_exceeded_and_the_last_line_is_there(lines):
    log = CommandLog(mostLines=20, mostOctets=400)
    for line in lines:
        log.add(line.encode())
        assert log.lines[-1] == line + "\r\n"
        assert len(log.lines) <= 20
        assert sum(map(octetsOf, log.lines)) <= 400


def test_a_program_may_change_the_lines_and_the_limits_still_hold():
    log = CommandLog(mostLines=4, mostOctets=400)
    log.add(b"EHLO a")
    log.lines.append("NOOP mine\r\n")
    log.add(b"NOOP b")
    assert log.lines == ["EHLO a\r\n", "NOOP mine\r\n", "NOOP b\r\n"]
    log.lines = ["NOOP c\r\n"] * 3
    log.add(b"NOOP d")
    assert log.lines == [*["NOOP c\r\n"] * 3, "NOOP d\r\n"]
    log.add(b"NOOP e")
    assert log.lines == ["NOOP e\r\n"]
