"""The verified name of an address: the name that DNS gives it, and that leads back to it.

Example usage::

    >>> asking = verifiedName("192.0.2.17")
    >>> next(asking)
    Question(name='17.2.0.192.in-addr.arpa', type='PTR')
    >>> asking.send(("mail.example.org",))
    Question(name='mail.example.org', type='A')
    >>> asking.send(("192.0.2.17",))
    Traceback (most recent call last):
    StopIteration: mail.example.org

How does it work?

What asks of DNS is a generator. It yields Questions, and is sent the records: text
for A, AAAA, PTR and MX (the names, the most preferred first), bytes for TXT, and
an empty tuple where there are none. Where DNS could not say, NoAnswer is thrown
into it. What it returns is the value of its StopIteration.

Whoever holds an address may have DNS call it what he likes. Only a name that whoever
holds the name gives that address is verified (RFC 8601 section 3, "iprev").
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import Any, NamedTuple

from Kamaelia.Support.Networks import IPAddress, addressOf

Records = tuple[Any, ...]

LONGEST_NAME = 253  # RFC 1035 section 2.3.4, as text
LONGEST_LABEL = 63
MOST_NAMES = 10  # of one address that are tried; RFC 7208 section 4.6.4, RFC 8601 section 2.7.3

# What a computer is called: letters, digits and hyphens (RFC 1123 section 2.1), and the
# underscore, which is in use. A name in a log or a list is one of these, and nothing else.
HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")


class Question(NamedTuple):
    """What is asked of DNS: a name in small letters, without a dot at its end, and a type."""

    name: str
    type: str


class NoAnswer(Exception):
    """DNS could not say, for now: a time-out or a server's failure."""


DNSLookup = Generator[Question, Records]


def addressIn(peer: str) -> IPAddress | None:
    """Return the IP address that `peer` is (see Networks.addressOf), or None if it is none."""
    try:
        return addressOf(peer)
    except ValueError:
        return None


def isName(text: str) -> bool:
    """Whether DNS may be asked for it: labels of 1 to 63 octets, 253 in all, no controls."""
    return (
        len(text) <= LONGEST_NAME
        and text.isascii()
        and text.isprintable()
        and all(0 < len(label) <= LONGEST_LABEL for label in text.split("."))
    )


def typeOf(address: IPAddress) -> str:
    """The type of the records that hold addresses such as this one."""
    return "A" if address.version == 4 else "AAAA"


def verifiedName(peer: str) -> Generator[Question, Records, str | None]:
    """The first name of `peer` that leads back to it; None if none does, or none is known now."""
    address = addressIn(peer)
    if address is None:
        return None
    return (yield from firstVerified((yield from namesOf(address)), address))


def namesOf(address: IPAddress) -> Generator[Question, Records, list[str]]:
    """What DNS calls an address, unverified: the names of hosts among the first ten."""
    try:
        records = yield Question(address.reverse_pointer, "PTR")
    except NoAnswer:
        return []
    names = [str(record).lower().removesuffix(".") for record in records[:MOST_NAMES]]
    return [name for name in names if isName(name) and HOST_NAME.fullmatch(name)]


def firstVerified(
    names: Iterable[str], address: IPAddress
) -> Generator[Question, Records, str | None]:
    """The first of these names that has `address`. One that DNS cannot tell of is passed over."""
    for name in names:
        try:
            records = yield Question(name, typeOf(address))
        except NoAnswer:
            continue
        if address in addressesIn(records):
            return name
    return None


def addressesIn(records: Records) -> list[IPAddress]:
    """The addresses in the records of a question for A or AAAA."""
    found = (addressIn(str(record)) for record in records)
    return [address for address in found if address is not None]
