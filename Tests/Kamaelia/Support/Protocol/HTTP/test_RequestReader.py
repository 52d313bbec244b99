"""The reader of requests: what it accepts, what it refuses, and its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.HTTP.Limits import Limits
from Kamaelia.Support.Protocol.HTTP.RequestReader import (
    BadRequest,
    End,
    RequestHead,
    RequestReader,
)

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(*data, limits=None, isEnded=False):
    """Return what a reader makes of the data: targets, bodies, and at last a status."""
    reader = RequestReader(limits)
    found = []
    try:
        for part in data:
            reader.receive(part)
            found += events(reader)
        if isEnded:
            reader.end()
            found += events(reader)
    except BadRequest as error:
        found.append(error.status)
    return found


def events(reader):
    while (event := reader.next()) is not None:
        if isinstance(event, RequestHead):
            yield event.target
        elif isinstance(event, bytes):
            yield event
        else:
            assert isinstance(event, End)


def request(*lines):
    return b"\r\n".join([*lines, b"", b""])


POST, HOST, CHUNKS = b"POST /", b"Host: h", b"Transfer-Encoding: chunked"

#: Requests that a proxy and a server may understand in different ways. Each is followed by a
#: request that must not be read.
SMUGGLING = {
    "length and chunks": [POST, HOST, b"Content-Length: 4", CHUNKS],
    "chunks and length": [POST, HOST, CHUNKS, b"Content-Length: 4"],
    "two lengths": [POST, HOST, b"Content-Length: 4", b"Content-Length: 5"],
    "one length twice": [POST, HOST, b"Content-Length: 4", b"Content-Length: 4"],
    "a list of lengths": [POST, HOST, b"Content-Length: 4, 4"],
    "a length with a sign": [POST, HOST, b"Content-Length: +4"],
    "a negative length": [POST, HOST, b"Content-Length: -4"],
    "a hexadecimal length": [POST, HOST, b"Content-Length: 0x4"],
    "a length with an underscore": [POST, HOST, b"Content-Length: 1_0"],
    "no length": [POST, HOST, b"Content-Length:"],
    "a length with other digits": [POST, HOST, "Content-Length: ٤".encode()],
    "a huge length": [POST, HOST, b"Content-Length: " + b"9" * 30],
    "a space before the colon": [POST, HOST, b"Content-Length : 4"],
    "a tab before the colon": [POST, HOST, b"Transfer-Encoding\t: chunked"],
    "chunks twice": [POST, HOST, b"Transfer-Encoding: chunked, chunked"],
    "two encodings": [POST, HOST, CHUNKS] * 2,
    "chunks and identity": [POST, HOST, b"Transfer-Encoding: chunked, identity"],
    "an unknown encoding": [POST, HOST, b"Transfer-Encoding: xchunked"],
    "a quoted encoding": [POST, HOST, b'Transfer-Encoding: "chunked"'],
    "an encoding with a control character": [POST, HOST, b"Transfer-Encoding: \x0bchunked"],
    "a folded encoding": [POST, HOST, b"Transfer-Encoding:\r\n chunked"],
    "a folded field": [POST, HOST, b"X: a\r\n\tContent-Length: 4"],
    "a first field that is folded": [POST, b" Host: h"],
    "a bare LF": [POST, b"Host: h\nContent-Length: 4"],
    "a bare CR": [POST, b"Host: h\rContent-Length: 4"],
    "a bare CR in a value": [POST, HOST, b"X: a\rb"],
    "NUL in a value": [POST, HOST, b"X: a\0b"],
    "NUL in a name": [POST, HOST, b"X\0: a"],
    "a field without a name": [POST, HOST, b": a"],
    "a field without a colon": [POST, HOST, b"Content-Length 4"],
    "two hosts": [POST, HOST, b"Host: i"],
    "no host": [POST, b"X: h"],
    "a host with a path": [POST, b"Host: h/path"],
    "a host with a user": [POST, b"Host: me@h"],
    "a host with a space": [POST, b"Host: h i"],
    "a space in the target": [b"POST /a b", HOST],
    "a method that is not a token": [b"PO(ST /", HOST],
    "no method": [b" /", HOST],
}  # fmt: skip


@pytest.mark.parametrize("lines", SMUGGLING.values(), ids=SMUGGLING.keys())
@pytest.mark.parametrize("isCut", [False, True])
def test_a_request_that_could_be_smuggled_ends_the_connection(lines, isCut):
    first, *fields = lines
    data = request(first + b" HTTP/1.1", *fields) + b"0\r\n\r\n" + GET
    parts = [data[i : i + 1] for i in range(len(data))] if isCut else [data]
    found = read(*parts)
    assert len(found) == 1
    assert found[0] in (400, 501)


@pytest.mark.parametrize(
    "body",
    [
        b"3\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"3\r\nabc0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b" 3\r\nabc\r\n0\r\n\r\n",
        b"3_0\r\nabc\r\n0\r\n\r\n",
        b"\r\n3\r\nabc\r\n0\r\n\r\n",
        b"3;a\nb\r\nabc\r\n0\r\n\r\n",
        b"3\r\r\nabc\r\n0\r\n\r\n",
        b"g\r\nabc\r\n0\r\n\r\n",
        b"fffffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\r\n0\r\n\n",
        b"3\r\nabc\r\n0\r\nX: y\n\r\n",
        b"3\r\nabc\r\n0\r\nX y\r\n\r\n",
    ],
)
@pytest.mark.parametrize("isCut", [False, True])
def test_chunks_that_are_not_exact_end_the_connection(body, isCut):
    data = CHUNKED + body + GET
    found = read(*([data[i : i + 1] for i in range(len(data))] if isCut else [data]))
    assert found[0] == "/"
    assert found[-1] == 400
    assert found.count("/") == 1


@given(st.lists(st.integers(0, 200), max_size=6))
def test_a_chunked_body_does_not_depend_on_how_the_network_cuts_it(cuts):
    data = CHUNKED + b"3\r\nabc\r\n5;name=value\r\ndefgh\r\n0\r\nX: y\r\n\r\n" + GET
    cuts = sorted(cut for cut in cuts if cut <= len(data))
    parts = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    found = read(*parts)
    assert found[0] == found[-1] == "/"
    assert b"".join(found[1:-1]) == b"abcdefgh"


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_waits_for_more(data):
    for prefix in (b"", GET, CHUNKED, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n"):
        read(prefix + data, isEnded=True)


@pytest.mark.parametrize(
    ("data", "limits", "status"),
    [
        (b"GET /" + b"a" * 200, Limits(targetSize=100), 414),
        (request(b"GET /" + b"a" * 100 + b" HTTP/1.1", b"Host: h"), Limits(targetSize=100), 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 500, Limits(headerSize=400, targetSize=10), 431),
        (request(b"GET / HTTP/1.1", b"Host: h", *[b"X: y"] * 9), Limits(headerCount=9), 431),
        (request(b"GET / HTTP/1.1", b"Host: h", b"Content-Length: 11"), Limits(bodySize=10), 413),
        (CHUNKED + b"6\r\nabcdef\r\n5\r\nghijk\r\n", Limits(bodySize=10), 413),
        (CHUNKED + b"1;" + b"x" * 9000, Limits(), 431),
        (CHUNKED + b"0\r\n" + b"X: y\r\n" * 2000, Limits(), 431),
        (request(b"GET / HTTP/2.0", b"Host: h"), Limits(), 505),
        (b"\r\n" * 5 + GET, Limits(), 400),
    ],
)
def test_each_limit_has_its_status(data, limits, status):
    assert read(data, limits=limits)[-1] == status


def test_empty_lines_before_a_request_are_skipped():
    assert read(b"\r\n" + GET, b"\r\n\r\n", GET) == ["/", "/"]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_many_empty_lines_are_refused_however_the_network_cuts_them(size):
    lines = b"\r\n" * 50
    assert read(*(lines[at : at + size] for at in range(0, 100, size)))[-1:] == [400]


@pytest.mark.parametrize("target", [b"page", b"h/admin", b"@h/", b"?q", b"*x", b"1a://h/"])
def test_a_target_that_is_neither_a_path_nor_a_URL_is_refused(target):
    assert read(b"GET %b HTTP/1.1\r\nHost: h\r\n\r\n" % target) == [400]


@pytest.mark.parametrize(
    "start", [b"GET http://h/a", b"GET HTTPS://h", b"OPTIONS *", b"CONNECT h:443", b"GET /a://b"]
)
def test_the_forms_of_a_target_are_accepted(start):
    assert read(b"%b HTTP/1.1\r\nHost: h\r\n\r\n" % start) == [start.split()[1].decode()]


@pytest.mark.parametrize(
    "data", [b"GET / HT", b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na"]
)
def test_a_request_that_is_cut_off_is_malformed(data):
    assert read(data, isEnded=True)[-1] == 400


def test_an_end_between_requests_is_no_error():
    assert read(GET, isEnded=True) == ["/"]


def test_what_follows_an_upgrade_is_left_as_it_is():
    reader = RequestReader()
    reader.receive(request(b"GET / HTTP/1.1", b"Host: h", b"Upgrade: x") + b"\x00rest")
    assert isinstance(reader.next(), RequestHead)
    assert reader.takeRest() == b"\x00rest"
