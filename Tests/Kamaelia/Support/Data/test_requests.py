"""The first line of a request, and requests with a header and a body."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Data.MimeObject import mimeObject
from Kamaelia.Support.Data.MimeRequest import MimeRequestParser
from Kamaelia.Support.Data.requestLine import BadRequest, requestLine

LINES = [
    "SAY foo://ann:secret@host.example.org/path?this&that=other PROTO/3.3",
    "SAY foo://ann@host.example.org/path?this&that=other PROTO/3.3",
    "SAY foo://host.example.org/path?this&that=other PROTO/3.3",
    "SAY foo://host.example.org:80/ PROTO/3.3",
]


@pytest.mark.parametrize("text", LINES)
def test_a_line_is_written_as_it_was_read(text: str) -> None:
    assert str(requestLine(text)) == text


def test_the_parts_of_a_line() -> None:
    line = requestLine(LINES[0])
    assert (line.method, line.protocol, line.version) == ("SAY", "PROTO", "3.3")
    assert (line.reqprotocol, line.user, line.passwd) == ("foo", "ann", "secret")
    assert (line.domain, line.url) == ("host.example.org", "/path?this&that=other")
    assert line.debug__str__().splitlines()[0] == "METHOD  \t:SAY"
    assert line.debug__str__().splitlines()[-1] == "URL     \t:/path?this&that=other"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "foo://host.example.org/ PROTO/3.3",
        "GET / HTTP/1.0",
        "GET http://a HTTP/1.0",
        "GET http://a/",
        "GET http://a/\nb HTTP/1.0\n",
        "GET http://a/" + "x" * 70_000 + " HTTP/1.0",
    ],
)
def test_another_form_is_a_BadRequest(text: str) -> None:
    with pytest.raises(BadRequest, match="has not the form") as caught:
        requestLine(text)
    assert caught.value.request == text


@given(st.text(st.sampled_from("a:/@ .?"), max_size=30))
def test_any_line_is_read_or_refused(text: str) -> None:
    try:
        line = requestLine(f"GET http://{text} P/1")
    except BadRequest:
        return
    assert "/" not in line.domain
    assert line.url.startswith("/")


def test_a_mimeObject_is_written_with_its_first_line_and_its_body_once() -> None:
    made = mimeObject({"host": ["Host", "a"]}, "body", "GET / HTTP/1.0")
    assert str(made) == "GET / HTTP/1.0\nHost: a\n\nbody"
    assert str(mimeObject(body=b"b")) == "\nb"


REQUEST = (
    b"PUT http://a/b P/1.0\r\nA: 1\nContent-Length: 4\r\na:  2\r\nEmpty:\r\n\r\nbodyand the rest"
)


@given(st.lists(st.integers(0, len(REQUEST)), max_size=6))
def test_a_request_does_not_depend_on_the_pieces(cuts: list[int]) -> None:
    parser = MimeRequestParser()
    edges = [0, *sorted(cuts), len(REQUEST)]
    pieces = [REQUEST[a:b] for a, b in pairwise(edges)]
    found = None
    consumed = 0
    for piece in pieces:
        found = parser.feed(piece)
        consumed += len(piece)
        if found is not None:
            break
    assert found is not None
    assert found.header == {
        "a": ["A", "1, 2"],
        "content-length": ["Content-Length", "4"],
        "empty": ["Empty", ""],
    }
    assert (found.body, str(found.preambleLine)) == (b"body", "PUT http://a/b P/1.0")
    assert parser.rest == REQUEST[REQUEST.index(b"and") : consumed]


def test_equal_values_of_a_field_are_both_kept() -> None:
    found = MimeRequestParser().feed(b"GET http://a/ P/1\nA: 1\nA: 1\n\n")
    assert found is not None
    assert found.header == {"a": ["A", "1, 1"]}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"GET / HTTP/1.0\r\n", "has not the form"),
        (b"GET http://a/ P/1\r\nno field\r\n", "not a field"),
        (b"GET http://a/ P/1\r\nA : 1\r\n", "not a field"),
        (b"GET http://a/ P/1\r\n folded: 1\r\n", "not a field"),
        (b"GET http://a/ P/1\r\nA: b\rc\r\n", "not a field"),
        (b"GET http://a/ P/1\r\nContent-Length: -1\r\n", "Content-Length is '-1'"),
        (b"GET http://a/ P/1\r\nContent-Length: +1\r\n", "Content-Length is"),
        (b"GET http://a/ P/1\r\nContent-Length: 1\r\nContent-Length: 2\r\n", "Content-Length is"),
        (b"GET http://a/ P/1\r\nContent-Length: \xb2\r\n", "Content-Length is"),
        (b"GET http://a/ P/1\r\nContent-Length: 1001\r\n", "longer than 1000"),
        (b"GET http://a/ P/1\r\nContent-Length: " + b"9" * 5000 + b"\r\n", "Content-Length is"),
    ],
)
def test_a_malformed_request_is_a_BadRequest(header: bytes, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        MimeRequestParser(maxBody=1000).feed(header + b"\r\n")


@pytest.mark.parametrize("isComplete", [True, False])
def test_a_header_has_a_limit_even_if_it_does_not_end(isComplete: bool) -> None:
    parser = MimeRequestParser(maxHeader=100)
    line = b"GET http://a/ P/1\r\nA: "
    assert parser.feed(line) is None
    with pytest.raises(BadRequest, match="header is longer than 100 bytes"):
        parser.feed(b"x" * 100 + (b"\r\n\r\n" if isComplete else b""))


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_any_bytes_are_read_or_refused(pieces: list[bytes]) -> None:
    parser = MimeRequestParser()
    for piece in [b"GET http://a/ P/1\n", *pieces]:
        try:
            if parser.feed(piece) is not None:
                return
        except BadRequest:
            return
