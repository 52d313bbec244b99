"""A week of simulated mail through Kamaelia Grey: what each mode stops and what it delays.

Example usage
-------------
    for mode in MODES:
        print(mode, asyncio.run(Week(seed=1, days=7).through(mode)))

How does it work?
-----------------
Hosts are of the kinds in KINDS: what DNS and lists say about them, whether they use TLS and sign
their mail, and whether they retry. Each mail of the week goes to a DelegatedMail, as Postfix would
ask at RCPT and after the text, with a greylist and checks of its mode; a deferred one comes again
as its kind retries. Where a list refuses clients, it is asked before, as the proxy asks it. The
time is that of the mails, the answers of DNS are those of the hosts, and the signatures are real
ones. The figures say what the mode did to this traffic; real traffic has other shares of these
kinds.
"""

import asyncio
import heapq
import itertools
import random
import statistics
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from Kamaelia.Apps.Grey.Delegation.DelegatedMail import DelegatedMail
from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage, PolicyService
from Kamaelia.Apps.Grey.Policy.BlockLists import BlockLists
from Kamaelia.Apps.Grey.Policy.DKIMCheck import DKIMCheck
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Apps.Grey.Policy.SuspicionCheck import SuspicionCheck
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Greylist.Rules import Rules
from Kamaelia.Support.Greylist.Suspicion import Weights, checksFor
from Kamaelia.Support.Protocol.DNSNames import Question, Records
from Kamaelia.Support.Protocol.PolicyDelegation import END, RCPT, Action, PolicyRequest
from Tests.Kamaelia.Apps.Grey.signing import SigningKey

DAY = 86400.0
BLOCK_LIST, ALLOW_LIST = "bl.test", "wl.test"
POSTFIX = (300.0, 600.0, 1200.0, 2400.0, 4000.0, 4000.0, 4000.0)  # between attempts
SLOW = (3600.0,) * 5
ONCE: tuple[float, ...] = ()
CREDIT = -3  # dkim_known
LONGEST_CHECK = 60.0  # seconds of real time: the figures must not depend on the speed of a machine

HEAD = [
    "mode",
    "spam stopped",
    "first real mails delayed",
    "real mails refused",
    "median",
    "95 % within",
]


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
    signed: float  # by DKIM
    retries: tuple[float, ...]
    domains: int = 0  # that the hosts share; 0: each has its own


KINDS = {
    "large provider": Kind(False, 10, 40, 1.0, 0.0, 1.0, 1.0, 0.0, 0.8, 1.0, POSTFIX),
    "mail server": Kind(False, 120, 6, 0.95, 0.0, 0.8, 0.95, 0.01, 0.3, 0.7, POSTFIX),
    "careless server": Kind(False, 15, 6, 0.3, 0.3, 0.2, 0.4, 0.05, 0.0, 0.2, SLOW),
    # Login codes and orders: each mail may come from another host, without a good name
    "cloud service": Kind(False, 60, 3, 0.0, 1.0, 0.0, 1.0, 0.02, 0.0, 1.0, POSTFIX, domains=5),
    "bot": Kind(True, 1200, 2, 0.05, 0.6, 0.0, 0.3, 0.75, 0.0, 0.0, ONCE),
    "rented server": Kind(True, 150, 4, 0.9, 0.0, 0.8, 0.9, 0.5, 0.0, 0.8, ONCE),
    "hijacked server": Kind(True, 20, 10, 0.95, 0.0, 0.5, 0.9, 0.4, 0.1, 0.5, POSTFIX),
}


class Mode(NamedTuple):
    """A configuration; its lists are those of [suspicion]."""

    assesses: bool = True
    blockLists: tuple[str, ...] = ()
    allowLists: tuple[str, ...] = ()
    hasCredit: bool = False  # for DKIM
    refusesBy: tuple[str, ...] = ()  # block_lists in [limits]


MODES = {
    "classic": Mode(assesses=False),
    "classic, list refuses": Mode(assesses=False, refusesBy=(BLOCK_LIST,)),
    "suspicion without lists": Mode(),
    "suspicion with lists": Mode(True, (BLOCK_LIST,), (ALLOW_LIST,)),
    "suspicion with lists and DKIM": Mode(True, (BLOCK_LIST,), (ALLOW_LIST,), hasCredit=True),
    "suspicion with DKIM, list refuses": Mode(True, (), (ALLOW_LIST,), True, (BLOCK_LIST,)),
}


@cache
def signingKey() -> SigningKey:
    """Return the key of all domains."""
    with tempfile.TemporaryDirectory() as folder:
        return SigningKey(Path(folder))


class Host(NamedTuple):
    """A host that sends mail."""

    kind: Kind
    address: str
    helo: str
    domain: str
    isEncrypted: bool
    text: bytes  # of its mails, perhaps with a signature


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
    realRefused: float
    medianDelay: float
    longDelay: float  # 95 % were not later
    realLost: int

    def cells(self) -> list[str]:
        """The figures as text."""
        shares = [f"{100 * each:.0f} %" for each in self[:3]]
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
        domain = f"shared{number % kind.domains}.example" if kind.domains else f"d{number}.example"
        pointer, helo = Question(f"{reverse}.in-addr.arpa", "PTR"), f"mx.{domain}"
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
        return Host(
            *(kind, address, helo, domain, chance() < kind.encrypted),
            self._textOf(domain, isSigned=chance() < kind.signed),
        )

    def _textOf(self, domain: str, isSigned: bool) -> bytes:
        text = f"From: <info@{domain}>\r\nSubject: hello\r\n\r\nHello\r\n".encode()
        if not isSigned:
            return text
        self.zone[Question(f"mail._domainkey.{domain}", "TXT")] = (signingKey().record.encode(),)
        return signingKey().signed(text, domain)

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
        refuses, service = self._blockLists(mode), self._service(mode)
        attempts = [(time, number, 0, mail) for number, (time, mail) in enumerate(self.mails)]
        spam = stopped = real = refused = firsts = lost = 0
        delays: list[float] = []
        while attempts:
            self.now, number, tried, mail = heapq.heappop(attempts)
            isRefused = bool(await refuses.listing(mail.host.address))
            isAccepted = not isRefused and await self._isAccepted(
                service, mail, f"{number}.{tried}"
            )
            if not (isAccepted or isRefused) and tried < len(mail.host.kind.retries):
                again = self.now + mail.host.kind.retries[tried]
                heapq.heappush(attempts, (again, number, tried + 1, mail))
                continue
            if mail.host.kind.isSpam:
                spam, stopped = spam + 1, stopped + (not isAccepted)
                continue
            real, refused = real + 1, refused + isRefused
            if mail.isFirst:
                firsts, lost = firsts + 1, lost + (not (isAccepted or isRefused))
                if tried:
                    delays.append((self.now - self.mails[number][0]) / 60)
        parts = statistics.quantiles(delays, n=20) if len(delays) > 1 else delays * 19
        half, long = (parts[at] for at in (9, 18)) if parts else (0.0, 0.0)
        return Figures(stopped / spam, len(delays) / firsts, refused / real, half, long, lost)

    def _blockLists(self, mode: str) -> BlockLists:
        return BlockLists(ZoneResolver(self.zone), MODES[mode].refusesBy, LONGEST_CHECK)

    def _service(self, mode: str) -> PolicyService:
        known, check, dkim = MODES[mode], None, None
        if known.hasCredit:
            dkim = DKIMCheck(ZoneResolver(self.zone), CREDIT, timeout=LONGEST_CHECK)
        if known.assesses:
            checks = checksFor(Weights(), known.blockLists, known.allowLists)
            check = SuspicionCheck(ZoneResolver(self.zone), checks, 3, LONGEST_CHECK, dkim)
        greylist = Greylist(
            store="memory:",
            rules=Rules(0.0, 300.0, 2 * DAY, 36 * DAY, client_passes=5),
            v4=24,
            clock=lambda: self.now,
            decide_at="rcpt",
            suspicion=check,
        )
        return PolicyService(greylist, LastStage(), longestText=dkim.most if dkim else 0)

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
            ending = request._replace(stage=END, text=host.text)
            action = await self._actionFor(asked, ending)
        asked.write()
        return not action.isDeferral

    async def _actionFor(self, mail: DelegatedMail, request: PolicyRequest) -> Action:
        while True:
            try:
                return mail.actionFor(request, self.now)
            except Later as later:
                await later.future


def rowOf(mode: str, seed: int, days: float) -> list[str]:
    """Return the row of a mode for a table: see HEAD."""
    return [mode, *asyncio.run(Week(seed, days).through(mode)).cells()]
