"""The PROXY header, versions 1 and 2: a load balancer's first bytes, which say who its client is.

Example usage::

    >>> reader = HeaderReader()
    >>> reader.take(b"PROXY TCP4 192.0.2.1 198.51.100.5 4711 25\\r\\nEHLO me\\r\\n")
    True
    >>> reader.origin.peer, reader.origin.peerport, reader.rest
    ('192.0.2.1', 4711, b'EHLO me\\r\\n')

How does it work?

The rules are those of HAProxy's proxy-protocol.txt, sections 2.1 and 2.2. What
cannot become a header is refused with its first wrong byte, and never more than
LONGEST_HEADER bytes are kept. `origin` is None where the connection is the balancer's own
(LOCAL, such as a check of health), or where it does not say whose it is.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import pack, unpack_from
from typing import NamedTuple

from Kamaelia.Support.Networks import IPAddress

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FIXED_LENGTH = (
    len(SIGNATURE) + 4
)  # and one byte of version and command, one of family, two of length
LONGEST_HEADER = (
    16384  # of the 65,551 that the length could say: addresses need 216, a certificate more
)
LONGEST_LINE = 107  # section 2.1, CRLF included

KNOWN = re.compile(
    rb"PROXY TCP([46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+)"
    rb" (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4})\r\n"
)
UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\r\n")

# Section 2.2. The command, in the low half of the 13th byte.
LOCAL, PROXY = 0, 1
# The low half of the 14th byte; what is no stream has addresses that say nothing here.
STREAM, DATAGRAM = 1, 2
# The high half of it: how many octets the two addresses have, with their ports.
LENGTHS = {0: 0, 1: 12, 2: 36, 3: 216}
UNSPECIFIED, INET, INET6 = 0, 1, 2
CRC32C = 3  # the type of the one TLV that is looked at


class BadHeader(ValueError):
    """What came is no PROXY header; the message says why."""


class Origin(NamedTuple):
    """The client's end of a connection and ours, as the client sees them; a Unix socket's path."""

    peer: str
    peerport: int
    local: str
    localport: int


NO_ORIGIN = Origin("", 0, "", 0)


class HeaderReader:
    """HeaderReader() -> takes bytes, however cut; then it has `origin`, and the `rest` of them."""

    def __init__(self) -> None:
        self.isWhole = False
        self.origin: Origin | None = None
        self.rest = b""
        self._kept = b""

    def take(self, data: bytes) -> bool:
        """Whether the header is whole with these bytes. Raises BadHeader."""
        if self.isWhole:
            self.rest += data
            return True
        data, self._kept = self._kept + data, b""
        end = endOf(data)
        if not end:
            self._kept = data
            return False
        header, self.rest = data[:end], data[end:]
        self.origin = originInLine(header) if header[:1] == b"P" else originInBlock(header)
        self.isWhole = True
        return True


def endOf(data: bytes) -> int:
    """How long the header is that begins so; 0 if more has to come to say."""
    if b"PROXY "[: len(data)] == data[:6]:
        end = data.find(b"\n", 0, LONGEST_LINE) + 1
        if not end and len(data) >= LONGEST_LINE:
            raise BadHeader(f"a PROXY line of over {LONGEST_LINE} octets")
        return end
    if SIGNATURE[: len(data)] != data[: len(SIGNATURE)]:
        raise BadHeader(f"no PROXY header: {data[:20]!r}")
    if len(data) < FIXED_LENGTH:
        return 0
    end = FIXED_LENGTH + int.from_bytes(data[14:16])
    if end > LONGEST_HEADER:
        raise BadHeader(f"a PROXY header of over {LONGEST_HEADER} octets")
    return end if len(data) >= end else 0


# Version 1


def originInLine(line: bytes) -> Origin | None:
    """What a line of version 1 says."""
    found = KNOWN.fullmatch(line)
    if found is None:
        if UNKNOWN.fullmatch(line):
            return None
        raise BadHeader(f"no PROXY line: {line!r}")
    family, peer, local, peerport, localport = found.groups()
    kind = IPv4Address if family == b"4" else IPv6Address
    try:
        ends = plain(kind(peer.decode())), plain(kind(local.decode()))
    except ValueError as error:
        raise BadHeader(f"a PROXY line with a bad address: {error}") from None
    ports = int(peerport), int(localport)
    if max(ports) > 65535:
        raise BadHeader(f"a PROXY line with the port {max(ports)}")
    return Origin(ends[0], ports[0], ends[1], ports[1])


# Version 2


def originInBlock(block: bytes) -> Origin | None:
    """What a block of version 2 says."""
    version, command = divmod(block[12], 16)
    family, transport = divmod(block[13], 16)
    if version != 2 or command not in (LOCAL, PROXY):
        raise BadHeader(f"a PROXY header of version {version} with command {command}")
    if command == LOCAL:
        return None
    if family not in LENGTHS or transport > DATAGRAM:
        raise BadHeader(f"a PROXY header with the unknown family {block[13]:#04x}")
    end = FIXED_LENGTH + LENGTHS[family]
    if end > len(block):
        raise BadHeader(f"a PROXY header of {len(block)} octets is too short for its addresses")
    if family == UNSPECIFIED or transport != STREAM:
        return None
    checkSum(block, end)
    return originOf(family, block)


def originOf(family: int, block: bytes) -> Origin:
    """The addresses of a stream, which begin at FIXED."""
    if family == INET:
        first, second, peerport, localport = unpack_from("!4s4sHH", block, FIXED_LENGTH)
    elif family == INET6:
        first, second, peerport, localport = unpack_from("!16s16sHH", block, FIXED_LENGTH)
    else:
        first, second = unpack_from("108s108s", block, FIXED_LENGTH)
        return Origin(pathIn(first), 0, pathIn(second), 0)
    return Origin(plain(ip_address(first)), peerport, plain(ip_address(second)), localport)


def pathIn(field: bytes) -> str:
    """The path of a Unix socket, as printable ASCII; none of them looks like an IP address."""
    path = field.partition(b"\0")[0].decode("ascii", "backslashreplace")
    if path[:1] not in ("", "/"):
        path = f"./{path}"
    return path if path.isprintable() else repr(path)[1:-1]


def plain(address: IPAddress) -> str:
    """An address as text; one of IPv4 that is mapped into IPv6 in its own form."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def checkSum(block: bytes, start: int) -> None:
    """Walks over the TLVs; if one is a checksum, the block has to have it."""
    while start < len(block):
        value = start + 3
        end = value + int.from_bytes(block[start + 1 : value])
        if value > len(block) or end > len(block):
            raise BadHeader("a PROXY header with a field that goes beyond its end")
        if block[start] == CRC32C:
            meant = block[value:end]
            rest = block[:value] + bytes(len(meant)) + block[end:]
            if meant != crc32c(rest).to_bytes(4):
                raise BadHeader("a PROXY header with a wrong checksum")
        start = end


def _row(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (0x82F63B78 if index & 1 else 0)
    return index


CRC_TABLE = [_row(index) for index in range(256)]  # RFC 3720 appendix B.4, bits reversed


def crc32c(data: bytes) -> int:
    """The checksum of Castagnoli (RFC 3720 section 12.1)."""
    crc = 0xFFFFFFFF
    for octet in data:
        crc = CRC_TABLE[(crc ^ octet) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


# Writing


def lineFor(origin: Origin | None) -> bytes:
    """A header of version 1: UNKNOWN for None, and for what has no IP address."""
    ends = endsOf(origin)
    if origin is None or ends is None:
        return b"PROXY UNKNOWN\r\n"
    peer, local = ends
    words = f"TCP{peer.version} {peer} {local} {origin.peerport} {origin.localport}"
    return f"PROXY {words}\r\n".encode()


def blockFor(origin: Origin | None) -> bytes:
    """A header of version 2: LOCAL for None, and for what has no IP address."""
    ends = endsOf(origin)
    if origin is None or ends is None:
        return SIGNATURE + b"\x20\0\0\0"
    peer, local = ends
    family = (INET if peer.version == 4 else INET6) << 4 | STREAM
    addresses = peer.packed + local.packed + pack("!HH", origin.peerport, origin.localport)
    return SIGNATURE + pack("!BBH", 0x20 | PROXY, family, len(addresses)) + addresses


def endsOf(origin: Origin | None) -> tuple[IPAddress, IPAddress] | None:
    """Both addresses, of one family; our own may be unknown. None without the client's."""
    peer, local = (addressIn(text) for text in (origin or NO_ORIGIN)[::2])
    if peer is None:
        return None
    local = local or type(peer)(0)
    return (peer, local) if peer.version == local.version else (inIPv6(peer), inIPv6(local))


def addressIn(text: str) -> IPAddress | None:
    """An address that is written so, without the link that it may name; None if it is none."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def inIPv6(address: IPAddress) -> IPv6Address:
    """The same address in the family of IPv6 (RFC 4291 section 2.5.5.2)."""
    return address if isinstance(address, IPv6Address) else IPv6Address(0xFFFF << 32 | int(address))
