"""A week of simulated mail through the policy service: what each mode stops and what it delays.

Example usage
-------------
    for mode in MODES:
        print(mode, asyncio.run(Week(seed=1, days=7).through(mode)))

How does it work?
-----------------
Hosts are of the kinds in KINDS: what DNS and lists say about them, whether they use TLS, and
whether they retry. Each mail of the week goes to a DelegatedMail, as Postfix would ask, with a
greylist and checks of its mode; a deferred one comes again as its kind retries. The time is that of
the mails, and the answers of DNS are those of the hosts. The figures say what the mode did to this
traffic; real traffic has other shares of these kinds.
"""

import asyncio
import heapq
import itertools
import random
import statistics
from collections.abc import Iterator
from typing import NamedTuple

from Kamaelia.Apps.Grey.Delegation.DelegatedMail import DelegatedMail, LastStage, PolicyService
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Apps.Grey.Policy.SuspicionCheck import SuspicionCheck
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Greylist.Rules import Rules
from Kamaelia.Support.Greylist.Suspicion import Weights, checksFor
from Kamaelia.Support.Protocol.DNSNames import Question, Records
from Kamaelia.Support.Protocol.PolicyDelegation import END, RCPT, Action, PolicyRequest

DAY = 86400.0
BLOCK_LIST, ALLOW_LIST = "bl.test", "wl.test"
POSTFIX = (300.0, 600.0, 1200.0, 2400.0, 4000.0, 4000.0, 4000.0)  # between attempts
SLOW = (3600.0,) * 5
ONCE: tuple[float, ...] = ()


HEAD = ["mode", "spam stopped", "first real mails delayed", "median", "95 % within"]


class Kind(NamedTuple):
    """A kind of host; the shares are those of its hosts of which something is true."""

    isSpam: bool
    hosts: int
    mails: int  # of each host in a week
    named: float  # has a verified name
    lineNamed: float  # of the others: has the name of an access line
    authorised: float  # by the SPF record of the sender's domain
    encrypted: float
    blockListed: float
    allowListed: float
    retries: tuple[float, ...]


KINDS = {
    "large provider": Kind(False, 10, 40, 1.0, 0.0, 1.0, 1.0, 0.0, 0.8, POSTFIX),
    "mail server": Kind(False, 120, 6, 0.95, 0.0, 0.8, 0.95, 0.01, 0.3, POSTFIX),
    "careless server": Kind(False, 15, 6, 0.3, 0.3, 0.2, 0.4, 0.05, 0.0, SLOW),
    "bot": Kind(True, 1200, 2, 0.05, 0.6, 0.0, 0.3, 0.75, 0.0, ONCE),
    "rented server": Kind(True, 150, 4, 0.9, 0.0, 0.8, 0.9, 0.5, 0.0, ONCE),
    "hijacked server": Kind(True, 20, 10, 0.95, 0.0, 0.5, 0.9, 0.4, 0.1, POSTFIX),
}

#: The lists that each mode uses; None: it does not assess clients.
MODES: dict[str, tuple[list[str], list[str]] | None] = {
    "classic": None,
    "suspicion without lists": ([], []),
    "suspicion with lists": ([BLOCK_LIST], [ALLOW_LIST]),
}


class Host(NamedTuple):
    """A host that sends mail."""

    kind: Kind
    address: str
    helo: str
    domain: str
    isEncrypted: bool


class Mail(NamedTuple):
    """A mail of the week; `first` is whether no earlier one has its triple."""

    host: Host
    sender: str
    recipient: str
    isFirst: bool


class Figures(NamedTuple):
    """What happened to the mail: shares, and the minutes by which first real mails were late."""

    spamStopped: float
    realDelayed: float
    medianDelay: float
    longDelay: float  # 95 % were not later
    realLost: int

    def cells(self) -> list[str]:
        """The figures as text."""
        shares = [f"{100 * self.spamStopped:.0f} %", f"{100 * self.realDelayed:.0f} %"]
        return [*shares, f"{self.medianDelay:.0f} min", f"{self.longDelay:.0f} min"]


class ZoneResolver(Resolver):
    """ZoneResolver(zone) -> answers from a dict."""

    def __init__(self, zone: dict[Question, Records]) -> None:
        super().__init__(["127.0.0.1"])
        self.zone = zone

    async def ask(self, question: Question) -> Records:
        """Return the records in the zone."""
        return self.zone.get(question, ())


class Week:
    """Week(seed, days, share) -> the mail of this share of the hosts, the same for one seed."""

    def __init__(self, seed: int, days: float = 7.0, share: float = 1.0) -> None:
        self.chance = random.Random(seed)
        self.zone: dict[Question, Records] = {}
        self.now = 0.0
        numbers = itertools.count()
        hosts = [
            self._host(kind, next(numbers))
            for kind in KINDS.values()
            for _ in range(round(kind.hosts * share))
        ]
        self.mails = sorted(self._mailsOf(hosts, days * DAY), key=lambda each: each[0])

    def _host(self, kind: Kind, number: int) -> Host:
        """Return a host, after adding what DNS says about it."""
        chance = self.chance.random
        address = f"198.{number // 250}.{number % 250}.{self.chance.randrange(1, 255)}"
        reverse = ".".join(reversed(address.split(".")))
        domain, pointer = f"d{number}.example", Question(f"{reverse}.in-addr.arpa", "PTR")
        helo = f"mx.{domain}"
        if chance() < kind.named:
            self.zone[pointer] = (helo,)
            self.zone[Question(helo, "A")] = (address,)
        elif chance() < kind.lineNamed:
            line = f"c-{address.replace('.', '-')}.pool.line.example"
            self.zone[pointer], self.zone[Question(line, "A")] = (line,), (address,)
            helo = line if chance() < 0.5 else f"pc{number}"
        elif kind.isSpam:
            helo = address
        policy = f"v=spf1 ip4:{address} -all" if chance() < kind.authorised else "v=spf1 ~all"
        self.zone[Question(domain, "TXT")] = (policy.encode(),)
        for zone, share in ((BLOCK_LIST, kind.blockListed), (ALLOW_LIST, kind.allowListed)):
            if chance() < share:
                self.zone[Question(f"{reverse}.{zone}", "A")] = ("127.0.0.2",)
        return Host(kind, address, helo, domain, chance() < kind.encrypted)

    def _mailsOf(self, hosts: list[Host], seconds: float) -> Iterator[tuple[float, Mail]]:
        for host in hosts:
            times = sorted(self.chance.uniform(0, seconds) for _ in range(host.kind.mails))
            known: set[tuple[str, str]] = set()
            for time in times:
                sender = f"<s{self.chance.randrange(4)}@{host.domain}>"
                pair = (sender, f"<u{self.chance.randrange(3)}@ours.example>")
                yield time, Mail(host, *pair, isFirst=pair not in known)
                known.add(pair)

    async def through(self, mode: str) -> Figures:
        """Return what a mode does to this mail."""
        service = self._service(mode)
        attempts = [(time, number, 0, mail) for number, (time, mail) in enumerate(self.mails)]
        spam = stopped = firsts = lost = 0
        delays: list[float] = []
        while attempts:
            self.now, number, tried, mail = heapq.heappop(attempts)
            isAccepted = await self._isAccepted(service, mail, f"{number}.{tried}")
            if not isAccepted and tried < len(mail.host.kind.retries):
                again = self.now + mail.host.kind.retries[tried]
                heapq.heappush(attempts, (again, number, tried + 1, mail))
                continue
            if mail.host.kind.isSpam:
                spam, stopped = spam + 1, stopped + (not isAccepted)
            elif mail.isFirst:
                firsts, lost = firsts + 1, lost + (not isAccepted)
                if tried:
                    delays.append((self.now - self.mails[number][0]) / 60)
        half, long = (statistics.quantiles(delays, n=20)[at] for at in (9, 18))
        return Figures(stopped / spam, len(delays) / firsts, half, long, lost)

    def _service(self, mode: str) -> PolicyService:
        lists, check = MODES[mode], None
        if lists is not None:
            check = SuspicionCheck(ZoneResolver(self.zone), checksFor(Weights(), *lists), 3)
        greylist = Greylist(
            store="memory:",
            rules=Rules(0.0, 300.0, 2 * DAY, 36 * DAY, client_passes=5),
            v4=24,
            clock=lambda: self.now,
            suspicion=check,
        )
        return PolicyService(greylist, LastStage())

    async def _isAccepted(self, service: PolicyService, mail: Mail, instance: str) -> bool:
        """Ask at RCPT and, if it is accepted there, at the end of the text."""
        host = mail.host
        request = PolicyRequest(
            RCPT,
            host.address,
            remotename=host.helo,
            sender=mail.sender,
            recipient=mail.recipient,
            instance=instance,
            hasTLS=host.isEncrypted,
        )
        asked = DelegatedMail(service, request, self.now)
        action = await self._actionFor(asked, request)
        if not action.isDeferral:
            action = await self._actionFor(asked, request._replace(stage=END))
        asked.write()
        return not action.isDeferral

    async def _actionFor(self, mail: DelegatedMail, request: PolicyRequest) -> Action:
        while True:
            try:
                return mail.actionFor(request, self.now)
            except Later as later:
                await later.future


def rowsOf(seed: int, days: float) -> Iterator[list[str]]:
    """Yield the row of each mode for a table: see HEAD."""
    for mode in MODES:
        yield [mode, *asyncio.run(Week(seed, days).through(mode)).cells()]
