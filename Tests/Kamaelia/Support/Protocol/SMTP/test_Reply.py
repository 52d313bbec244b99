"""Replies made and read, and the garbage that real servers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SMTP.Reply import (
    LONGEST_REPLY_LINE,
    MOST_REPLY_LINES,
    GarbageReply,
    Reply,
    ReplyReader,
)
from Tests.pieces import pieces

codes = st.integers(min_value=200, max_value=559).filter(lambda code: code // 10 % 10 < 6)
lines = st.text(
    alphabet=st.characters(min_codepoint=32, max_codepoint=0xFF, exclude_categories=["Cc"])
)
replies = st.builds(
    lambda code, texts: Reply(code, "\n".join(texts)), codes, st.lists(lines, min_size=1)
)


def test_a_reply_is_one_piece_of_bytes():
    assert bytes(Reply(250, "one\ntwo\nthree")) == b"250-one\r\n250-two\r\n250 three\r\n"
    assert Reply(354, "go").wire == b"354 go\r\n"


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "a\0b"])
def test_a_text_that_would_leave_its_reply_is_an_error(text):
    with pytest.raises(ValueError, match="250"):
        Reply(250, text)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(550, "5.1.1 nobody"), "5.1.1"),
        (Reply(550, "5.1.1"), "5.1.1"),
        (Reply(550, "5.1.1 one\n5.1.2 two"), "5.1.1"),
        (Reply(550, "4.1.1 another class"), "5.0.0"),
        (Reply(450, "5.1.1x"), "4.0.0"),
        (Reply(250, "fine"), "2.0.0"),
    ],
)
def test_the_enhanced_code_is_read_or_follows_from_the_class(reply, status):
    assert reply.status == status


def test_replies_are_equal_when_they_say_and_do_the_same():
    assert Reply(250, "a") == Reply(250, "a")
    assert Reply(421, "a") != Reply(421, "a", closes=True)
    assert len({Reply(250, "a"), Reply(250, "a")}) == 1
    assert repr(Reply(421, "a", closes=True)) == "Reply(421, 'a', closes=True)"


@given(st.lists(replies, max_size=4), st.lists(st.integers(min_value=0, max_value=200)))
def test_replies_are_read_in_any_cut(sent, cuts):
    data = b"".join(reply.wire for reply in sent)
    reader = ReplyReader()
    read = [r for piece in pieces(data, cuts) for r in reader.take(piece)]
    assert read == sent
    assert not reader.isAmidReply


@pytest.mark.parametrize("data", [b"250", b"250\r\n", b"250 \r\n", b"250-a\r\n250\r\n"])
def test_a_code_may_stand_alone(data):
    assert [reply.code for reply in ReplyReader().take(data)] == [250] * data.endswith(b"\n")


def readInto(read, pieces):
    reader = ReplyReader()
    for piece in pieces:
        for reply in reader.take(piece):
            read.append(reply)  # noqa: PERF402 - extend would lose those before the error


@pytest.mark.parametrize("size", [1, 2, 7, 100000])
@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n",
        b"\r\n",
        b"25 x\r\n",
        b"2500 x\r\n",
        b"250x\r\n",
        b"250 bare line feed\n",
        b"250 a bare\rcarriage return\r\n",
        b"250 a\0nul\r\n",
        b"250 an \x1b[31mescape\r\n",
        b"199 too low\r\n",
        b"600 too high\r\n",
        b"269 no such group\r\n",
        b"250-one\r\n251 two\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"x" * (LONGEST_REPLY_LINE + 1),
        b"250 " + b"x" * LONGEST_REPLY_LINE + b"\r\n",
        b"250-x\r\n" * (MOST_REPLY_LINES + 1),
        b"\x16\x03\x01\x02\x00\n",
    ],
)
def test_garbage_is_an_error_after_the_replies_before_it(garbage, size):
    data = b"220 hello\r\n" + garbage
    read = []
    with pytest.raises(GarbageReply):
        readInto(read, [data[i : i + size] for i in range(0, len(data), size)])
    assert [reply.code for reply in read] == [220]


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_what_is_kept_of_a_reply_is_limited(pieces):
    reader = ReplyReader()
    try:
        for piece in pieces:
            list(reader.take(piece))
            assert len(reader.kept) <= LONGEST_REPLY_LINE
            assert len(reader.lines) <= MOST_REPLY_LINES
    except GarbageReply:
        pass


@pytest.mark.parametrize(
    "data", [b"250-one\r\n250 two\r\n", b"250-a\r\n", b"250 a\r\n3", b"1 a\r\n"]
)
def test_what_has_been_read_before_is_read_as_it_was(data):
    def read():
        reader = ReplyReader()
        try:
            return list(reader.take(data)), reader.isAmidReply
        except GarbageReply as garbage:
            return str(garbage)

    assert read() == read()


def test_a_whole_reply_amid_another_is_no_reply_of_its_own():
    reader = ReplyReader()
    assert list(reader.take(b"250 seen\r\n")) == [Reply(250, "seen")]
    assert list(reader.take(b"250-one\r\n")) == []
    assert list(reader.take(b"250 seen\r\n")) == [Reply(250, "one\nseen")]
    assert not reader.isAmidReply
