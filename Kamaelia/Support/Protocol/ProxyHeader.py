"""The PROXY header, versions 1 and 2: how a load balancer states its client's address.

Example usage::

    >>> reader = HeaderReader()
    >>> reader.take(b"PROXY TCP4 192.0.2.1 198.51.100.5 4711 25\\r\\nEHLO me\\r\\n")
    True
    >>> reader.origin.peer, reader.origin.peerport, reader.rest
    ('192.0.2.1', 4711, b'EHLO me\\r\\n')

How does it work?

The rules are those of HAProxy's proxy-protocol.txt, sections 2.1 and 2.2. Other input is
refused at its first wrong byte, and at most LONGEST_HEADER bytes are kept. `origin` is None if
the connection is the balancer's own (LOCAL, such as a health check), or if the header does not
contain an address.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import pack, unpack_from
from typing import NamedTuple

from Kamaelia.Support.Networks import IPAddress

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
# The signature, a byte with version and command, one with the family, and two with the length
FIXED_LENGTH = len(SIGNATURE) + 4
# The length allows 65,551 octets; addresses need 216, a certificate more.
LONGEST_HEADER = 16384
LONGEST_LINE = 107  # section 2.1, CRLF included

KNOWN = re.compile(
    rb"PROXY TCP([46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+)"
    rb" (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4})\r\n"
)
UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\r\n")

# Section 2.2: the command is in the low half of the 13th byte.
LOCAL, PROXY = 0, 1
# The transport is in the low half of the 14th byte; only the addresses of streams are used.
STREAM, DATAGRAM = 1, 2
# The family is in the high half of the 14th byte; the octets of two addresses with their ports:
LENGTHS = {0: 0, 1: 12, 2: 36, 3: 216}
UNSPECIFIED, INET, INET6 = 0, 1, 2
CRC32C = 3  # the type of the only TLV that is checked


class BadHeader(ValueError):
    """The input is not a PROXY header; the message says why."""


class Origin(NamedTuple):
    """Both ends of the client's connection, as the client sees them; or paths of Unix sockets."""

    peer: str
    peerport: int
    local: str
    localport: int


NO_ORIGIN = Origin("", 0, "", 0)


class HeaderReader:
    """HeaderReader(): takes bytes, however split; then it has `origin`, and the `rest` of them."""

    def __init__(self) -> None:
        self.isWhole = False
        self.origin: Origin | None = None
        self.rest: bytes = b""
        self._kept = b""

    def take(self, data: bytes) -> bool:
        """Take bytes; return whether the header is complete. Raise BadHeader."""
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
    """Return the length of a header that begins so, or 0 if more bytes are needed."""
    if b"PROXY "[: len(data)] == data[:6]:
        end = data.find(b"\n", 0, LONGEST_LINE) + 1
        if not end and len(data) >= LONGEST_LINE:
            raise BadHeader(f"the PROXY line has more than {LONGEST_LINE} octets")
        return end
    if SIGNATURE[: len(data)] != data[: len(SIGNATURE)]:
        raise BadHeader(f"not a PROXY header: {data[:20]!r}")
    if len(data) < FIXED_LENGTH:
        return 0
    end = FIXED_LENGTH + int.from_bytes(data[14:16])
    if end > LONGEST_HEADER:
        raise BadHeader(f"the PROXY header has more than {LONGEST_HEADER} octets")
    return end if len(data) >= end else 0


# Version 1


def originInLine(line: bytes) -> Origin | None:
    """Return the origin in a line of version 1, or None. Raise BadHeader."""
    found = KNOWN.fullmatch(line)
    if found is None:
        if UNKNOWN.fullmatch(line):
            return None
        raise BadHeader(f"not a PROXY line: {line!r}")
    family, peer, local, peerport, localport = found.groups()
    kind = IPv4Address if family == b"4" else IPv6Address
    try:
        ends = plain(kind(peer.decode())), plain(kind(local.decode()))
    except ValueError as error:
        raise BadHeader(f"the PROXY line has a bad address: {error}") from None
    ports = int(peerport), int(localport)
    if max(ports) > 65535:
        raise BadHeader(f"the PROXY line has the port {max(ports)}")
    return Origin(ends[0], ports[0], ends[1], ports[1])


# Version 2


def originInBlock(block: bytes) -> Origin | None:
    """Return the origin in a block of version 2, or None. Raise BadHeader."""
    version, command = divmod(block[12], 16)
    family, transport = divmod(block[13], 16)
    if version != 2 or command not in (LOCAL, PROXY):
        raise BadHeader(f"the PROXY header has version {version} and command {command}")
    if command == LOCAL:
        return None
    if family not in LENGTHS or transport > DATAGRAM:
        raise BadHeader(f"the PROXY header has the unknown family {block[13]:#04x}")
    end = FIXED_LENGTH + LENGTHS[family]
    if end > len(block):
        raise BadHeader(f"the PROXY header of {len(block)} octets is too short for its addresses")
    if family == UNSPECIFIED or transport != STREAM:
        return None
    checkSum(block, end)
    return originOf(family, block)


def originOf(family: int, block: bytes) -> Origin:
    """Return the addresses of a stream, which begin at FIXED_LENGTH."""
    if family == INET:
        first, second, peerport, localport = unpack_from("!4s4sHH", block, FIXED_LENGTH)
    elif family == INET6:
        first, second, peerport, localport = unpack_from("!16s16sHH", block, FIXED_LENGTH)
    else:
        first, second = unpack_from("108s108s", block, FIXED_LENGTH)
        return Origin(pathIn(first), 0, pathIn(second), 0)
    return Origin(plain(ip_address(first)), peerport, plain(ip_address(second)), localport)


def pathIn(field: bytes) -> str:
    """Return the path of a Unix socket as printable ASCII that cannot be an IP address."""
    path = field.partition(b"\0")[0].decode("ascii", "backslashreplace")
    if path[:1] not in ("", "/"):
        path = f"./{path}"
    return path if path.isprintable() else repr(path)[1:-1]


def plain(address: IPAddress) -> str:
    """Return an address as text; an IPv4 address mapped into IPv6 as an IPv4 address."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def checkSum(block: bytes, start: int) -> None:
    """Check the structure of the TLVs, and the checksum if there is one. Raise BadHeader."""
    while start < len(block):
        value = start + 3
        end = value + int.from_bytes(block[start + 1 : value])
        if value > len(block) or end > len(block):
            raise BadHeader("the PROXY header has a field that extends beyond its end")
        if block[start] == CRC32C:
            meant = block[value:end]
            rest = block[:value] + bytes(len(meant)) + block[end:]
            if meant != crc32c(rest).to_bytes(4):
                raise BadHeader("the PROXY header has a wrong checksum")
        start = end


def _row(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (0x82F63B78 if index & 1 else 0)
    return index


CRC_TABLE = [_row(index) for index in range(256)]  # RFC 3720 appendix B.4, bits reversed


def crc32c(data: bytes) -> int:
    """Return Castagnoli's CRC (RFC 3720 section 12.1)."""
    crc = 0xFFFFFFFF
    for octet in data:
        crc = CRC_TABLE[(crc ^ octet) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


# Writing


def lineFor(origin: Origin | None) -> bytes:
    """Return a header of version 1: UNKNOWN if there is no IP address."""
    ends = endsOf(origin)
    if origin is None or ends is None:
        return b"PROXY UNKNOWN\r\n"
    peer, local = ends
    words = f"TCP{peer.version} {peer} {local} {origin.peerport} {origin.localport}"
    return f"PROXY {words}\r\n".encode()


def blockFor(origin: Origin | None) -> bytes:
    """Return a header of version 2: LOCAL if there is no IP address."""
    ends = endsOf(origin)
    if origin is None or ends is None:
        return SIGNATURE + b"\x20\0\0\0"
    peer, local = ends
    family = (INET if peer.version == 4 else INET6) << 4 | STREAM
    addresses = peer.packed + local.packed + pack("!HH", origin.peerport, origin.localport)
    return SIGNATURE + pack("!BBH", 0x20 | PROXY, family, len(addresses)) + addresses


def endsOf(origin: Origin | None) -> tuple[IPAddress, IPAddress] | None:
    """Return both addresses in one family, or None if the client's is unknown.

    The local address may be unknown.
    """
    peer, local = (addressIn(text) for text in (origin or NO_ORIGIN)[::2])
    if peer is None:
        return None
    local = local or type(peer)(0)
    return (peer, local) if peer.version == local.version else (inIPv6(peer), inIPv6(local))


def addressIn(text: str) -> IPAddress | None:
    """Return the address in a text without its scope, or None if it is not an address."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def inIPv6(address: IPAddress) -> IPv6Address:
    """Return an address as an IPv6 address (RFC 4291 section 2.5.5.2)."""
    return address if isinstance(address, IPv6Address) else IPv6Address(0xFFFF << 32 | int(address))
