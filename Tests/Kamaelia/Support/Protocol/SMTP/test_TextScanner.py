"""The end of a mail's text, and all that is not its end."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SMTP.TextScanner import END, TextScanner
from Tests.Kamaelia.falseEnds import FALSE_ENDS
from Tests.pieces import pieces

PIECES = [b"\r", b"\n", b"\r\n", b".", b"..", b"a", b"\0", b"\xff", b"\r\n.\r\n", b"mail\r\n"]
texts = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)
cuts = st.lists(st.integers(min_value=0, max_value=80))


def run(chunks, limit=float("inf"), normalizes=False):
    """Return the text after these chunks, what it returned, and what followed its end."""
    text = TextScanner(limit, normalizes)
    given, rest = b"", b""
    for chunk in chunks:
        if text.hasEnded:
            rest += chunk
            continue
        given += text.take(chunk)
        assert len(text._held) <= 2
        rest += text.rest
    return text, given, rest


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 1000])
@pytest.mark.parametrize(
    ("data", "body", "rest"),
    [
        (b".\r\n", b"", b""),
        (b".\r\nQUIT\r\n", b"", b"QUIT\r\n"),
        (b"\r\n.\r\n", b"\r\n", b""),
        (b"a\r\n.\r\nb\r\n.\r\n", b"a\r\n", b"b\r\n.\r\n"),
        (b"..\r\n.a\r\n.\r\n", b"..\r\n.a\r\n", b""),
        (b"a.\r\n.\r\n", b"a.\r\n", b""),
        (b"a\r\n..\r\n.\r\n\r\n", b"a\r\n..\r\n", b"\r\n"),
        (b".\r\n.\r\n", b"", b".\r\n"),
    ],
)
def test_the_end_is_found_however_the_text_is_cut(data, body, rest, size):
    text, given, left = run(data[i : i + size] for i in range(0, len(data), size))
    assert (text.hasEnded, text.refusal(), given, left) == (True, None, body, rest)
    assert text.size == len(body)


@pytest.mark.parametrize("normalizes", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("smuggled", FALSE_ENDS)
def test_nothing_else_is_an_end_and_the_whole_mail_is_refused(smuggled, size, normalizes):
    data = b"first" + smuggled + b"MAIL FROM:<evil@example.org>\r\nsecond\r\n.\r\nNOOP\r\n"
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    text, given, left = run(chunks, normalizes=normalizes)
    assert text.hasEnded
    assert text.refusal().wire.startswith(b"550 5.5.2 ")
    assert text.refusal().closes
    assert b"." not in given, "the real server must not see a dot of such a mail"
    if smuggled != b"\r\r\n.\r\n":
        assert left == b"NOOP\r\n"


@pytest.mark.parametrize("bad", [b"\r", b"\n", b"\0", b"\n\r", b"\r\r\n", b"\n\n", b"\r\n\n"])
@pytest.mark.parametrize("place", [0, 1, 70000])
def test_one_bare_octet_anywhere_spoils_the_mail(bad, place):
    line = b"a" * 70 + b"\r\n"
    whole = line * 1000
    data = whole[:place] + bad + b"x" + whole[place:]
    text, _, _ = run([*(data[i : i + 65536] for i in range(0, len(data), 65536)), END])
    assert text.isBare


@pytest.mark.parametrize("before", [b"", b"first", b"first\n", b"first\r\n", b"\n", b"\n\n"])
@pytest.mark.parametrize("smuggled", [*FALSE_ENDS, b".\n", b".\r", b".\r\r\n", b"\n.\r\r\n"])
def test_no_split_lets_a_second_mail_through_where_bare_LF_is_normalized(before, smuggled):
    data = before + smuggled + b"MAIL FROM:<evil@example.org>\r\nsecond\r\n.\r\n"
    isRefused = before + smuggled != b"first.\n"  # there the dot ends a line of text
    for first, second in itertools.combinations(range(len(data) + 1), 2):
        chunks = [data[:first], data[first:second], data[second:]]
        text, given, _ = run(chunks, normalizes=True)
        assert (text.hasEnded, text.isBare) == (True, isRefused), chunks
        assert b"\r\n.\r\n" not in b"\r\n" + given
        assert not (isRefused and b"second" in given)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"a\nb\n\r\n.\r\n", b"a\r\nb\r\n\r\n"),
        (b"\n\n\r\nb\r\n.\r\n", b"\r\n\r\n\r\nb\r\n"),
        (b"a\n..\n.b\r\n.\r\n", b"a\r\n..\r\n.b\r\n"),
        (b"a.\n.\n\r\n.\r\n", None),
        (b"a\r\nb\r\n.\r\n", b"a\r\nb\r\n"),
        (b".\r\n", b""),
    ],
)
def test_a_bare_LF_becomes_CRLF_where_it_is_normalized(data, body, size):
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    text, given, _ = run(chunks, normalizes=True)
    assert text.hasEnded
    if body is None:
        assert text.isBare
    else:
        assert (text.refusal(), given) == (None, body)


def test_a_dot_at_the_end_of_a_chunk_is_held_back():
    text = TextScanner()
    assert text.take(b"one\r\n.") == b"one\r\n"
    assert text.take(b"\r") == b""
    assert text.take(b"\n") == b""
    assert text.hasEnded
    text = TextScanner()
    assert text.take(b"one\r\n.") == b"one\r\n"
    assert text.take(b"two\r\n") == b".two\r\n"


def test_a_chunk_that_is_all_text_is_passed_on_as_it_is():
    chunk = b"a line\r\n" * 1000
    assert TextScanner().take(chunk) is chunk


def test_the_limit_counts_the_text_without_its_end():
    text, given, _ = run([b"12345678\r\n", END], limit=10)
    assert (text.refusal(), given) == (None, b"12345678\r\n")
    text, given, _ = run([b"12345678\r\n", b"9\r\n", END], limit=10)
    assert text.refusal().wire.startswith(b"552 5.3.4 ")
    assert not text.refusal().closes
    assert given == b"12345678\r\n"


@pytest.mark.parametrize(("data", "isEightBit"), [(b"\x7f\r\n", False), (b"\x80\r\n", True)])
def test_eight_bit_octets_are_noticed(data, isEightBit):
    assert run([data, END])[0].isEightBit is isEightBit


def reference(data):
    """The rule once more, slowly: an octet at a time. (end or None, is it bare)"""
    end = 0 if data.startswith(END) else data.find(b"\r\n" + END)
    if end < 0:
        return None, None
    body = data[: end + 2] if end or not data.startswith(END) else b""
    pairs = body.replace(b"\r\n", b"")
    return len(body), any(octet in pairs for octet in (b"\r", b"\n", b"\0"))


@given(texts, cuts)
def test_any_text_in_any_cut_is_judged_alike(data, cuts):
    text, given, left = run(pieces(data, cuts))
    end, isBare = reference(data)
    assert text.hasEnded is (end is not None)
    if end is None:
        assert data.startswith(given)
        return
    assert text.isBare is isBare
    assert left == data[end + len(END) :]
    if not isBare:
        assert given == data[:end]
        assert text.size == end


@given(texts, cuts)
def test_what_was_passed_on_never_has_an_end_in_it(data, cuts):
    _, given, _ = run(pieces(data, cuts))
    seen = b"\r\n" + given.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert b"\n.\n" not in seen
    assert not seen.endswith(b"\n.")


@given(texts, cuts)
def test_normalized_text_is_one_mail_for_every_reader(data, cuts):
    text, given, _ = run(pieces(data, cuts), normalizes=True)
    assert b"\r" not in given.replace(b"\r\n", b"")
    assert b"\n" not in given.replace(b"\r\n", b"")
    assert b"\r\n.\r\n" not in b"\r\n" + given
    assert not (b"\r\n" + given).endswith((b"\r\n.", b"\r"))
    whole, once, _ = run([data], normalizes=True)
    assert (text.hasEnded, text.isBare) == (whole.hasEnded, whole.isBare)
    if not text.isBare:
        assert given == once
    if text.hasEnded and not text.isBare:
        body = data[: text.size].replace(b"\r\n", b"\n")
        assert given == body.replace(b"\n", b"\r\n")
