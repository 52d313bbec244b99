"""The tuples of an IRC client, and the text that people type and read."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.IRC import (
    Heard,
    IRCError,
    Message,
    channelInformat,
    channelOutformat,
    heardOf,
    informat,
    messagesOf,
    outformat,
)
from Kamaelia.Support.Protocol.IRC.Heard import splitText

HEARD = {
    ":ann!a@h PRIVMSG #tea :hello  there": ("PRIVMSG", "ann", "#tea", "hello  there"),
    ":ann!a@h PRIVMSG #tea :\x01ACTION pours\x01": ("ACTION", "ann", "#tea", "pours"),
    ":ann!a@h PRIVMSG #tea :\x01ACTION\x01": ("ACTION", "ann", "#tea", ""),
    ":ann!a@h PRIVMSG #tea :ACTIONS count": ("PRIVMSG", "ann", "#tea", "ACTIONS count"),
    ":ann!a@h PRIVMSG bob :\x01VERSION\x01": ("PRIVMSG", "ann", "bob", "\x01VERSION\x01"),
    "PING :irc.example.net": ("PING", "irc.example.net", "", ""),
    ":ann!a@h NICK :eve": ("NICK", "ann", "", "eve"),
    ":ann!a@h QUIT :good bye": ("QUIT", "ann", "", "good bye"),
    ":ann!a@h QUIT": ("QUIT", "ann", "", ""),
    ":ann!a@h JOIN :#tea": ("JOIN", "ann", "#tea", ""),
    ":ann!a@h PART #tea :later": ("PART", "ann", "#tea", "later"),
    ":ann!a@h MODE #tea +o bob": ("MODE", "ann", "#tea", "+o bob"),
    ":irc 353 ann = #tea :ann bob": ("353", "irc", "ann", "= #tea :ann bob"),
    "ERROR :Closing Link": ("ERROR", "", "", "Closing Link"),
}


@pytest.mark.parametrize("line", HEARD)
def test_a_message_is_heard_as_a_tuple(line: str) -> None:
    heard = heardOf(Message.parse(line))
    assert heard == HEARD[line]
    assert repr(heard) == repr(HEARD[line])


def test_the_tags_are_in_the_whole_message() -> None:
    heard = heardOf(Message.parse("@time=12:00 :ann PRIVMSG #tea hi"))
    assert heard.message is not None
    assert heard.message.tags == {"time": "12:00"}


SAID: dict[Sequence[str], list[bytes]] = {
    ("NICK", "ann"): [b"NICK ann\r\n"],
    ("user", "a", "b", "c", "Ann Example"): [b"USER a b c :Ann Example\r\n"],
    ("PRIVMSG", "#tea", "hi"): [b"PRIVMSG #tea hi\r\n"],
    ("PRIVMSG", "#tea", ":)"): [b"PRIVMSG #tea ::)\r\n"],
    ("PRIVMSG", "#tea", "hi\n"): [b"PRIVMSG #tea hi\r\n"],
    ("PRIVMSG", "#tea", "a\r\n\r\nQUIT"): [b"PRIVMSG #tea a\r\n", b"PRIVMSG #tea QUIT\r\n"],
    ("PRIVMSG", "#tea", ""): [b"PRIVMSG #tea :\r\n"],
    ("ME", "#tea", "pours tea"): [b"PRIVMSG #tea :\x01ACTION pours tea\x01\r\n"],
    ("ME", "#tea", "a\nb"): [
        b"PRIVMSG #tea :\x01ACTION a\x01\r\n",
        b"PRIVMSG #tea :\x01ACTION b\x01\r\n",
    ],
    ("ACTION", "#tea"): [b"PRIVMSG #tea \x01ACTION\x01\r\n"],
    ("QUIT",): [b"QUIT\r\n"],
    ("QUIT", "enough for today\n"): [b"QUIT :enough for today\r\n"],
    ("UNKNOWN", "two words"): [b"UNKNOWN :two words\r\n"],
}


@pytest.mark.parametrize("command", SAID)
def test_a_tuple_is_written_as_messages(command: Sequence[str]) -> None:
    assert [bytes(message) for message in messagesOf(command)] == SAID[command]


@pytest.mark.parametrize(
    "command",
    [(), "QUIT", 7, None, ("PRIVMSG", "#tea", 7), ("ME",), ("ME", "#tea"), b"QUIT", ("",)],
)
def test_what_is_not_a_command_is_an_error(command: Any) -> None:
    with pytest.raises(IRCError):
        [bytes(message) for message in messagesOf(command)]


@pytest.mark.parametrize(
    "command",
    [
        ("TOPIC", "#tea", "a\nQUIT"),
        ("JOIN", "#tea\r\nQUIT"),
        ("TOPIC", "a b", "c"),
        ("QUIT", "x" * 600),
    ],
)
def test_a_command_that_would_become_another_one_is_an_error(command: Any) -> None:
    with pytest.raises(IRCError):
        [bytes(message) for message in messagesOf(command)]


@given(st.text(), st.integers(4, 60))
def test_a_long_text_is_split_without_loss(text: str, limit: int) -> None:
    text = text.encode("utf-8", "ignore").decode()
    parts = list(splitText(text, limit))
    assert all(len(part.encode()) <= limit for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.text(), max_size=4))
def test_any_command_is_written_as_whole_lines_or_refused(command: list[str]) -> None:
    try:
        lines = [bytes(message) for message in messagesOf(command)]
    except IRCError:
        return
    for line in lines:
        assert len(line) <= 512
        assert line.find(b"\r\n") == len(line) - 2
        assert line.find(b"\n") == len(line) - 1


def test_a_long_line_is_said_in_several_messages() -> None:
    words = "word " * 300
    lines = [bytes(message) for message in messagesOf(("PRIVMSG", "#tea", words))]
    assert len(lines) == 4
    assert max(map(len, lines)) <= 412  # the server adds the source before it passes it on
    assert all(line.startswith(b"PRIVMSG #tea :word") for line in lines)


TYPED: dict[str, Any] = {
    "hello\n": ("PRIVMSG", "#kamtest", "hello\n"),
    "/ hello": ("PRIVMSG", "#kamtest", "/ hello"),
    "/msg bob are you there?": ("PRIVMSG", "bob", "are you there?"),
    "/quit": ["QUIT"],
    "/quit all done": ("QUIT", "all done"),
    "/kick #tea bob too much milk": ("KICK", "#tea", "bob", "too much milk"),
    "/user a b c Ann Example": ("USER", "a", "b", "c", "Ann Example"),
    "/me pours tea": ("ME", "#kamtest", "pours tea"),
    "/join #tea\n": ["JOIN", "#tea"],
    "//": None,
    "": None,
    " \n": None,
}


@pytest.mark.parametrize("text", TYPED)
def test_what_a_person_types_is_a_command(text: str) -> None:
    assert informat(text) == TYPED[text]


SHOWN = {
    ("PRIVMSG", "ann", "#tea", "hi"): "<ann> hi\n",
    ("JOIN", "ann", "#tea", ""): "*** ann has joined #tea\n",
    ("PART", "ann", "#tea", ""): "*** ann has parted #tea\n",
    ("NICK", "ann", "", "eve"): "*** ann is now known as eve\n",
    ("ACTION", "ann", "#tea", "pours {tea}"): "*** ann pours {tea}\n",
    ("TOPIC", "ann", "#tea", "milk"): "*** ann changed the topic to milk\n",
    ("QUIT", "ann", "", "bye"): "*** ann has quit IRC\n",
    ("MODE", "ann", "#tea", "+o bob"): "*** ann has set channel mode: +o bob\n",
    ("MODE", "ann", "#other", "+o bob"): "MODE from ann: +o bob\n",
    ("372", "irc", "ann", "- hello"): "Reply 372 from irc to ann: - hello\n",
    ("433", "irc", "*", "ann :taken"): "Error! 433 irc * ann :taken\n",
    ("700", "irc", "ann", "x"): "Unknown numeric reply: 700 irc ann x\n",
    ("NOTICE", "irc", "ann", "x"): "NOTICE from irc: x\n",
    ("CLIENT ERROR", "client", "", "x"): "CLIENT ERROR from client: x\n",
}


@pytest.mark.parametrize("heard", SHOWN)
def test_what_is_heard_is_shown_as_a_sentence(heard: tuple[str, str, str, str]) -> None:
    assert channelOutformat("#tea")(heard) == SHOWN[heard]
    if heard[0] != "MODE":
        assert outformat(Heard(*heard)) == SHOWN[heard]


def test_a_channel_can_be_preset() -> None:
    assert channelInformat("#tea")("hi") == ("PRIVMSG", "#tea", "hi")


@given(st.text(max_size=40))
def test_any_typed_text_can_be_said_or_is_refused(text: str) -> None:
    command = informat(text)
    if command is not None:
        try:
            assert all(bytes(message) for message in messagesOf(command))
        except IRCError:
            return
