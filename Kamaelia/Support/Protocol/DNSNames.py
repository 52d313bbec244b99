"""The verified host name of an address: its name in DNS, which has that address.

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

A lookup is a generator. It yields Questions, and receives the records: text for A, AAAA, PTR
and MX (the names, the most preferred first), bytes for TXT, and an empty tuple if there are
none. If DNS fails, NoAnswer is thrown into it. Its result is the value of its StopIteration.

The owner of an address may give it any name in DNS. A name is verified only if the owner of
the name gives it that address (RFC 8601 section 3, "iprev").
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import Any, NamedTuple

from Kamaelia.Support.Networks import IPAddress, addressOf

Records = tuple[Any, ...]

LONGEST_NAME = 253  # RFC 1035 section 2.3.4, as text
LONGEST_LABEL = 63
MOST_NAMES = 10  # of one address to try (RFC 7208 section 4.6.4, RFC 8601 section 2.7.3)

# A host name has letters, digits and hyphens (RFC 1123 section 2.1); the underscore is in use, too.
# Only such names get into logs and lists.
HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")


class Question(NamedTuple):
    """A question to DNS: a name in lower case without a final dot, and a type."""

    name: str
    type: str


class NoAnswer(Exception):
    """DNS has failed for now: a timeout, or the failure of a server."""


def addressIn(peer: str) -> IPAddress | None:
    """Return `peer` as an IP address (see Networks.addressOf), or None if it is not one."""
    try:
        return addressOf(peer)
    except ValueError:
        return None


def isName(text: str) -> bool:
    """Return whether it may be asked for: labels of 1 to 63 octets, 253 in all, no controls."""
    return (
        len(text) <= LONGEST_NAME
        and text.isascii()
        and text.isprintable()
        and all(0 < len(label) <= LONGEST_LABEL for label in text.split("."))
    )


def typeOf(address: IPAddress) -> str:
    """Return the type of the records for addresses of this version."""
    return "A" if address.version == 4 else "AAAA"


def verifiedName(peer: str) -> Generator[Question, Records, str | None]:
    """Return the first name of `peer` that has its address, or None if none is known."""
    address = addressIn(peer)
    if address is None:
        return None
    return (yield from firstVerified((yield from namesOf(address)), address))


def namesOf(address: IPAddress) -> Generator[Question, Records, list[str]]:
    """Return the unverified names of an address: the host names among the first ten."""
    try:
        records = yield Question(address.reverse_pointer, "PTR")
    except NoAnswer:
        return []
    names = [str(record).lower().removesuffix(".") for record in records[:MOST_NAMES]]
    return [name for name in names if isName(name) and HOST_NAME.fullmatch(name)]


def firstVerified(
    names: Iterable[str], address: IPAddress
) -> Generator[Question, Records, str | None]:
    """Return the first of these names that has `address`. Skip names for which DNS fails."""
    for name in names:
        try:
            records = yield Question(name, typeOf(address))
        except NoAnswer:
            continue
        if address in addressesIn(records):
            return name
    return None


def addressesIn(records: Records) -> list[IPAddress]:
    """Return the addresses in A or AAAA records."""
    found = (addressIn(str(record)) for record in records)
    return [address for address in found if address is not None]
