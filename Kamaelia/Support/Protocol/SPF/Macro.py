"""Macros in the policies of SPF (RFC 7208 section 7): `%{ir}.%{v}._spf.%{d2}`.

Example usage::

    >>> expand("%{ir}.%{v}.%{d2}", {"i": "192.0.2.3", "v": "in-addr", "d": "email.example.com"})
    '3.2.0.192.in-addr.example.com'

How does it work?

What is expanded has passed the syntax of SPFRecord, and `values` has a text for each
letter in it. Only `%{p}` is dear to have, so `asksForName` says who needs it.
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
    """`text` with the macros replaced."""

    def replaced(macro: re.Match[str]) -> str:
        literal, letter, count, reverse, delimiters = macro.groups()
        if literal:
            return LITERAL[literal]
        value = transformed(values[letter.lower()], int(count or 0), bool(reverse), delimiters)
        return quote(value, safe="") if letter.isupper() else value

    return MACRO.sub(replaced, text)


def transformed(value: str, count: int, isReversed: bool, delimiters: str) -> str:
    """Section 7.3: split, turned round, the last `count` parts of it (0: all), with dots."""
    parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
    if isReversed:
        parts.reverse()
    return ".".join(parts[-count:])


def expandedName(spec: str, values: Mapping[str, str]) -> str:
    """The name that a domain-spec gives, cut to 253 octets from its left, label by label."""
    name = expand(spec, values).lower().removesuffix(".")
    if len(name) <= LONGEST_NAME:
        return name
    # One cut and not many: a record can make this a million labels.
    end = name[-LONGEST_NAME - 1 :]
    return end.partition(".")[2] or end


def asksForName(spec: str) -> bool:
    """Whether the verified name of the client is needed for it."""
    return ASKS_FOR_NAME.search(spec) is not None


def speaksOfClient(spec: str) -> bool:
    """Whether another client would get another name from it."""
    return SPEAKS_OF_CLIENT.search(spec) is not None


def dotted(address: IPv4Address | IPv6Address) -> str:
    """An address for `%{i}`: an IPv6 address is its 32 half octets."""
    return str(address) if address.version == 4 else ".".join(address.exploded.replace(":", ""))
