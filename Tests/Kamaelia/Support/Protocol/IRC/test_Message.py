"""Messages of IRC are parsed, checked and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.IRC import IRCError, Message
from Kamaelia.Support.Protocol.IRC.Message import LONGEST, tagsOf, tagText

LINES = {
    b"PING": Message("PING"),
    b":irc.example.net 001 ann :Welcome to IRC": Message(
        "001", ["ann", "Welcome to IRC"], "irc.example.net"
    ),
    b":ann!a@host PRIVMSG #tea :": Message("PRIVMSG", ["#tea", ""], "ann!a@host"),
    b":ann!a@host PRIVMSG #tea ::) : x": Message("PRIVMSG", ["#tea", ":) : x"], "ann!a@host"),
    b"  :a   join    #tea   ": Message("JOIN", ["#tea"], "a"),
    b"MODE #tea +o ann\r\n": Message("MODE", ["#tea", "+o", "ann"]),
    b"@a=b\\:c;+example.org/d;e= :x PING y": Message(
        "PING", ["y"], "x", {"a": "b;c", "+example.org/d": "", "e": ""}
    ),
    "TOPIC #tea :gr\u00fcn".encode(): Message("TOPIC", ["#tea", "gr\u00fcn"]),
    "TOPIC #tea :gr\u00fcn".encode("latin-1"): Message("TOPIC", ["#tea", "gr\u00fcn"]),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_parsed(line: bytes) -> None:
    assert Message.parse(line) == LINES[line]


@pytest.mark.parametrize(
    "line", [b"", b" ", b":", b":a", b":a ", b"@a=b", b"@a=b :c ", b"1 x", b"x-y"]
)
def test_a_line_without_a_command_is_an_error(line: bytes) -> None:
    with pytest.raises(IRCError, match="no command"):
        Message.parse(line)


def test_the_nickname_is_the_first_part_of_the_source() -> None:
    nicks = [Message("X", source=each).nick for each in ("a!b@c", "a@c", "irc.example.net", "")]
    assert nicks == ["a", "a", "irc.example.net", ""]


@pytest.mark.parametrize(
    "message",
    [
        Message("PRIVMSG", ["#tea", "a\r\nQUIT"]),
        Message("PRIVMSG", ["#tea\nQUIT", "a"]),
        Message("PRIVMSG", ["#tea", "a\0"]),
        Message("PRIVMSG", ["", "a"]),
        Message("PRIVMSG", [":x", "a"]),
        Message("PRIVMSG", ["a b", "a"]),
        Message("QUIT\r\nJOIN", ["#tea"]),
        Message("", ["#tea"]),
        Message("PING", source="a b"),
        Message("PING", tags={"a b": "c"}),
        Message("PING", tags={"a": "\0"}),
        Message("PRIVMSG", ["#tea", "\ud800"]),
        Message("PRIVMSG", ["#tea", "x" * LONGEST]),
        Message("PING", tags={"a": "x" * 4096}),
    ],
    ids=repr,
)
def test_a_message_that_would_become_another_one_is_not_written(message: Message) -> None:
    with pytest.raises(IRCError):
        bytes(message)


WORD = st.text(
    st.characters(exclude_characters="\0\r\n :", exclude_categories=["Cs"]), min_size=1, max_size=9
)
TEXT = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), max_size=50)
MESSAGES = st.builds(
    Message,
    st.sampled_from(["PRIVMSG", "NOTICE", "001", "QUIT"]),
    st.builds(
        lambda words, text: [*words, *text], st.lists(WORD, max_size=5), st.lists(TEXT, max_size=1)
    ),
    st.one_of(st.just(""), WORD),
    st.dictionaries(st.from_regex(r"\A\+?[a-z0-9-]{1,9}\Z"), TEXT, max_size=3),
)


@given(MESSAGES)
def test_what_is_written_is_read_again(message: Message) -> None:
    assert Message.parse(bytes(message)) == message


@given(st.binary(max_size=200))
def test_any_line_is_a_message_or_an_IRCError(line: bytes) -> None:
    try:
        message = Message.parse(line)
    except IRCError:
        return
    assert message.command
    assert message.nick == "" or message.source.startswith(message.nick)


@given(st.text(max_size=50))
def test_any_tags_can_be_read(text: str) -> None:
    assert "" not in tagsOf(text)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
def test_any_value_of_a_tag_is_escaped(value: str) -> None:
    written = tagText({"key": value})
    assert written.count(" ") == 1
    assert written.endswith(" ")
    assert tagsOf(written[1:-1]) == {"key": value}


def test_a_backslash_at_the_end_and_an_unknown_escape_lose_the_backslash() -> None:
    assert tagsOf("a=b\\;c=\\x;d=\\\\") == {"a": "b", "c": "x", "d": "\\"}
