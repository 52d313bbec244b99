"""The extensions that a proxy may offer its clients, given those of the servers behind it.

Example usage::

    offers = ServerOffers()
    offers.record(server, {"SIZE": "1000", "8BITMIME": ""})    # a server's answer to EHLO
    offers.offer([server], settings.extensions, 5000)          # ({"SIZE", "8BITMIME"}, 1000)

How does it work?

For an extension in RELAYED, the proxy offers what all servers offered when they last answered:
most of them work only if the server that gets the mail has them. CHUNKING would work with any
server (see Chunks), but is offered only if the servers' administrator offers it. Servers that
have never answered do not count.
While no answer at all is known, the offer is AT_FIRST: it needs nothing of a server. The other
extensions, such as PIPELINING and STARTTLS, are between the proxy and its client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from Kamaelia.Support.Failover import ServerAddress

RELAYED = frozenset({"SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN", "CHUNKING"})
AT_FIRST = frozenset({"SIZE", "ENHANCEDSTATUSCODES"})
MOST_KEPT = 64  # offers; there is one for each configuration that is in use
OCTETS = re.compile(r"[0-9]{1,20}", re.ASCII)  # RFC 1870 section 4


class Offer(NamedTuple):
    """Extensions, and the largest mail in octets; 0: no limit."""

    extensions: frozenset[str]
    size: int


class ServerOffers:
    """ServerOffers() -> remembers each server's last answer to EHLO; share it among connections.

    revision: one more after each change.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._known: dict[ServerAddress, dict[str, str]] = {}
        self._offers: dict[Any, Offer] = {}  # derived from _known, because each client needs one

    def record(self, server: ServerAddress, extensions: Mapping[str, str]) -> bool:
        """Remember what a server offers. Return whether that differs from its last answer."""
        if self._known.get(server) == extensions:
            return False
        self._known[server] = dict(extensions)
        self.revision += 1
        self._offers.clear()
        return True

    def offer(
        self, servers: Iterable[ServerAddress], extensions: frozenset[str], size: int
    ) -> Offer:
        """Return what to offer of `extensions`, with `size` as the proxy's own limit."""
        key = tuple(servers), extensions, size
        offer = self._offers.get(key)
        if offer is None:
            if len(self._offers) >= MOST_KEPT:
                self._offers.clear()
            offer = self._offers[key] = self._newOffer(*key)
        return offer

    def _newOffer(
        self, servers: tuple[ServerAddress, ...], extensions: frozenset[str], size: int
    ) -> Offer:
        known = [self._known[each] for each in servers if each in self._known]
        common = RELAYED.intersection(*known) if known else AT_FIRST
        sizes = [size, *(sizeIn(each) for each in known)]
        return Offer(extensions - (RELAYED - common), min(filter(None, sizes), default=0))


def sizeIn(extensions: Mapping[str, str]) -> int:
    """Return the limit that SIZE declares; 0 if there is none (RFC 1870 section 3)."""
    declared = extensions.get("SIZE", "")
    return int(declared) if OCTETS.fullmatch(declared) else 0
