"""Responses on bytes: they do not depend on cuts, and garbage is a ValueError."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.HTTP.ContentDecoder import MOST_EMPTY, PIECE, decoderFor
from Kamaelia.Support.Protocol.HTTP.Messages import ParsedHTTPBodyChunk, ParsedHTTPHeader
from Kamaelia.Support.Protocol.HTTP.ResponseReader import ResponseReader, headersByName

PACKED = gzip.compress(b"abcde" * 5)
RESPONSES = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n" + b"abcde" * 5,
    "close": b"HTTP/1.0 200 OK\r\n\r\n" + b"abcde" * 5,
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n19\r\n%b\r\n0\r\nT: 1\r\n\r\n"
    % (b"abcde" * 5),
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED)
    + PACKED,
    "icy": b"ICY 200 OK\r\nicy-name: x\r\n\r\n" + b"abcde" * 5,
}


def read(pieces, **settings):
    reader = ResponseReader("GET", **settings)
    messages = []
    for piece in [*pieces, b""]:
        if piece or not reader.isComplete():
            messages.extend(reader.receive(piece))
    return reader, messages


@pytest.mark.parametrize("kind", RESPONSES)
@given(cuts=st.lists(st.integers(min_value=0, max_value=120), max_size=6))
def test_the_cuts_of_the_network_make_no_difference(kind, cuts):
    data = RESPONSES[kind]
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    pieces = [data[a:b] for a, b in zip([0, *ends], ends, strict=False) if a < b]
    reader, messages = read(pieces, acceptsICY=kind == "icy")
    assert reader.isComplete()
    body = b"".join(m.bodychunk for m in messages if isinstance(m, ParsedHTTPBodyChunk))
    assert body == b"abcde" * 5
    assert messages[0].header["responsecode"] == "200"


@given(st.binary(max_size=200), st.booleans())
def test_garbage_is_a_ValueError_or_a_response(data, acceptsICY):
    for prefix in (b"", b"HTTP/1.1 200 OK\r\n", RESPONSES["gzip"][:60]):
        try:
            reader, messages = read([prefix + data], acceptsICY=acceptsICY)
        except ValueError:
            continue
        assert reader.isComplete()
        assert isinstance(messages[0], ParsedHTTPHeader)


def test_repeated_headers_are_joined_except_cookies():
    pairs = [("Via", "a"), ("VIA", "b"), ("Set-Cookie", "x=1"), ("Set-Cookie", "y=2")]
    assert headersByName(pairs) == {"via": "a, b", "set-cookie": "x=1"}


def test_the_list_of_headers_has_every_cookie():
    data = b"HTTP/1.1 200 OK\r\nSet-Cookie: x=1\r\nSet-Cookie: y=2\r\nContent-Length: 0\r\n\r\n"
    _, messages = read([data])
    values = [value for name, value in messages[0].header["header-list"] if name == "set-cookie"]
    assert values == ["x=1", "y=2"]


def test_pieces_of_a_compressed_body_are_small():
    decoder = decoderFor("gzip", 10_000_000)
    sizes = [len(piece) for piece in decoder.decode(gzip.compress(bytes(5_000_000)))]
    assert sum(sizes) == 5_000_000
    assert max(sizes) <= PIECE


@pytest.mark.parametrize("data", [b"", gzip.compress(b"", mtime=0), zlib.compress(b"x")])
def test_a_complete_body_finishes(data):
    decoder = decoderFor("gzip", 100)
    list(decoder.decode(data))
    decoder.finish()


@pytest.fixture
def inflated(monkeypatch):
    """The lengths of all input that zlib is given; it copies what it leaves over."""
    lengths, create = [], zlib.decompressobj

    class Inflater:
        def __init__(self, *settings):
            self._real = create(*settings)

        def decompress(self, data, most):
            lengths.append(len(data))
            return self._real.decompress(data, most)

        def __getattr__(self, name):
            return getattr(self._real, name)

    monkeypatch.setattr(zlib, "decompressobj", Inflater)
    return lengths


@pytest.mark.parametrize("size", [1, 100])
def test_the_work_for_many_small_members_is_proportional_to_their_length(inflated, size):
    count = 5000
    data = b"".join(gzip.compress(bytes([number % 256]) * size) for number in range(count))
    found = b"".join(decoderFor("gzip", 10_000_000).decode(data))
    assert found == b"".join(bytes([number % 256]) * size for number in range(count))
    assert len(inflated) < 2 * count
    assert sum(inflated) < 100 * len(data)  # otherwise it is some thousands


def test_the_work_for_a_body_that_expands_is_proportional_to_its_length(inflated):
    data = gzip.compress(bytes(50_000_000))
    assert sum(map(len, decoderFor("gzip", 10**9).decode(data))) == 50_000_000
    assert sum(inflated) < 50 * len(data)


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=5), st.integers(1, 5000))
def test_members_are_joined_however_they_are_cut(members, size):
    data = b"".join(map(gzip.compress, members))
    decoder = decoderFor("gzip", 100_000)
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    assert b"".join(piece for part in parts for piece in decoder.decode(part)) == b"".join(members)
    decoder.finish()


def deflated(data):
    """Return `data` as some servers send "deflate": without the header of zlib."""
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush()


@pytest.mark.parametrize("pack", [deflated, zlib.compress])
@pytest.mark.parametrize("length", [1, PIECE, PIECE + 100, 3 * PIECE + 257])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_nothing_is_missing_at_the_end_of_a_deflated_body(pack, length, first):
    data = pack(bytes(length))
    decoder = decoderFor("deflate", 10_000_000)
    pieces = [piece for part in (data[:first], data[first:]) for piece in decoder.decode(part)]
    decoder.finish()
    assert b"".join(pieces) == bytes(length)
    assert max(map(len, pieces)) <= PIECE


def test_a_deflated_body_of_one_byte_is_incomplete():
    decoder = decoderFor("deflate", 100)
    assert list(decoder.decode(b"x")) == []
    with pytest.raises(ValueError, match="incomplete"):
        decoder.finish()


def test_a_body_of_empty_members_is_refused():
    empty = gzip.compress(b"")
    assert list(decoderFor("gzip", 100).decode(empty * MOST_EMPTY)) == []
    with pytest.raises(ValueError, match="more than 1000 empty members"):
        list(decoderFor("gzip", 100).decode(empty * (MOST_EMPTY + 2)))


def test_other_codings_are_left_alone():
    assert decoderFor("br", 100) is None
    assert decoderFor("identity", 100) is None
