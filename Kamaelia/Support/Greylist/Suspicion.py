"""How suspicious a client and its mail are: points and credits, each with its reason.

Example usage::

    >>> client = Client("192.0.2.7", helo="192.0.2.7", sender="<ann@example.net>")
    >>> (helo,) = [check for check in checksFor(Weights()) if check.name == "helo_address"]
    >>> try:
    ...     next(helo.find(client))
    ... except StopIteration as end:
    ...     reason = end.value
    >>> assessment = Assessment.of([(helo, reason)], threshold=3)
    >>> assessment.isSuspicious, assessment.reasons
    (True, ('the name in HELO is an address (3)',))

How does it work?

Each check is a row of CHECKS: the name of its weight, and a lookup, a generator that yields
questions to DNS as DNSNames describes and returns a reason, or "" if it has found nothing. A check
that DNS does not answer raises NoAnswer, and neither gives nor takes points. So a failure of DNS
or of a list delays no mail by itself. A weight of 0 turns a check off.

Block and allow lists are queried as RFC 5782 defines. An address of 127.255.255.0/24, 127.0.0.1 or
127.0.0.255 is no listing: with these, lists say that they do not answer this resolver.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from typing import NamedTuple

from Kamaelia.Support.Greylist.Keys import withoutBrackets
from Kamaelia.Support.Networks import IPAddress
from Kamaelia.Support.Protocol.DNSNames import (
    HOST_NAME,
    MOST_NAMES,
    NoAnswer,
    Question,
    Records,
    addressesIn,
    addressIn,
    isName,
    typeOf,
)
from Kamaelia.Support.Protocol.SPF.Evaluation import checkSPF

LISTINGS = ip_network("127.0.0.0/8")
NO_LISTINGS = ip_network("127.255.255.0/24")
NO_LISTING = frozenset({"127.0.0.1", "127.0.0.255"})

# Words and forms in the names of access lines
DYNAMIC = re.compile(
    r"(?<![a-z])(?:dyn|dynamic|dynamicip|dhcp|dial|dialup|dialin|pool|ppp|pppoe|adsl|dsl|vdsl|cable"
    r"|broadband|customer|cust)(?![a-z])"
)

Lookup = Generator[Question, Records, str]


class Client(NamedTuple):
    """A client and the mail that it sends.

    sender: with brackets. hasTLS: None if TLS is not offered, or not known. hasCertificate:
    whether its certificate was verified.
    """

    peer: str
    helo: str = ""
    sender: str = "<>"
    hasTLS: bool | None = None
    hasCertificate: bool = False


@dataclass(frozen=True)
class Weights:
    """Weights(...) -> the points of each check; negative ones are credits."""

    no_name: int = 3
    unverified_name: int = 2
    dynamic_name: int = 2
    helo_address: int = 3
    helo_unknown: int = 2
    no_tls: int = 1
    spf_fail: int = 4
    spf_pass: int = -2
    name_of_sender: int = -1
    certificate: int = -3
    block_listed: int = 4
    allow_listed: int = -5


class Check(NamedTuple):
    """A check: its name, its points, and the lookup that finds a reason or ""."""

    name: str
    points: int
    find: Callable[[Client], Lookup]


class Assessment(NamedTuple):
    """The points of a client, each with its reason, and the checks that DNS did not answer."""

    points: int
    threshold: int
    reasons: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def isSuspicious(self) -> bool:
        """Whether the mail is greylisted."""
        return self.points >= self.threshold

    def credited(self, points: int, reason: str) -> Assessment:
        """Return this assessment with one more reason."""
        reasons = (*self.reasons, f"{reason} ({points})")
        return self._replace(points=self.points + points, reasons=reasons)

    def __str__(self) -> str:
        return ", ".join(self.reasons) or "nothing suspicious"

    @staticmethod
    def of(
        found: Iterable[tuple[Check, str]], threshold: int, unknown: Iterable[str] = ()
    ) -> Assessment:
        """Return the assessment of the reasons that checks have found."""
        those = [(check, reason) for check, reason in found if reason]
        reasons = tuple(f"{reason} ({check.points})" for check, reason in those)
        points = sum(check.points for check, _ in those)
        return Assessment(points, threshold, reasons, tuple(sorted(unknown)))


def checksFor(
    weights: Weights, blockLists: Iterable[str] = (), allowLists: Iterable[str] = ()
) -> list[Check]:
    """Return the checks whose weight is not 0."""
    return [check for check in _allChecks(weights, blockLists, allowLists) if check.points]


def _allChecks(
    weights: Weights, blockLists: Iterable[str], allowLists: Iterable[str]
) -> Iterator[Check]:
    for name, find in CHECKS.items():
        yield Check(name, getattr(weights, name), find)
    for name, zones in (("block_listed", blockLists), ("allow_listed", allowLists)):
        for zone in zones:
            yield Check(name, getattr(weights, name), partial(listing, zone))


# The name of the client


def _namesOf(client: Client) -> Generator[Question, Records, list[str]]:
    """Return the names that DNS has for the address of a client. Raise NoAnswer."""
    address = addressIn(client.peer)
    if address is None:
        raise NoAnswer("the client has no address")
    records = yield Question(address.reverse_pointer, "PTR")
    names = [str(record).lower().removesuffix(".") for record in records[:MOST_NAMES]]
    return [name for name in names if isName(name) and HOST_NAME.fullmatch(name)]


def _verifiedOf(
    names: Iterable[str], address: IPAddress | None
) -> Generator[Question, Records, str]:
    """Return the first of the names that has the address, or "". Raise NoAnswer."""
    failure: NoAnswer | None = None
    if address is None:
        return ""
    for name in names:
        try:
            records = yield Question(name, typeOf(address))
        except NoAnswer as error:
            failure = error
            continue
        if address in addressesIn(records):
            return name
    if failure is not None:
        raise failure
    return ""


def noName(client: Client) -> Lookup:
    """Find a client without a name in reverse DNS."""
    names = yield from _namesOf(client)
    return "" if names else "no name in reverse DNS"


def unverifiedName(client: Client) -> Lookup:
    """Find a client whose names do not have its address."""
    names = yield from _namesOf(client)
    verified = yield from _verifiedOf(names, addressIn(client.peer))
    return f"the name {names[0]} has another address" if names and not verified else ""


def dynamicName(client: Client) -> Lookup:
    """Find a client whose name is made of its address, or of words for access lines."""
    address = addressIn(client.peer)
    names = yield from _namesOf(client)
    if names and all(isDynamic(name, address) for name in names):
        return f"the name {names[0]} is that of an access line"
    return ""


def isDynamic(name: str, address: IPAddress | None) -> bool:
    """Return whether a name looks like one that a provider gives to its customers' addresses."""
    if DYNAMIC.search(name.rpartition(".")[0].rpartition(".")[0]):
        return True
    if address is None or address.version != 4:
        return False
    missing = Counter(map(int, str(address).split(".")))
    missing.subtract(Counter(map(int, re.findall(r"(?<!\d)\d{1,3}(?!\d)", name))))
    return all(number <= 0 for number in missing.values())


def nameOfSender(client: Client) -> Lookup:
    """Find a verified name in the domain of the sender."""
    domain = withoutBrackets(client.sender).rpartition("@")[2].lower().removesuffix(".")
    if not domain:
        return ""
    names = yield from _namesOf(client)
    ours = [name for name in names if name == domain or name.endswith(f".{domain}")]
    verified = yield from _verifiedOf(ours, addressIn(client.peer))
    return f"the name {verified} is in the domain of the sender" if verified else ""


# HELO


def heloAddress(client: Client) -> Lookup:
    """Find a HELO with an address. In brackets it is legal, but mail servers have names."""
    yield from ()
    literal = client.helo.strip("[]").lower().removeprefix("ipv6:")
    return "the name in HELO is an address" if addressIn(literal) is not None else ""


def heloUnknown(client: Client) -> Lookup:
    """Find a HELO with a name that does not exist in DNS."""
    name = client.helo.lower().removesuffix(".")
    if addressIn(name.strip("[]").removeprefix("ipv6:")) is not None:
        return ""
    if not isName(name) or "." not in name:
        return "the name in HELO is not one of the Internet"
    for kind in ("A", "AAAA", "MX"):
        records = yield Question(name, kind)
        if records:
            return ""
    return f"the name {name} in HELO does not exist"


# TLS


def noTLS(client: Client) -> Lookup:
    """Find a client that does not use TLS although it could."""
    yield from ()
    return "no TLS" if client.hasTLS is False else ""


def certificate(client: Client) -> Lookup:
    """Find a client with a verified certificate."""
    yield from ()
    return "a verified certificate" if client.hasCertificate else ""


# SPF


def spfFail(client: Client) -> Lookup:
    """Find a client that the sender's domain forbids."""
    return (yield from _spf(client, "fail"))


def spfPass(client: Client) -> Lookup:
    """Find a client that the sender's domain allows, unless it allows nearly any client."""
    return (yield from _spf(client, "pass"))


def _spf(client: Client, kind: str) -> Lookup:
    result = yield from checkSPF(client.peer, client.helo, client.sender)
    if result.kind == "temperror":
        raise NoAnswer(result.reason)
    isFound = result.kind == kind and not (kind == "pass" and result.isWide)
    return f"SPF of {result.domain}: {kind}" if isFound else ""


# Lists


def listing(zone: str, client: Client) -> Lookup:
    """Find the client in a block or allow list."""
    address = addressIn(client.peer)
    if address is None:
        return ""
    reverse = address.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    records = yield Question(f"{reverse}.{zone.lower().strip('.')}", "A")
    isListed = any(isListing(each) for each in addressesIn(records))
    return f"listed in {zone}" if isListed else ""


def isListing(address: IPAddress) -> bool:
    """Return whether a list answers with this address that it contains a client."""
    inLists = address.version == 4 and address in LISTINGS and address not in NO_LISTINGS
    return inLists and str(address) not in NO_LISTING


#: By the name of its weight.
CHECKS: dict[str, Callable[[Client], Lookup]] = {
    "no_name": noName,
    "unverified_name": unverifiedName,
    "dynamic_name": dynamicName,
    "helo_address": heloAddress,
    "helo_unknown": heloUnknown,
    "no_tls": noTLS,
    "spf_fail": spfFail,
    "spf_pass": spfPass,
    "name_of_sender": nameOfSender,
    "certificate": certificate,
}
