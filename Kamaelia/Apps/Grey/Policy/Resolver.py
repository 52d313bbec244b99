"""Resolves the DNS questions of SPF and verified names, asynchronously and with a cache.

Example usage::

    resolver = Resolver(["127.0.0.1"])
    result = await resolver.spf("192.0.2.3", "mail.example.org", "<ann@example.org>")
    name = await resolver.nameOf("192.0.2.3")       # "mail.example.org" or None

How does it work?

The rules are generators that yield questions (SPF, DNSNames). dnspython answers them in the
running asyncio loop. Concurrent callers with the same question share one query. Answers are
cached for their time to live, failures for some seconds (RFC 9520). The cache has at most `most`
entries; the least recently used ones are dropped.

Termination: a cancelled caller stops waiting; the query ends by its timeout.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from Kamaelia.Support.Protocol.DNSNames import NoAnswer, Question, Records, isName, verifiedName
from Kamaelia.Support.Protocol.SPF.Evaluation import SPFResult, checkSPF, identityOf

if TYPE_CHECKING:
    from dns.nameserver import Nameserver

Value = TypeVar("Value")

LONGEST_CHECK = 20.0  # seconds for one result: RFC 7208 section 4.6.4
LONGEST_KEPT = 86400.0  # seconds
LONGEST_VOID = 3600.0  # for what does not exist: RFC 2308 section 5 has one to three hours
LONGEST_FAILURE = 5.0  # RFC 9520 section 3.2: at least 1, at most 300
HEAVIEST_KEPT = 4096  # octets; larger answers are not cached, so that memory is bounded
MOST_AT_ONCE = 200  # concurrent queries: each needs a descriptor
UDP_PAYLOAD = 1232  # octets that need no fragmentation (DNS flag day 2020)


class DNSAnswer(NamedTuple):
    """The records, or the reason of a failure, and the seconds to cache it."""

    records: Records
    failure: str
    seconds: float


class Resolver:
    """Resolver(nameservers, timeout, most) -> SPF results and verified names from DNS.

    nameservers: such as "192.0.2.53", "192.0.2.53:5353" or "[2001:db8::53]:5353"; None means
    those of the system (/etc/resolv.conf). timeout: seconds for a question. most: the size of
    the cache. Raises ImportError without dnspython, and ValueError for invalid servers.
    """

    def __init__(
        self,
        nameservers: Sequence[str] | None = None,
        timeout: float = 5.0,
        most: int = 10_000,
    ) -> None:
        if timeout <= 0 or most < 0:
            raise ValueError("the timeout of a Resolver must be over 0, and `most` at least 0")
        self.timeout = timeout
        self.most = most
        self._dns = dnsResolver(nameservers)
        self._kept: OrderedDict[Question, tuple[DNSAnswer, float]] = OrderedDict()
        self._underWay: dict[Question, asyncio.Task[DNSAnswer]] = {}
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def spf(self, peer: str, helo: str, sender: str) -> SPFResult:
        """Return the SPF result of a client (see checkSPF); "temperror" after 20 seconds."""
        try:
            async with asyncio.timeout(LONGEST_CHECK):
                return await self.answered(checkSPF(peer, helo, sender))
        except TimeoutError:
            domain = identityOf(helo, sender)[1]
            return SPFResult("temperror", domain, reason=f"no result in {LONGEST_CHECK:g} seconds")

    async def nameOf(self, peer: str) -> str | None:
        """Return the verified name of a client; None if there is none or DNS fails."""
        try:
            async with asyncio.timeout(LONGEST_CHECK):
                return await self.answered(verifiedName(peer))
        except TimeoutError:
            return None

    async def ask(self, question: Question) -> Records:
        """Return the records for a question, or (). Raise NoAnswer if DNS fails."""
        answer = self._remembered(question)
        if answer is None:
            task = self._underWay.get(question)
            if task is None:
                task = asyncio.create_task(self._fetch(question))
                self._underWay[question] = task
            # A cancelled caller must not cancel the query of the others.
            answer = await asyncio.shield(task)
        if answer.failure:
            raise NoAnswer(answer.failure)
        return answer.records

    async def answered(self, lookup: Generator[Question, Records, Value]) -> Value:
        """Answer the questions of a generator until it ends; return its result."""
        try:
            question = next(lookup)
            while True:
                try:
                    records = await self.ask(question)
                except NoAnswer as failure:
                    question = lookup.throw(failure)
                else:
                    question = lookup.send(records)
        except StopIteration as end:
            found: Value = end.value
            return found

    def _remembered(self, question: Question) -> DNSAnswer | None:
        kept = self._kept.get(question)
        if kept is None:
            return None
        answer, end = kept
        if end <= asyncio.get_running_loop().time():
            del self._kept[question]
            return None
        self._kept.move_to_end(question)
        return answer

    async def _fetch(self, question: Question) -> DNSAnswer:
        """Ask DNS and cache the answer. Never raise, because all callers may be gone."""
        try:
            async with self._places:
                answer = await self._lookUp(question)
        finally:
            del self._underWay[question]
        if answer.seconds > 0 and weightOf(answer) <= HEAVIEST_KEPT:
            self._kept[question] = answer, asyncio.get_running_loop().time() + answer.seconds
            if len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return answer

    async def _lookUp(self, question: Question) -> DNSAnswer:
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            name = dns.name.Name([*(label.encode() for label in question.name.split(".")), b""])
            found = await self._dns.resolve(
                name, question.type, search=False, raise_on_no_answer=False, lifetime=self.timeout
            )
        except dns.resolver.NXDOMAIN as error:
            missing: Any = error
            return DNSAnswer((), "", secondsOf(missing.response(name)))
        except (dns.exception.DNSException, OSError) as error:
            # Invalid names in a response are a failure of the server, like a timeout.
            return DNSAnswer(
                (), f"DNS: {question.type} of {question.name}: {error}", LONGEST_FAILURE
            )
        records = recordsIn(found.rrset or (), question.type)
        return DNSAnswer(records, "", secondsOf(found.response))


def dnsResolver(nameservers: Sequence[str] | None) -> Any:
    """Return dnspython's resolver for these servers. Raise ImportError or ValueError."""
    try:
        import dns.asyncresolver
        import dns.resolver
    except ModuleNotFoundError:
        raise ImportError(
            "SPF and verified client names need dnspython: install kamaelia[grey]"
        ) from None
    try:
        resolver = dns.asyncresolver.Resolver(configure=nameservers is None)
    except dns.resolver.NoResolverConfiguration as error:
        raise ValueError(f"the system has no DNS server configured ({error}): name one") from None
    if nameservers is not None:
        resolver.nameservers = [nameserverAt(place) for place in nameservers]
    resolver.use_edns(0, 0, UDP_PAYLOAD)
    return resolver


def nameserverAt(place: str) -> Nameserver:
    """Return the server for an address with an optional port (53). Raise ValueError."""
    import dns.inet
    import dns.nameserver

    address, port = place, "53"
    if place[:1] == "[":
        address, _, port = place[1:].partition("]")
        port = port.removeprefix(":") or "53"
    elif place.count(":") == 1:
        address, port = place.split(":")
    if not dns.inet.is_address(address) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(
            f"{place!r} is not a DNS server: write 192.0.2.53, 192.0.2.53:5353"
            " or [2001:db8::53]:5353"
        )
    return dns.nameserver.Do53Nameserver(address, int(port))


def secondsOf(response: Any) -> float:
    """Return the seconds to cache a response: the smallest time to live in its chain."""
    import dns.exception
    import dns.rdatatype

    try:
        chain = response.resolve_chaining()
    except dns.exception.DNSException:
        return 0.0
    if chain.answer is not None:
        return min(float(chain.minimum_ttl), LONGEST_KEPT)
    # A negative response without an SOA is not cached (RFC 2308 section 5).
    if all(found.rdtype != dns.rdatatype.SOA for found in response.authority):
        return 0.0
    return min(float(chain.minimum_ttl), LONGEST_VOID)


def recordsIn(found: Any, kind: str) -> Records:
    """Return records in the form of DNSNames."""
    if kind == "TXT":
        return tuple(b"".join(record.strings) for record in found)
    if kind == "MX":
        ordered = sorted(found, key=lambda record: record.preference)
        return tuple(textOf(record.exchange) for record in ordered)
    if kind == "PTR":
        return tuple(textOf(record.target) for record in found)
    return tuple(record.address for record in found)


def textOf(name: Any) -> str:
    """Return a name as text, or "" if it has no text form, as with a dot in a label."""
    if any(b"." in label for label in name.labels):
        return ""
    text: str = b".".join(name.labels).decode("latin-1").lower().removesuffix(".")
    return text if isName(text) else ""


def weightOf(answer: DNSAnswer) -> int:
    """Return the approximate size of an answer in octets."""
    return sum(len(record) for record in answer.records) + len(answer.failure)
