"""SPF (RFC 7208): whether a domain allows a client to send mail in its name.

Example usage::

    >>> lookup = checkSPF("192.0.2.3", "mail.example.org", "<ann@example.org>")
    >>> next(lookup)
    Question(name='example.org', type='TXT')
    >>> try:
    ...     lookup.send((b"v=spf1 ip4:192.0.2.0/24 -all",))
    ... except StopIteration as end:
    ...     end.value.kind, end.value.domain, end.value.mechanism
    ('pass', 'example.org', 'ip4:192.0.2.0/24')

How does it work?

A check asks DNS as DNSNames describes, and raises no errors: a mistake of a domain is a
"permerror", and a failure of DNS a "temperror". The number of questions is limited (section
4.6.4). The caller limits the time, 20 seconds. The syntax of the explanation (exp=) is
checked, but the explanation is not fetched.

The package pyspf is not used: its last release, 2.0.14, is of January 2020; it blocks during
DNS lookups and would need a thread for each session; and it has its own cache. The tests of
this module include the cases in its tests.
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
MOST_TERMS = 10  # that ask DNS
MOST_VOID = 2  # terms that find no records
MOST_EXCHANGES = 10  # of one mx

KINDS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}

# A wider network does not identify a client: the registries have no network of IPv6 that is wider
# than a /12, and 256 networks of /8 are all of IPv4.
WIDEST_V4, WIDEST_V6 = 8, 12


class SPFResult(NamedTuple):
    """The result of a check.

    kind: none, neutral, pass, fail, softfail, temperror or permerror.
    domain: the domain whose policy was read, that of the sender or of HELO.
    mechanism: the term that decided, as in the policy or the one it redirects to, or "".
    isWide: that term, or the one within its include, would match nearly any client.
    reason: a description of an error.
    """

    kind: str
    domain: str
    mechanism: str = ""
    isWide: bool = False
    reason: str = ""


SPFLookup = Generator[Question, Records, SPFResult]
MatchLookup = Generator[Question, Records, bool]


def keyOf(result: SPFResult, peer: str) -> str:
    """Return the key of a client for greylisting: "spf:" and its domain, or `peer`.

    If a domain passes a client, retries from all its addresses have one key. A match that fits
    nearly any client gives no such key: `all`, a network wider than an IPv4 /8 or an IPv6 /12,
    and an `exists` that does not depend on the client. Many narrow networks are not added up,
    so a domain can still allow all addresses with some effort.
    """
    if result.kind != "pass" or result.isWide:
        return peer
    return f"spf:{result.domain}"


def checkSPF(peer: str, helo: str, sender: str) -> SPFLookup:
    """Check whether `peer` may send as `sender`, or as postmaster of `helo` for the null sender.

    sender: with or without its brackets. The result is "none" for a client without an address,
    and for a domain that is invalid or has one label (section 4.3). The domain must be ASCII.
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
    """Return the local part, and the domain whose policy is read (sections 2.3, 2.4, 4.3)."""
    path = sender[1:-1] if sender[:1] == "<" and sender[-1:] == ">" else sender
    local, _, domain = path.rpartition("@")
    if not path:
        domain = helo
    elif local[:1] == "@":
        local = local.partition(":")[2]  # a source route
    return local or "postmaster", domain.lower().removesuffix(".")


class SPFCheck:
    """SPFCheck(address, helo, sender): one check, which counts its terms through all includes."""

    def __init__(self, address: IPAddress, helo: str, sender: str) -> None:
        self.address = address
        self.terms = self.void = 0
        self.isWide = False
        local, _, domain = sender.rpartition("@")
        self.values = {"s": sender, "l": local, "o": domain, "h": helo}
        self.values["i"] = dotted(address)
        self.values["v"] = "in-addr" if address.version == 4 else "ip6"

    def host(self, domain: str) -> SPFLookup:
        """Evaluate check_host() of the RFC for a domain. Raise BadPolicy and NoAnswer."""
        records = (yield Question(domain, "TXT")) if isName(domain) else ()
        policies = [record for record in records if isPolicy(record)]
        if not policies:
            return SPFResult("none", domain)
        if len(policies) > 1:
            raise BadPolicy(f"{domain} has {len(policies)} SPF records")
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

    def redirected(self, spec: str, domain: str) -> SPFLookup:
        """Evaluate the policy of another domain instead of this one (section 6.1)."""
        self.count()
        target = yield from self.target(spec, domain)
        found = yield from self.host(target)
        if found.kind == "none":
            raise BadPolicy(f"{domain} redirects to {target!r}, which has no SPF record")
        return found._replace(domain=domain)

    def count(self) -> None:
        """Count a term that asks DNS. Raise BadPolicy if there are too many."""
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise BadPolicy(f"more than {MOST_TERMS} terms ask DNS")

    def target(self, spec: str, domain: str) -> Generator[Question, Records, str]:
        """Return the domain name of a term, with its macros expanded."""
        if not spec:
            return domain
        values = {**self.values, "d": domain}
        if asksForName(spec):
            names = yield from namesOf(self.address)
            # Section 7.3: first the domain itself, then its subdomains
            names.sort(key=lambda name: (name != domain, not isWithin(name, domain)))
            values["p"] = (yield from firstVerified(names, self.address)) or "unknown"
        return expandedName(spec, values)

    def ask(
        self, mechanism: Mechanism, domain: str, kind: str
    ) -> Generator[Question, Records, Records]:
        """Return the records for a mechanism; an invalid name has none (section 4.8)."""
        self.count()
        name = yield from self.target(mechanism.spec, domain)
        if not isName(name):
            return ()
        records = yield Question(name, kind)
        if not records:
            self.void += 1
            if self.void > MOST_VOID:
                raise BadPolicy(f"more than {MOST_VOID} terms ask for names without records")
        return records

    def holds(self, records: Records, mechanism: Mechanism) -> bool:
        """Return whether the client is in the network of one of these addresses."""
        bits = mechanism.v4 if self.address.version == 4 else mechanism.v6
        spare = self.address.max_prefixlen - bits
        own = int(self.address) >> spare
        return any(
            address.version == self.address.version and int(address) >> spare == own
            for address in addressesIn(records)
        )

    # The mechanisms, section 5

    def matchesAll(self, mechanism: Mechanism, domain: str) -> MatchLookup:
        yield from ()
        return True

    def matchesNetwork(self, mechanism: Mechanism, domain: str) -> MatchLookup:
        yield from ()
        return mechanism.network is not None and self.address in mechanism.network

    def matchesInclude(self, mechanism: Mechanism, domain: str) -> MatchLookup:
        self.count()
        target = yield from self.target(mechanism.spec, domain)
        found = yield from self.host(target)
        if found.kind == "none":
            raise BadPolicy(f"{domain} includes {target!r}, which has no SPF record")
        return found.kind == "pass"

    def matchesA(self, mechanism: Mechanism, domain: str) -> MatchLookup:
        records = yield from self.ask(mechanism, domain, typeOf(self.address))
        return self.holds(records, mechanism)

    def matchesMX(self, mechanism: Mechanism, domain: str) -> MatchLookup:
        exchanges = yield from self.ask(mechanism, domain, "MX")
        if len(exchanges) > MOST_EXCHANGES:
            raise BadPolicy(f"{mechanism.text} has more than {MOST_EXCHANGES} mail exchanges")
        for exchange in exchanges:
            name = str(exchange).lower().removesuffix(".")
            if isName(name):
                records = yield Question(name, typeOf(self.address))
                if self.holds(records, mechanism):
                    return True
        return False

    def matchesPTR(self, mechanism: Mechanism, domain: str) -> MatchLookup:
        # An address without a name is not a mistake of the domain, so it is not counted as void.
        self.count()
        target = yield from self.target(mechanism.spec, domain)
        names = yield from namesOf(self.address)
        within = [name for name in names if isWithin(name, target)]
        return (yield from firstVerified(within, self.address)) is not None

    def matchesExists(self, mechanism: Mechanism, domain: str) -> MatchLookup:
        return bool((yield from self.ask(mechanism, domain, "A")))


MATCHERS: dict[str, Callable[[SPFCheck, Mechanism, str], MatchLookup]] = {
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
    """Return whether a name is the domain or one of its subdomains."""
    return name == domain or name.endswith(f".{domain}")


def isWide(mechanism: Mechanism, address: IPAddress) -> bool:
    """Return whether a mechanism that matched would match nearly any client."""
    if mechanism.name == "exists":
        return not speaksOfClient(mechanism.spec)
    if mechanism.name == "ptr":
        return False
    isV4 = address.version == 4
    bits, widest = (mechanism.v4, WIDEST_V4) if isV4 else (mechanism.v6, WIDEST_V6)
    return mechanism.name == "all" or bits < widest
