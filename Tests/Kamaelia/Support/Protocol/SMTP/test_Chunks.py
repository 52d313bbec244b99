"""The chunks of BDAT: their sizes, their text, and that no octet of one becomes a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SMTP.Chunks import ChunkScanner, readChunk
from Kamaelia.Support.Protocol.SMTP.InputParser import ChunkEnded, TextEnded
from Kamaelia.Support.Protocol.SMTP.Session import Session
from Kamaelia.Support.Protocol.SMTP.Settings import OFFERED_BY_DEFAULT, Settings
from Kamaelia.Support.Protocol.SMTP.TextScanner import TextScanner
from Tests.pieces import pieces

CHUNKING = OFFERED_BY_DEFAULT | {"CHUNKING"}
ENVELOPE = [b"EHLO a", b"MAIL FROM:<s@example.org>", b"RCPT TO:<r@example.net>"]


def opened(pipelining=False, lines=ENVELOPE, **settings):
    """A session after these lines."""
    extensions = CHUNKING | {"PIPELINING"} if pipelining else CHUNKING
    session = Session(Settings(**{"extensions": extensions, "strict": False} | settings))
    session.greet("today")
    for line in lines:
        (reply,) = session.receive(line + b"\r\n")
        assert reply.isPositive, reply
    return session


def bdat(octets, last=False):
    return b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets


def codes(session, *pieces):
    return [reply.code for piece in pieces for reply in session.receive(piece)]


def textOf(session, *pieces):
    """The text that a mail handler passes on, if each command is accepted."""
    passed = []
    for piece in pieces:
        session.feed(piece)
        while (event := session.next()) is not None:
            match event:
                case bytes(chunk):
                    passed.append(chunk)
                case ChunkEnded(refusal=refusal) | TextEnded(refusal=refusal):
                    assert refusal is None
                case _:
                    session.say(event[0], event)
    return b"".join(passed)


# The line


@pytest.mark.parametrize(
    ("line", "octets", "isLast"),
    [
        ("BDAT 86", 86, False),
        ("BDAT 86 LAST", 86, True),
        ("bdat 0 last", 0, True),
        ("BDAT 0", 0, False),
        ("BDAT 007", 7, False),
        ("BDAT 99999999999999999999", 10**20 - 1, False),
    ],
)
def test_a_chunk_has_a_size_and_may_be_the_last(line, octets, isLast):
    chunk = readChunk(line.split())
    assert (chunk.left, chunk.isLast) == (octets, isLast)


MALFORMED = [
    "BDAT",
    "BDAT LAST",
    "BDAT -1",
    "BDAT +1",
    "BDAT 1.0",
    "BDAT 0x10",
    "BDAT ten",
    "BDAT 1_0",
    "BDAT 100000000000000000000",
    "BDAT 1 LAST LAST",
    "BDAT 1 FIRST",
    "BDAT 1 LA\u017fT",
    "BDAT 1 2",
    "BDAT \u0663",
]


@pytest.mark.parametrize("line", MALFORMED)
@pytest.mark.parametrize("strict", [True, False])
def test_a_malformed_size_closes_as_nobody_knows_where_the_commands_begin(line, strict):
    session = opened(pipelining=True, strict=strict)
    (reply,) = session.receive(line.encode() + b"\r\nRSET\r\nNOOP\r\n")
    assert (reply.code, reply.closes) == (501, True)
    assert session.receive(b"NOOP\r\n") == []


# The text

texts = st.lists(
    st.sampled_from([b"a", b".", b"..", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"QUIT\r\n", b"\xe9"]),
    max_size=30,
).map(b"".join)
edges = st.lists(st.integers(0, 60), max_size=6)


@given(texts, edges, edges, st.booleans())
def test_the_text_is_that_of_the_same_mail_sent_by_DATA(text, chunks, network, isLastEmpty):
    parts = pieces(text, chunks) + ([b""] if isLastEmpty else [])
    wire = b"".join(bdat(each, last=False) for each in parts[:-1]) + bdat(parts[-1], last=True)
    whole = text if text.endswith(b"\r\n") or not text else text + b"\r\n"
    stuffed = (b"\r\n" + whole).replace(b"\r\n.", b"\r\n..")[2:]
    assert textOf(opened(pipelining=True), *pieces(wire, network)) == stuffed
    # and a server that takes DATA reads one mail, with that text
    scanner = TextScanner()
    assert scanner.take(stuffed + b".\r\n") == stuffed
    assert scanner.hasEnded
    assert scanner.refusal() is None


@pytest.mark.parametrize(
    "text",
    [
        b"a\nb",
        b"a\rb",
        b"a\0b",
        b"\n.\n",
        b"\r.\r",
        b"\r\n.\n",
        b"\n.\r\n",
        b"a\r",
        b"\n",
        b"\r\r\n",
    ],
)
@given(at=edges)
def test_a_bare_line_end_or_NUL_refuses_the_whole_mail_however_it_is_cut(text, at):
    session = opened(pipelining=True)
    parts = pieces(b"Hello\r\n" + text, at)
    replies = [reply for each in parts[:-1] for reply in session.receive(bdat(each))]
    replies += session.receive(bdat(parts[-1], last=True))
    assert (replies[-1].code, replies[-1].closes) == (550, True)
    assert all(reply.code == 250 for reply in replies[:-1])


def test_a_CRLF_may_be_cut_by_the_end_of_a_chunk():
    assert (
        textOf(opened(), bdat(b"a\r"), bdat(b"\n.b\r"), bdat(b"\n", last=True)) == b"a\r\n..b\r\n"
    )


def test_nothing_is_passed_on_once_the_text_is_refused_or_too_big():
    bare, big = ChunkScanner(), ChunkScanner(limit=3)
    assert (bare.take(b"a\nb", False), bare.take(b"c\r\n", True)) == (b"", b"")
    assert (big.take(b"abc", False), big.take(b"d", False), big.take(b"", True)) == (
        b"abc",
        b"",
        b"",
    )


@pytest.mark.parametrize("text", [b"a\n.\nb\n", b"a\r\n.\r\nb\n", b".\n"])
def test_for_a_trusted_client_a_bare_LF_may_become_CRLF_and_dots_are_added_after_that(text):
    session = opened(normalize_bare_lf=True, lines=[])
    session.trust()
    assert codes(session, *[each + b"\r\n" for each in ENVELOPE]) == [250, 250, 250]
    crlf = text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    stuffed = (b"\r\n" + crlf).replace(b"\r\n.", b"\r\n..")[2:]
    assert textOf(session, bdat(text, last=True)) == stuffed


# The order of commands


@pytest.mark.parametrize("lines", [[], ENVELOPE[:1], ENVELOPE[:2]])
def test_without_a_recipient_a_chunk_is_refused_and_its_octets_are_no_commands(lines):
    session = opened(lines=lines)
    assert codes(session, bdat(b"RSET\r\nQUIT\r\n", last=True), b"NOOP\r\n") == [503, 250]


def test_a_last_chunk_of_no_octets_ends_the_mail():
    session = opened()
    assert codes(session, bdat(b"a\r\n"), b"BDAT 0 LAST\r\n", ENVELOPE[1] + b"\r\n") == [250] * 3


def test_nothing_may_follow_the_last_chunk():
    session = opened()
    assert codes(session, bdat(b"a\r\n", last=True), bdat(b"b\r\n"), b"NOOP\r\n") == [250, 503, 250]


@pytest.mark.parametrize("line", [b"DATA", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>"])
def test_between_chunks_nothing_may_change_the_mail(line):
    session = opened()
    said = codes(session, bdat(b"a\r\n"), line + b"\r\n", bdat(b"b\r\n", last=True))
    assert said == [250, 503, 250]
    assert session.recipients == []


@pytest.mark.parametrize("line", [b"RSET", b"EHLO b", b"HELO b"])
def test_RSET_and_hello_drop_a_mail_between_its_chunks(line):
    session = opened()
    said = codes(session, bdat(b"a\r\n"), line + b"\r\n", bdat(b"b\r\n", last=True))
    assert said == [250, 250, 503]


def test_BDAT_may_not_follow_DATA_within_the_text():
    session = opened()
    said = codes(session, b"DATA\r\n", bdat(b"a\r\n", last=True), b".\r\n", b"NOOP\r\n")
    assert said == [354, 250, 250]


def test_a_mail_over_the_limit_is_refused_at_the_chunk_that_exceeds_it():
    session = opened(max_message_size=5)
    said = codes(session, bdat(b"abc"), bdat(b"def"), bdat(b"\r\n", last=True), b"NOOP\r\n")
    assert said == [250, 552, 503, 250]


def test_a_huge_chunk_is_not_kept():
    session = opened(max_message_size=5)
    assert codes(session, b"BDAT 99999999999999999999 LAST\r\n") == []
    for _ in range(100):
        assert codes(session, b"x" * 1000) == []
        assert session.unread == 0
    assert session.text.isTooBig


@pytest.mark.parametrize("pipelining", [True, False])
def test_pipelined_chunks_need_PIPELINING(pipelining):
    session = opened(pipelining=pipelining)
    said = codes(session, bdat(b"a\r\n") + bdat(b"b\r\n", last=True))
    assert said == ([250, 250] if pipelining else [250, 503])
    assert session.breakConnection is not pipelining


def test_a_whole_mail_may_be_pipelined():
    session = opened(pipelining=True, lines=ENVELOPE[:1])
    mail = b"\r\n".join(
        [*ENVELOPE[1:], bdat(b"NOOP\r\n") + bdat(b"QUIT\r\n", last=True) + b"NOOP\r\n"]
    )
    assert codes(session, mail) == [250] * 5


def test_if_the_first_chunk_is_refused_the_others_belong_to_no_mail():
    """Otherwise a mail without its beginning would be delivered."""
    session = opened(pipelining=True)
    session.feed(bdat(b"RSET\r\n") + bdat(b"rest\r\n", last=True) + b"NOOP\r\n")
    assert session.next()[0] == "BDAT"  # policy refuses it: the session is told nothing
    assert session.next()[0] == "BDAT"
    assert not session.seenMail
    assert session.may("BDAT", ["BDAT", "6", "LAST"]).code == 503
    assert session.next()[0] == "NOOP"


def test_an_extension_that_is_not_offered_is_unknown_and_its_octets_are_no_commands():
    session = opened(extensions=OFFERED_BY_DEFAULT | {"PIPELINING"})
    assert codes(session, bdat(b"QUIT\r\n", last=True), b"NOOP\r\n") == [500, 250]


def test_the_time_of_a_text_runs_on_between_its_chunks():
    session = opened()
    assert codes(session, bdat(b"a")) == [250]
    assert session.awaited == "text"
    assert codes(session, bdat(b"a", last=True)) == [250]
    assert session.awaited == "command"
