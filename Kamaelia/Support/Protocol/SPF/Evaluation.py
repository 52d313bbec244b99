"""SPF (RFC 7208): whether a domain says that a client may send mail in its name.

Example usage::

    >>> checking = checkSPF("192.0.2.3", "mail.example.org", "<ann@example.org>")
    >>> next(checking)
    Question(name='example.org', type='TXT')
    >>> try:
    ...     checking.send((b"v=spf1 ip4:192.0.2.0/24 -all",))
    ... except StopIteration as end:
    ...     end.value.kind, end.value.domain, end.value.mechanism
    ('pass', 'example.org', 'ip4:192.0.2.0/24')

How does it work?

It asks of DNS as DNSNames describes, and never raises: each mistake of a domain is a
"permerror", each failure of DNS a "temperror". What a policy can make us ask is bounded
(section 4.6.4); the time that it may take, 20 seconds, is for the caller to keep.
The explanation of a domain (exp=) is read for its syntax and never asked for.

Why not the package pyspf: its last release, 2.0.14, is of January 2020; it asks with
blocking calls through a DNS module that it chooses itself, so that it would need a thread
for each session; and its cache is its own. Its rules are good, and what its tests say of
the standard is among the tests of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

from Kamaelia.Support.Networks import IPAddress
from Kamaelia.Support.Protocol.DNSNames import (
    NoAnswer,
    Question,
    Records,
    addressesIn,
    addressIn,
    firstVerified,
    isName,
    namesOf,
    typeOf,
)
from Kamaelia.Support.Protocol.SPF.Macro import asksForName, dotted, expandedName, speaksOfClient
from Kamaelia.Support.Protocol.SPF.Record import BadPolicy, Mechanism, isPolicy, parsePolicy

# Section 4.6.4
MOST_TERMS = 10  # that ask of DNS
MOST_VOID = 2  # of them that hear that there is nothing
MOST_EXCHANGES = 10  # of one mx

KINDS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}

# What lets in more than this says nothing of who the client is. 256 networks of /8 are all of
# IPv4; the registries themselves hold no more than a /12 of IPv6.
WIDEST_V4, WIDEST_V6 = 8, 12


class SPFResult(NamedTuple):
    """What a check found.

    kind: none, neutral, pass, fail, softfail, temperror or permerror.
    domain: whose policy was asked, the sender's or that of HELO.
    mechanism: the term which decided, as the policy (or the one it redirects to) has it, or "".
    isWide: that term, or the one within its include, would match nearly any client.
    reason: of an error, a sentence.
    """

    kind: str
    domain: str
    mechanism: str = ""
    isWide: bool = False
    reason: str = ""


Checking = Generator[Question, Records, SPFResult]
Matching = Generator[Question, Records, bool]


def keyOf(result: SPFResult, peer: str) -> str:
    """What greylisting knows a client by: "spf:" and the domain that answers for it, else `peer`.

    A domain that passes a client makes its retries one, from whatever address they come.
    No key comes of a match that would be anybody's: of `all`, of a network wider than an
    IPv4 /8 or an IPv6 /12, of an `exists` that does not ask for the client.
    Many narrow networks are not added up: a domain may still let in the world with effort.
    """
    if result.kind != "pass" or result.isWide:
        return peer
    return f"spf:{result.domain}"


def checkSPF(peer: str, helo: str, sender: str) -> Checking:
    """Whether `peer` may send as `sender`, or for the null sender as postmaster of `helo`.

    sender: with or without its brackets. A client without an address, a domain that is none
    or has but one label: "none" (section 4.3). A domain has to be in ASCII.
    """
    local, domain = identityOf(helo, sender)
    address = addressIn(peer)
    if address is None or not isName(domain) or "." not in domain:
        return SPFResult("none", domain)
    check = SPFCheck(address, helo, f"{local}@{domain}")
    try:
        found = yield from check.host(domain)
    except NoAnswer as failure:
        return SPFResult("temperror", domain, reason=str(failure))
    except BadPolicy as mistake:
        return SPFResult("permerror", domain, reason=str(mistake))
    return found


def identityOf(helo: str, sender: str) -> tuple[str, str]:
    """The local part and the domain whose policy is asked (sections 2.3, 2.4 and 4.3)."""
    path = sender[1:-1] if sender[:1] == "<" and sender[-1:] == ">" else sender
    local, _, domain = path.rpartition("@")
    if not path:
        domain = helo
    elif local[:1] == "@":
        local = local.partition(":")[2]  # a source route
    return local or "postmaster", domain.lower().removesuffix(".")


class SPFCheck:
    """SPFCheck(address, helo, sender) -> counts what one check asks, through all its includes."""

    def __init__(self, address: IPAddress, helo: str, sender: str) -> None:
        self.address = address
        self.terms = self.void = 0
        self.isWide = False
        local, _, domain = sender.rpartition("@")
        self.values = {"s": sender, "l": local, "o": domain, "h": helo}
        self.values["i"] = dotted(address)
        self.values["v"] = "in-addr" if address.version == 4 else "ip6"

    def host(self, domain: str) -> Checking:
        """check_host() of the standard for a domain. Raises BadPolicy, and what it is thrown."""
        records = (yield Question(domain, "TXT")) if isName(domain) else ()
        policies = [record for record in records if isPolicy(record)]
        if not policies:
            return SPFResult("none", domain)
        if len(policies) > 1:
            raise BadPolicy(f"{domain} has {len(policies)} records of SPF")
        policy = parsePolicy(policies[0])
        for mechanism in policy.mechanisms:
            if (yield from MATCHERS[mechanism.name](self, mechanism, domain)):
                if mechanism.name != "include":
                    self.isWide = isWide(mechanism, self.address)
                kind = KINDS[mechanism.qualifier]
                return SPFResult(kind, domain, mechanism.text, self.isWide)
        if not policy.redirect:
            return SPFResult("neutral", domain)
        return (yield from self.redirected(policy.redirect, domain))

    def redirected(self, spec: str, domain: str) -> Checking:
        """Section 6.1: another domain's policy in place of this one's."""
        self.count()
        target = yield from self.target(spec, domain)
        found = yield from self.host(target)
        if found.kind == "none":
            raise BadPolicy(f"{domain} redirects to {target!r}, which has no record of SPF")
        return found._replace(domain=domain)

    def count(self) -> None:
        """One more term that asks of DNS."""
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise BadPolicy(f"over {MOST_TERMS} terms that ask of DNS")

    def target(self, spec: str, domain: str) -> Generator[Question, Records, str]:
        """The name that a term is about."""
        if not spec:
            return domain
        values = {**self.values, "d": domain}
        if asksForName(spec):
            names = yield from namesOf(self.address)
            # Section 7.3: the domain itself first, then what is within it
            names.sort(key=lambda name: (name != domain, not isWithin(name, domain)))
            values["p"] = (yield from firstVerified(names, self.address)) or "unknown"
        return expandedName(spec, values)

    def ask(
        self, mechanism: Mechanism, domain: str, kind: str
    ) -> Generator[Question, Records, Records]:
        """The records that a mechanism is about; a name that cannot be has none (section 4.8)."""
        self.count()
        name = yield from self.target(mechanism.spec, domain)
        if not isName(name):
            return ()
        records = yield Question(name, kind)
        if not records:
            self.void += 1
            if self.void > MOST_VOID:
                raise BadPolicy(f"over {MOST_VOID} terms ask for what does not exist")
        return records

    def holds(self, records: Records, mechanism: Mechanism) -> bool:
        """Whether the client is in the network of one of these addresses."""
        bits = mechanism.v4 if self.address.version == 4 else mechanism.v6
        spare = self.address.max_prefixlen - bits
        own = int(self.address) >> spare
        return any(
            address.version == self.address.version and int(address) >> spare == own
            for address in addressesIn(records)
        )

    # The mechanisms, section 5

    def matchesAll(self, mechanism: Mechanism, domain: str) -> Matching:
        yield from ()
        return True

    def matchesNetwork(self, mechanism: Mechanism, domain: str) -> Matching:
        yield from ()
        return mechanism.network is not None and self.address in mechanism.network

    def matchesInclude(self, mechanism: Mechanism, domain: str) -> Matching:
        self.count()
        target = yield from self.target(mechanism.spec, domain)
        found = yield from self.host(target)
        if found.kind == "none":
            raise BadPolicy(f"{domain} includes {target!r}, which has no record of SPF")
        return found.kind == "pass"

    def matchesA(self, mechanism: Mechanism, domain: str) -> Matching:
        records = yield from self.ask(mechanism, domain, typeOf(self.address))
        return self.holds(records, mechanism)

    def matchesMX(self, mechanism: Mechanism, domain: str) -> Matching:
        exchanges = yield from self.ask(mechanism, domain, "MX")
        if len(exchanges) > MOST_EXCHANGES:
            raise BadPolicy(f"{mechanism.text} has over {MOST_EXCHANGES} mail exchanges")
        for exchange in exchanges:
            name = str(exchange).lower().removesuffix(".")
            if isName(name):
                records = yield Question(name, typeOf(self.address))
                if self.holds(records, mechanism):
                    return True
        return False

    def matchesPTR(self, mechanism: Mechanism, domain: str) -> Matching:
        # That an address has no name is no mistake of the domain: it is not counted as void.
        self.count()
        target = yield from self.target(mechanism.spec, domain)
        names = yield from namesOf(self.address)
        within = [name for name in names if isWithin(name, target)]
        return (yield from firstVerified(within, self.address)) is not None

    def matchesExists(self, mechanism: Mechanism, domain: str) -> Matching:
        return bool((yield from self.ask(mechanism, domain, "A")))


MATCHERS: dict[str, Callable[[SPFCheck, Mechanism, str], Matching]] = {
    "all": SPFCheck.matchesAll,
    "include": SPFCheck.matchesInclude,
    "a": SPFCheck.matchesA,
    "mx": SPFCheck.matchesMX,
    "ptr": SPFCheck.matchesPTR,
    "ip4": SPFCheck.matchesNetwork,
    "ip6": SPFCheck.matchesNetwork,
    "exists": SPFCheck.matchesExists,
}


def isWithin(name: str, domain: str) -> bool:
    """Whether a name is the domain or under it."""
    return name == domain or name.endswith(f".{domain}")


def isWide(mechanism: Mechanism, address: IPAddress) -> bool:
    """Whether a mechanism that matched would match nearly any other client too."""
    if mechanism.name == "exists":
        return not speaksOfClient(mechanism.spec)
    if mechanism.name == "ptr":
        return False
    isV4 = address.version == 4
    bits, widest = (mechanism.v4, WIDEST_V4) if isV4 else (mechanism.v6, WIDEST_V6)
    return mechanism.name == "all" or bits < widest
