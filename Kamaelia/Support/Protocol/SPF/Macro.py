"""Macros in SPF policies (RFC 7208 section 7): `%{ir}.%{v}._spf.%{d2}`.

Example usage::

    >>> expand("%{ir}.%{v}.%{d2}", {"i": "192.0.2.3", "v": "in-addr", "d": "email.example.com"})
    '3.2.0.192.in-addr.example.com'

How does it work?

The syntax has been checked by Record, and `values` has a text for each letter. Only the value
of `%{p}` requires DNS lookups, so asksForName() says whether it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

from Kamaelia.Support.Protocol.DNSNames import LONGEST_NAME

MACRO = re.compile(r"%(?:([%_-])|\{([A-Za-z])([0-9]*)([rR]?)([-.+,/_=]*)\})")
LITERAL = {"%": "%", "_": " ", "-": "%20"}
ASKS_FOR_NAME = re.compile(r"%\{[pP]")
SPEAKS_OF_CLIENT = re.compile(r"%\{[ipIP]")


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with the macros replaced."""

    def replaced(macro: re.Match[str]) -> str:
        literal, letter, count, reverse, delimiters = macro.groups()
        if literal:
            return LITERAL[literal]
        value = transformed(values[letter.lower()], int(count or 0), bool(reverse), delimiters)
        return quote(value, safe="") if letter.isupper() else value

    return MACRO.sub(replaced, text)


def transformed(value: str, count: int, isReversed: bool, delimiters: str) -> str:
    """Split a value, reverse it, and join its last `count` parts (0: all) (section 7.3)."""
    parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
    if isReversed:
        parts.reverse()
    return ".".join(parts[-count:])


def expandedName(spec: str, values: Mapping[str, str]) -> str:
    """Return the name for a domain-spec; the first labels are dropped beyond 253 octets."""
    name = expand(spec, values).lower().removesuffix(".")
    if len(name) <= LONGEST_NAME:
        return name
    # Cut once: a hostile record can cause a million labels.
    end = name[-LONGEST_NAME - 1 :]
    return end.partition(".")[2] or end


def asksForName(spec: str) -> bool:
    """Return whether it depends on the verified name of the client."""
    return ASKS_FOR_NAME.search(spec) is not None


def speaksOfClient(spec: str) -> bool:
    """Return whether it depends on the client's address."""
    return SPEAKS_OF_CLIENT.search(spec) is not None


def dotted(address: IPv4Address | IPv6Address) -> str:
    """Return an address for `%{i}`: an IPv6 address as 32 hexadecimal digits with dots."""
    return str(address) if address.version == 4 else ".".join(address.exploded.replace(":", ""))
