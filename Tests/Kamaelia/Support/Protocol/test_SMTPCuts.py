"""What a client says does not depend on how the network cuts it, and no bytes whatever do harm."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SMTP.Line import LONGEST_LINE_WITH_PARAMETERS, wordsOf
from Kamaelia.Support.Protocol.SMTP.Session import Session
from Kamaelia.Support.Protocol.SMTP.Settings import KNOWN_EXTENSIONS, Settings

SETTINGS = Settings(max_message_size=100, max_recipients=3, max_errors=5)
PIPELINING = Settings(extensions=frozenset(KNOWN_EXTENSIONS), max_message_size=100)
LENIENT = Settings(strict=False, max_message_size=100, max_recipients=3)
LENIENT_PIPELINING = Settings(
    strict=False, extensions=frozenset(KNOWN_EXTENSIONS), max_message_size=100
)
LINES = [
    b"EHLO a\r\n",
    b"HELO a\r\n",
    b"MAIL FROM:<a@b>\r\n",
    b"MAIL FROM:<> SIZE=99\r\n",
    b"RCPT TO:<c@d>\r\n",
    b'RCPT TO:<"c c"@d>\r\n',
    b"DATA\r\n",
    b"BDAT 6\r\n",
    b"BDAT 9 LAST\r\n",
    b"BDAT 0\r\n",
    b"BDAT 0 LAST\r\n",
    b"text\r\n",
    b".\r\n",
    b"..\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"VRFY\r\n",
    b"STARTTLS\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\xff\xfe",
    b"x" * 600,
    b"MAIL " + b"y" * 5000,
]
streams = st.one_of(
    st.lists(st.sampled_from(LINES), max_size=12).map(b"".join),
    st.lists(st.sampled_from(LINES[2:13]), max_size=12).map(
        lambda lines: b"EHLO a\r\n" + b"".join(lines)
    ),
    st.binary(max_size=200),
)
cuts = st.lists(st.integers(min_value=0, max_value=700), max_size=20)


def answers(pieces, settings):
    session = Session(settings)
    session.greet("today")
    replies = []
    for piece in pieces:
        replies += session.receive(piece)
        assert session.unread <= LONGEST_LINE_WITH_PARAMETERS
        assert len(session.text._held) <= 2
    return replies


def cut(data, edges):
    edges = [0, *sorted({edge for edge in edges if 0 < edge < len(data)}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def lineStarts(data):
    return [i for i in range(2, len(data)) if data[i - 2 : i] == b"\r\n"]


@pytest.mark.parametrize("settings", [SETTINGS, LENIENT])
@given(streams, cuts)
def test_a_client_that_waits_is_answered_alike_in_any_cut(settings, data, edges):
    polite = lineStarts(data)
    expected = answers(cut(data, polite), settings)
    assert answers(cut(data, polite + edges), settings) == expected


@pytest.mark.parametrize("settings", [SETTINGS, LENIENT])
@given(streams, cuts)
def test_a_client_that_does_not_wait_is_answered_alike_in_any_cut(settings, data, edges):
    within = set(edges) - set(lineStarts(data))
    assert answers(cut(data, within), settings) == answers([data], settings)


@pytest.mark.parametrize("settings", [PIPELINING, LENIENT_PIPELINING])
@given(streams, cuts)
def test_a_client_that_may_pipeline_is_answered_alike_in_any_cut(settings, data, edges):
    waits = [
        i
        for i in lineStarts(data)
        if data[:i].endswith((b"EHLO a\r\n", b"HELO a\r\n", b"DATA\r\n"))
    ]
    expected = answers(cut(data, waits), settings)
    if any(reply.code == 220 or reply.text[:5] == "5.5.0" for reply in expected):
        return  # what stands behind STARTTLS is heard or not by when it comes; so is DATA refused
    assert answers(cut(data, waits + edges), settings) == expected


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_every_reply_is_whole_lines(pieces):
    for reply in answers(pieces, SETTINGS):
        assert reply.wire.endswith(b"\r\n")
        assert b"\n" not in reply.wire.replace(b"\r\n", b"")


@given(st.text(alphabet='ab "\\<>', max_size=100))
def test_the_words_of_a_line_are_all_of_it_but_spaces(text):
    words = wordsOf(text.encode())
    assert "".join(words).replace(" ", "") == text.replace(" ", "")


def test_a_quoted_string_that_does_not_end_takes_no_longer_than_another():
    assert len(wordsOf(b'MAIL FROM:<"' + b'\\"' * 2000)) == 2
    assert len(wordsOf(b'MAIL FROM:<"' + b'"\\' * 2000)) == 2
