"""The record of a refusal: its line, its JSON and its counter."""

import json
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SMTP.Refusal import (
    LONGEST_ARGUMENT,
    REASONS,
    Refusal,
    argumentOf,
    reasonOf,
)
from Kamaelia.Support.Protocol.SMTP.Reply import DEFERRED, RECIPIENT_REFUSED, Reply, ReplyReader
from Kamaelia.Support.Protocol.SMTP.Session import Session

STAMP = "20261121075616.935"


def refusal(**more: Any) -> Refusal:
    whole = Refusal("192.0.2.1", 4711, "RCPT", "TO:<a@b>", RECIPIENT_REFUSED, "0b2b")
    return whole._replace(**more)


def test_the_line_has_all_of_it() -> None:
    assert refusal().line(STAMP) == (
        '20261121075616.935 refused client=[192.0.2.1]:4711 stage=RCPT reason="recipient refused"'
        ' id=0b2b argument="TO:<a@b>" reply="550 5.7.1 This recipient is not accepted here"'
    )


def test_a_reason_of_its_own_goes_before_that_of_the_reply() -> None:
    record = refusal(reason="relaying denied").record(1.5)
    assert record == {
        "event": "refusal",
        "id": "0b2b",
        "time": 1.5,
        "client": "192.0.2.1",
        "port": 4711,
        "stage": "RCPT",
        "reason": "relaying denied",
        "argument": "TO:<a@b>",
        "reply": "550 5.7.1 This recipient is not accepted here",
    }
    assert refusal(reason="x").counter == ("refusals", "RCPT", "x")


def test_a_refusal_without_a_reply_has_an_empty_string_for_it() -> None:
    assert refusal(reply=None).record(0)["reply"] == ""
    assert refusal(reply=None).line(STAMP).endswith('reply=""')


@given(st.text(), st.text(alphabet=st.characters(exclude_characters="\r\0")))
def test_the_words_of_others_cannot_leave_their_place(argument: str, words: str) -> None:
    line = refusal(argument=argument, reply=Reply(550, words)).line(STAMP)
    assert line.isascii()
    assert line.isprintable()
    place = line[line.index(" argument=") + len(" argument=") :]
    first, end = json.JSONDecoder().raw_decode(place)
    second, last = json.JSONDecoder().raw_decode(place[end + len(" reply=") :])
    # JSON has no lone surrogates: two of them may be one character when they are read again.
    assert (first, second) == (fromJSON(argument), fromJSON(f"550 {words}"))
    assert place[end + len(" reply=") :][last:] == ""


def fromJSON(text: str) -> str:
    again: str = json.loads(json.dumps(text))
    return again


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ud800\udc00", "\udd00\n\udc7f"])
def test_a_lone_surrogate_is_sent_as_the_replacement_character(text: str) -> None:
    wire = bytes(Reply(550, text)).decode()
    assert "\ufffd" in wire
    assert wire.count("550") == text.count("\n") + 1


def test_the_words_of_the_real_server_are_known_as_such() -> None:
    (theirs,) = ReplyReader().take(b"451 4.7.1 our greylisting\r\n")
    assert (reasonOf(theirs), reasonOf(DEFERRED)) == ("real server", "greylisted")


def ownReplies() -> list[Reply]:
    names = ("Session", "CommandChecks", "Line", "InputParser", "Reply")
    modules = [import_module(f"Kamaelia.Support.Protocol.SMTP.{name}") for name in names]
    replies = [each for module in modules for each in vars(module).values()]
    return [each for each in replies if isinstance(each, Reply) and not each.isPositive]


@pytest.mark.parametrize("reply", ownReplies(), ids=repr)
def test_each_reply_of_our_own_has_a_reason(reply: Reply) -> None:
    assert reasonOf(reply) not in ("policy", "real server")


def test_each_reason_is_that_of_a_code_that_exists() -> None:
    assert all(str(code)[0] == status[0] for code, status in REASONS)


# The client's words


@pytest.mark.parametrize(
    ("line", "stage", "argument"),
    [
        (b"EHLO two words", "EHLO", "two words"),
        (b"mail from:<a@b> SIZE=3", "MAIL", "from:<a@b> SIZE=3"),
        (b"MAIL FROM:<a\0b>", "MAIL", "FROM:<a"),
        (b"MAIL FROM:<a\xff>", "MAIL", "FROM:<a\udcff>"),
        (b"AUTH PLAIN c2VjcmV0", "UNKNOWN", ""),
        (b"c2VjcmV0", "UNKNOWN", ""),
        (b"My secret is on this line of a mail", "UNKNOWN", ""),
        (b"HELP me, it is secret", "HELP", ""),
        (b"", "UNKNOWN", ""),
        (b"RCPT TO:<%s>" % (b"x" * 5000), "RCPT", "TO:<" + "x" * (LONGEST_ARGUMENT - 4)),
    ],
)
def test_the_words_of_a_command_are_kept_where_they_are_no_secret(
    line: bytes, stage: str, argument: str
) -> None:
    session = Session()
    session.greet("now")
    session.receive(line + b"\r\n")
    assert session.stage == stage
    assert argumentOf(session) == argument


def test_the_text_of_a_mail_has_a_stage_and_no_argument() -> None:
    session = Session()
    session.greet("now")
    for line in (b"EHLO me", b"MAIL FROM:<a@b.example>", b"RCPT TO:<c@d.example>", b"DATA"):
        session.receive(line + b"\r\n")
    session.receive(b"secret\n\r\n.\r\n")
    assert (session.stage, argumentOf(session)) == ("TEXT", "")
