"""A limit on what the clients of one network may do within a time.

Example usage::

    >>> rate = NetworkRate(2, seconds=60)
    >>> rate.count("192.0.2.7", 0.0); rate.count("192.0.2.9", 1.0)
    >>> rate.isReached("192.0.2.1", 2.0), rate.isReached("192.0.2.1", 60.0)
    (True, False)

How does it work?

Each network has a window that begins with the first event and ends after `seconds`. A network
is the /24 of an IPv4 address or the /48 of an IPv6 address, which one site gets (RFC 6177). It is
independent of the networks of greylisting. At most MOST networks are stored; the oldest is
dropped for a new one.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from functools import lru_cache

from Kamaelia.Support.Networks import addressOf

MOST = 10_000
IPV4 = re.compile(r"(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}")  # the first group is its /24
V6 = 48  # bits of a network

Network = int | str  # the leading bits of an IPv6 address, or text


class NetworkRate:
    """NetworkRate(most, seconds) -> counts events by network. most: 0 means no limit."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        # By network: begin and count. A dict would search for its first item, behind deleted ones.
        self._windows: OrderedDict[Network, tuple[float, int]] = OrderedDict()

    def isReached(self, peer: str, now: float) -> bool:
        """Return whether the network of `peer` has had all its events for now."""
        if not self.most:
            return False
        began, count = self._windows.get(networkOf(peer), (now, 0))
        return count >= self.most and abs(now - began) < self.seconds

    def count(self, peer: str, now: float) -> None:
        """Count an event of the network of `peer`."""
        if not self.most:
            return
        network, windows = networkOf(peer), self._windows
        window = windows.get(network)
        if window is not None:
            began, count = window
            if abs(now - began) < self.seconds:
                windows[network] = began, count + 1
                return
            del windows[network]
        elif len(windows) >= MOST:
            windows.popitem(last=False)
        windows[network] = now, 1


@lru_cache(maxsize=64)  # a decision asks twice
def networkOf(peer: str) -> Network:
    """Return the network of an address; a name is its own network."""
    plain = IPV4.fullmatch(peer)
    if plain is not None:  # in a tenth of the time that ipaddress takes
        return plain[1]
    try:
        address = addressOf(peer)
    except ValueError:
        return peer
    if address.version == 4:
        return str(address).rpartition(".")[0]
    return int(address) >> (address.max_prefixlen - V6)
