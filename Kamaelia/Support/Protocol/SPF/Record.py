"""The SPF record: the owner of a domain lists in DNS which clients may send for it.

Example usage::

    >>> policy = parsePolicy(b"v=spf1 mx ip4:192.0.2.0/24 -all")
    >>> [(each.qualifier, each.name) for each in policy.mechanisms]
    [('+', 'mx'), ('+', 'ip4'), ('-', 'all')]

How does it work?

The syntax is that of RFC 7208 sections 4.6, 5, 6 and 7.1, with a row of a table for each
mechanism. Any mistake makes the whole record invalid (section 4.6): BadPolicy. Each regular
expression takes linear time for any text.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple

from Kamaelia.Support.Networks import IPNetwork

# Section 7.1. The number of parts is not 0 (section 7.3); up to 127 must be supported.
TRANSFORM = r"(?:(?!0+[^0-9])[0-9]{1,3})?[rR]?[-.+,/_=]*"
EXPAND = rf"%(?:[%_-]|\{{[slodiphvSLODIPHV]{TRANSFORM}\}})"
EXPAND_IN_ANY = rf"%(?:[%_-]|\{{[slodiphcrtvSLODIPHCRTV]{TRANSFORM}\}})"
LITERAL = "[!-$&-~]"
TOP_LABEL = "(?=[0-9]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
SPEC = rf"(?P<spec>(?:{EXPAND}|{LITERAL})*(?:\.{TOP_LABEL}\.?|{EXPAND}))"
LENGTH = "(?:0|[1-9][0-9]{0,2})"
LENGTHS = f"(?:/(?P<v4>{LENGTH}))?(?://(?P<v6>{LENGTH}))?"

#: The syntax of what follows the name of each mechanism.
ARGUMENTS = {
    name: re.compile(pattern)
    for name, pattern in {
        "all": "",
        "include": f":{SPEC}",
        "a": f"(?::{SPEC})?{LENGTHS}",
        "mx": f"(?::{SPEC})?{LENGTHS}",
        "ptr": f"(?::{SPEC})?",
        "ip4": f":(?P<address>[0-9.]+)(?:/(?P<v4>{LENGTH}))?",
        "ip6": f":(?P<address>[0-9A-Fa-f:.]+)(?:/(?P<v6>{LENGTH}))?",
        "exists": f":{SPEC}",
    }.items()
}
TERM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9_.-]*)((?:[=:/][!-~]*)?)")
DOMAIN_SPEC = re.compile(SPEC)
MACRO_STRING = re.compile(f"(?:{EXPAND_IN_ANY}|{LITERAL})*")
# Octets. Section 3.4 recommends at most 450. DNS allows 64 KiB, which only an attacker would use.
LONGEST_RECORD = 8192
SHOWN = 60  # characters of a mistake in its message


class BadPolicy(ValueError):
    """The policy of a domain is invalid, or asks DNS too often: "permerror"."""


class Mechanism(NamedTuple):
    """A mechanism such as `-a:example.org/24`: its qualifier, name, domain-spec or network."""

    text: str
    qualifier: str
    name: str
    spec: str
    network: IPNetwork | None
    v4: int
    v6: int


class Policy(NamedTuple):
    """The content of a record: its mechanisms in order, and its redirect's domain-spec or ""."""

    mechanisms: tuple[Mechanism, ...]
    redirect: str


def isPolicy(record: bytes) -> bool:
    """Return whether a TXT record is an SPF record (section 4.5)."""
    return record[:6].lower() == b"v=spf1" and record[6:7] in (b"", b" ")


def parsePolicy(record: bytes) -> Policy:
    """Return the policy in a record for which isPolicy() is true. Raise BadPolicy."""
    if len(record) > LONGEST_RECORD:
        raise BadPolicy(f"the record has more than {LONGEST_RECORD} octets")
    if not record.isascii():
        raise BadPolicy("the record is not ASCII")
    mechanisms = []
    modifiers: dict[str, str] = {}
    for term in filter(None, record[6:].decode("ascii").split(" ")):
        found = TERM.fullmatch(term)
        if found is None:
            raise mistakeIn(term)
        qualifier, name, rest = found[1], found[2].lower(), found[3]
        if rest[:1] == "=" and not qualifier:
            takeModifier(modifiers, name, rest[1:])
        else:
            mechanisms.append(mechanismOf(term, qualifier or "+", name, rest))
    return Policy(tuple(mechanisms), modifiers.get("redirect", ""))


def takeModifier(modifiers: dict[str, str], name: str, value: str) -> None:
    """Check a modifier and store it. redirect and exp may appear once, others any number of times.

    See section 6. Raise BadPolicy.
    """
    if name not in ("redirect", "exp"):
        if MACRO_STRING.fullmatch(value) is None:
            raise mistakeIn(f"{name}={value}")
    elif name in modifiers:
        raise BadPolicy(f"{name}= appears twice")
    elif DOMAIN_SPEC.fullmatch(value) is None:
        raise mistakeIn(f"{name}={value}")
    else:
        modifiers[name] = value


def mechanismOf(term: str, qualifier: str, name: str, rest: str) -> Mechanism:
    """Return a mechanism with its arguments. Raise BadPolicy."""
    pattern = ARGUMENTS.get(name)
    found = None if pattern is None else pattern.fullmatch(rest)
    if found is None:
        raise mistakeIn(term)
    parts = found.groupdict()
    v4, v6 = int(parts.get("v4") or 32), int(parts.get("v6") or 128)
    if v4 > 32 or v6 > 128:
        raise mistakeIn(term)
    network: IPNetwork | None = None
    try:
        if name == "ip4":
            network = IPv4Network((IPv4Address(parts["address"]), v4), strict=False)
        elif name == "ip6":
            network = IPv6Network((IPv6Address(parts["address"]), v6), strict=False)
    except ValueError:
        raise mistakeIn(term) from None
    return Mechanism(term, qualifier, name, parts.get("spec") or "", network, v4, v6)


def mistakeIn(term: str) -> BadPolicy:
    """Return an error that names the term."""
    return BadPolicy(f"{term[:SHOWN]!a} is not a term of SPF")
