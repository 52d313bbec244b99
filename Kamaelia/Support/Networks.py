"""IP addresses and networks, and a fast search for the network that contains an address.

Example usage::

    >>> parseNetwork("10.1"), parseNetwork("2001:db8::/32")
    (IPv4Network('10.1.0.0/16'), IPv6Network('2001:db8::/32'))
    >>> networks = Networks({parseNetwork("192.0.2.0/24"): "ours"})
    >>> networks.find(addressOf("192.0.2.7")), networks.find(addressOf("192.0.20.7"))
    ('ours', None)

How does it work?

There is one dict for each prefix length that occurs. A search looks in these few dicts, the
longest prefix first, however many networks there are. Historical settings name networks by the
beginning of an address. Here it must be whole octets, because "10.1" as the beginning of a text
would also match 10.100.0.0.
"""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Generic, TypeVar

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
Item = TypeVar("Item")

BEGINNING = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}\.?")
MAPPED = IPv6Network("::ffff:0:0/96")


@lru_cache(maxsize=1024)  # each client is looked up in several lists
def addressOf(peer: str) -> IPAddress:
    """Return the IP address that `peer` is. Raise ValueError if it is none.

    An IPv4 address that is mapped into IPv6 becomes IPv4. A zone (%eth0) is dropped.
    """
    if ":" not in peer:
        return IPv4Address(peer)
    address = IPv6Address(peer.partition("%")[0])
    return address.ipv4_mapped or address


def looksLikeNetwork(text: str) -> bool:
    """Return whether `text` is written like an address or a network, and not like a name."""
    return ":" in text or "/" in text or re.fullmatch(r"[0-9.]+", text) is not None


def parseNetwork(text: str) -> IPNetwork:
    """Return the network for an address, CIDR or first octets. Raise ValueError with a remedy."""
    written = text.strip()
    if BEGINNING.fullmatch(written):
        return _fromOctets(written)
    address, slash, bits = written.partition("/")
    if "%" in written or (slash and not re.fullmatch(r"[0-9]{1,3}", bits)):
        raise ValueError(
            f"{text!r} is not a network: write a number of bits after the /, as in 192.0.2.0/24"
        )
    try:
        network: IPNetwork = ip_network(written, strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r} is not an address or network: write 192.0.2.1, 192.0.2.0/24, 192.0.2 or"
            " 2001:db8::/32"
        ) from None
    if slash and str(network.network_address) != str(type(network.network_address)(address)):
        raise ValueError(
            f"{text!r} has bits set beyond its first {bits}: write {network}, or {address} alone"
        )
    return _unmapped(network)


def _fromOctets(written: str) -> IPv4Network:
    octets = written.removesuffix(".").split(".")
    if any(int(octet) > 255 or str(int(octet)) != octet for octet in octets):
        raise ValueError(
            f"{written!r} is not the beginning of an address: write one to three numbers up to 255,"
            " such as 192.168.2"
        )
    address = ".".join(octets + ["0"] * (4 - len(octets)))
    return IPv4Network(f"{address}/{8 * len(octets)}")


def _unmapped(network: IPNetwork) -> IPNetwork:
    """Convert a network of IPv4-mapped IPv6 addresses to IPv4."""
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


class Networks(Generic[Item]):
    """Networks({network: item}) -> find(address) returns the item of the smallest network."""

    def __init__(self, networks: Mapping[IPNetwork, Item] | None = None) -> None:
        # Ordered by number of host bits, so that smaller networks come first.
        self._v4: list[tuple[int, dict[int, Item]]] = []
        self._v6: list[tuple[int, dict[int, Item]]] = []
        for network, what in (networks or {}).items():
            self.add(network, what)

    def add(self, network: IPNetwork, what: Item) -> None:
        """Add a network, unless it is present."""
        spare = network.max_prefixlen - network.prefixlen
        tables = self._v4 if network.version == 4 else self._v6
        table = next((table for bits, table in tables if bits == spare), None)
        if table is None:
            table = {}
            insort(tables, (spare, table), key=lambda each: each[0])
        table.setdefault(int(network.network_address) >> spare, what)

    def __bool__(self) -> bool:
        return bool(self._v4 or self._v6)

    def find(self, address: IPAddress) -> Item | None:
        """Return the item of the smallest network that contains `address`, or None."""
        number = int(address)
        for spare, table in self._v4 if address.version == 4 else self._v6:
            found = table.get(number >> spare)
            if found is not None:
                return found
        return None

    def findPeer(self, peer: str) -> Item | None:
        """Return find() of an address in text; None for other text (clients of Unix sockets)."""
        try:
            return self.find(addressOf(peer))
        except ValueError:
            return None
