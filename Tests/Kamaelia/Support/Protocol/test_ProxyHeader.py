"""PROXY headers, both versions: what is written is read, however it is cut, and garbage is not."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.ProxyHeader import (
    CRC32C,
    FIXED_LENGTH,
    LONGEST_HEADER,
    LONGEST_LINE,
    SIGNATURE,
    BadHeader,
    HeaderReader,
    Origin,
    blockFor,
    crc32c,
    lineFor,
)
from Tests.pieces import pieces

CLIENT = Origin("192.0.2.1", 4711, "198.51.100.5", 25)
CLIENT6 = Origin("2001:db8::1", 4711, "2001:db8::5", 25)
PATHS = Origin("/run/client", 0, "/run/server", 0)

ports = st.integers(min_value=0, max_value=65535)
addresses = st.ip_addresses(v=4) | st.ip_addresses(v=6).filter(lambda it: not it.ipv4_mapped)
origins = st.builds(Origin, addresses.map(str), ports, addresses.map(str), ports)
cuts = st.lists(st.integers(min_value=0, max_value=300), max_size=10)


def read(data, cuts=()):
    """The reader after these bytes, cut at these places."""
    reader = HeaderReader()
    for piece in pieces(data, cuts):
        reader.take(piece)
    return reader


def block(command=0x21, family=0x11, addresses=b"\xc0\0\2\1\xc6\x33\x64\5\x12\x67\0\x19", more=b""):
    length = len(addresses + more).to_bytes(2)
    return SIGNATURE + bytes([command, family]) + length + addresses + more


@pytest.mark.parametrize(
    ("header", "origin"),
    [
        (b"PROXY TCP4 192.0.2.1 198.51.100.5 4711 25\r\n", CLIENT),
        (b"PROXY TCP6 2001:db8::1 2001:DB8:0::5 4711 25\r\n", CLIENT6),
        (b"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.5 4711 25\r\n", CLIENT),
        (
            b"PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n",
            ("255.255.255.255", 65535, "0.0.0.0", 0),
        ),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN ffff::1 nonsense 65535 65535\r\n", None),
        (block(), CLIENT),
        (block(more=b"\x04\0\x03abc\x20\0\0"), CLIENT),
        (block(family=0x21, addresses=bytes(15) + b"\1" + bytes(20)), ("::1", 0, "::", 0)),
        (
            block(
                family=0x31,
                addresses=b"/run/client".ljust(108, b"\0") + b"/run/server".ljust(108, b"\0"),
            ),
            PATHS,
        ),
        (block(family=0x31, addresses=b"\0abstract".ljust(216, b"\0")), ("", 0, "", 0)),
        (block(family=0x31, addresses=b"/a\r\nb".ljust(216, b"\0")), ("/a\\r\\nb", 0, "", 0)),
        (block(command=0x20), None),
        (block(command=0x20, family=0xFF, addresses=b"anything"), None),
        (block(family=0x00), None),
        (block(family=0x12), None),
        (block(family=0x10), None),
    ],
)
def test_a_header_gives_the_client_however_the_network_splits_it(header, origin):
    for size in (1, 2, 5, 13, 1000):
        reader = read(header + b"EHLO me\r\n", range(0, len(header) + 9, size))
        assert reader.isWhole
        assert reader.origin == origin
        assert reader.rest == b"EHLO me\r\n"


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    "garbage",
    [
        b"EHLO me\r\n",
        b"\x16\x03\x01\x02\x00",
        b"\r\n\r\n\0\r\nQUIT\r",
        b"PROXY TCP4 192.0.2.1 198.51.100.5 4711 25\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.5 4711 25\r\r\n",
        b"PROXY  TCP4 192.0.2.1 198.51.100.5 4711 25\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.5 4711 25 \r\n",
        b"PROXY TCP4 192.0.2.01 198.51.100.5 4711 25\r\n",
        b"PROXY TCP4 192.0.2 198.51.100.5 4711 25\r\n",
        b"PROXY TCP4 2001:db8::1 2001:db8::5 4711 25\r\n",
        b"PROXY TCP6 192.0.2.1 198.51.100.5 4711 25\r\n",
        b"PROXY TCP6 fe80::1%eth0 fe80::2 4711 25\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.5 65536 25\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.5 04711 25\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.5 -1 25\r\n",
        b"PROXY UDP4 192.0.2.1 198.51.100.5 4711 25\r\n",
        b"PROXY UNKNOWNS\r\n",
        b"proxy TCP4 192.0.2.1 198.51.100.5 4711 25\r\n",
        b"PROXY UNKNOWN " + b"x" * LONGEST_LINE,
        block(command=0x22),
        block(command=0x11),
        block(command=0x31),
        block(family=0x13),
        block(family=0x41),
        block(addresses=b"\xc0\0\2\1"),
        block(more=b"\x04"),
        block(more=b"\x04\0\x05abc"),
        block(more=b"\x03\0\x04abcd"),
        block(more=b"\x03\0\0"),
        block(more=bytes(LONGEST_HEADER)),
    ],
)
def test_garbage_is_refused_however_it_is_cut(garbage, size):
    with pytest.raises(BadHeader):
        read(garbage, range(0, len(garbage), size))


def test_a_checksum_is_verified():
    assert crc32c(b"123456789") == 0xE3069283
    unfinished = block(more=bytes([CRC32C, 0, 4]) + bytes(4) + b"\x04\0\1x")
    good = unfinished.replace(b"\3\0\4" + bytes(4), b"\3\0\4" + crc32c(unfinished).to_bytes(4))
    assert read(good).origin == CLIENT
    with pytest.raises(BadHeader, match="checksum"):
        read(good[:-1] + b"y")


@given(origins, cuts, st.binary(max_size=30))
def test_what_is_written_is_read(origin, cuts, rest):
    for header in (lineFor(origin), blockFor(origin)):
        reader = read(header + rest, cuts)
        assert reader.origin == origin
        assert reader.rest == rest


@given(st.binary(max_size=300) | st.binary(max_size=80).map(lambda it: SIGNATURE + it), cuts)
def test_no_bytes_do_harm_and_the_cuts_change_nothing(data, cuts):
    assert outcome(data, cuts) == outcome(data, ())


def outcome(data, cuts):
    try:
        reader = read(data, cuts)
    except BadHeader:
        return "bad"
    assert len(reader._kept) < LONGEST_HEADER
    return reader.isWhole, reader.origin, reader.rest


@pytest.mark.parametrize("origin", [None, Origin("", 0, "", 0), PATHS])
def test_what_has_no_ip_address_is_written_as_a_connection_of_our_own(origin):
    assert lineFor(origin) == b"PROXY UNKNOWN\r\n"
    assert blockFor(origin) == SIGNATURE + b"\x20\0\0\0"


def test_the_ends_are_written_in_one_family_and_without_their_link():
    mixed = Origin("192.0.2.1", 1, "2001:db8::5", 25)
    assert lineFor(mixed).startswith(b"PROXY TCP6 ::ffff:")
    assert read(lineFor(mixed)).origin == mixed
    assert lineFor(Origin("fe80::1%eth0", 1, "", 0)) == b"PROXY TCP6 fe80::1 :: 1 0\r\n"
    assert read(blockFor(mixed)).origin == mixed


def test_a_block_is_as_it_is_described():
    assert blockFor(CLIENT) == block()
    assert blockFor(CLIENT6) == (
        SIGNATURE
        + b"\x21\x21\0\x24"
        + IPv6Address(CLIENT6.peer).packed
        + IPv6Address(CLIENT6.local).packed
        + b"\x12\x67\0\x19"
    )
    assert len(blockFor(CLIENT)) == FIXED_LENGTH + 2 * len(IPv4Address("192.0.2.1").packed) + 4


def test_the_path_of_a_unix_socket_is_never_taken_for_an_address():
    reader = HeaderReader()
    addresses = b"10.0.0.1".ljust(108, b"\0") + b"/run/x".ljust(108, b"\0")
    reader.take(SIGNATURE + bytes([0x21, 0x31, 0, 216]) + addresses)
    assert reader.origin[:3:2] == ("./10.0.0.1", "/run/x")
