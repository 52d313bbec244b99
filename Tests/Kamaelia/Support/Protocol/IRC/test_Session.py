"""A session registers, answers PING, finds a free nickname and joins its channels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.IRC import IRCError, Message, Session, folded


def said(session: Session, *lines: str) -> list[str]:
    """Return what the session answers to lines from the server."""
    return [
        bytes(answer).decode().rstrip()
        for line in lines
        for answer in session.receive(Message.parse(line))
    ]


def begun(session: Session) -> list[str]:
    return [bytes(message).decode().rstrip() for message in session.start()]


def test_it_registers_with_its_nickname_and_names() -> None:
    assert begun(Session("ann")) == ["NICK ann", "USER ann 0 * :ann"]
    session = Session("ann", username="a", realname="Ann Example", password="secret")
    assert begun(session) == ["PASS secret", "NICK ann", "USER a 0 * :Ann Example"]


def test_it_joins_its_channels_when_it_is_registered() -> None:
    session = Session("ann", channels=["#tea", "#milk key"])
    assert said(session, "NOTICE * :hello") == []
    assert said(session, ":irc 001 ann :welcome") == ["JOIN #tea", "JOIN #milk key"]
    assert session.isRegistered


@pytest.mark.parametrize("line", ["PING :irc.example.net", "PING :a b", "PING"])
def test_it_answers_a_PING_with_the_same_text(line: str) -> None:
    assert said(Session("ann"), line) == [line.replace("PING", "PONG").replace(" :irc", " irc")]


def test_it_tries_other_nicknames_and_gives_up_in_the_end() -> None:
    session = Session("annannannann")
    answers = [said(session, ":irc 433 * x :taken") for _ in range(21)]
    assert answers[:3] == [["NICK annannannann_"], ["NICK annannan2"], ["NICK annannan3"]]
    assert answers[18:] == [["NICK annanna19"], ["NICK annanna20"], ["QUIT :no nickname is free"]]


def test_a_nickname_that_the_server_refuses_is_shortened() -> None:
    session = Session("annannannann")
    assert said(session, ":irc 432 * annannannann :too long") == ["NICK annannan1"]
    assert session.nick == "annannan1"


def test_it_knows_its_nickname() -> None:
    session = Session("ann")
    said(session, ":irc 001 ann_ :welcome", ":bob!b@h NICK rob", ":ANN_!a@h NICK :Eve[]")
    assert session.nick == "Eve[]"
    assert session.isMe("eve{}")
    assert said(session, ":irc 433 Eve[] ann :taken") == []  # the program has asked for it


def test_it_requests_the_capabilities_that_the_server_has() -> None:
    session = Session("ann", capabilities=["server-time", "message-tags", "sasl"])
    assert begun(session)[0] == "CAP LS 302"
    lines = [
        ":irc CAP * LS * :server-time multi-prefix",
        ":irc CAP * LS :message-tags=x other",
        ":irc CAP * ACK :message-tags server-time ",
    ]
    assert said(session, *lines) == ["CAP REQ :message-tags server-time", "CAP END"]
    assert session.capabilities == {"message-tags", "server-time"}
    assert said(session, ":irc 001 ann :welcome", ":irc CAP ann DEL :server-time") == []
    assert session.capabilities == {"message-tags"}


@pytest.mark.parametrize("line", [":irc CAP * LS :other", ":irc CAP * NAK :server-time"])
def test_it_continues_without_capabilities(line: str) -> None:
    assert said(Session("ann", capabilities=["server-time"]), line) == ["CAP END"]


def test_names_are_folded_as_rfc1459_says() -> None:
    assert folded("Ann[]\\~") == "ann{}|^"


WORD = st.sampled_from(
    ["001", "433", "CAP", "LS", "ACK", "*", "PING", "NICK", "ann", ":", "x y", ""]
)


@given(st.lists(st.lists(WORD, max_size=5).map(" ".join), max_size=6))
def test_no_line_of_a_server_makes_it_fail(lines: list[str]) -> None:
    session = Session("ann", channels=["#tea"], capabilities=["server-time"])
    for line in lines:
        try:
            message = Message.parse(line)
        except IRCError:
            continue
        assert len(session.receive(message)) <= 1
