"""What greylisting has stopped and delayed, from the JSON records of mails.

Example usage::

    >>> report = Report(networkOf=lambda client: client, latest=3600.0)
    >>> mail = {"event": "mail", "client": "192.0.2.1", "sender": "ann@example.net"}
    >>> deferred = {"address": "bob@example.org", "verdict": "deferred", "reason": "never seen"}
    >>> accepted = deferred | {"verdict": "accepted", "reason": "waited long enough", "delay": 300}
    >>> report.add(mail | {"time": 0.0, "recipients": [deferred]})
    >>> report.add(mail | {"time": 300.0, "recipients": [accepted]})
    >>> totals = report.totals()
    >>> totals.deferred, totals.delayed, report.delays.atShare(0.5)
    (1, 1, 300.0)

How does it work?

A case begins when a mail of a client's network, sender and recipient is deferred. It ends when
such a mail is accepted: it was delayed. A case that has not ended after `latest` seconds was
stopped; before, it is open. In a dry run no client has to retry, so a case that ends there says
only that the sender has written again, and its time is no delay.

Cases are kept by a hash of 64 bits, so that a week of mail fits into memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple

from Kamaelia.Support.Greylist.Rules import DEFERRING, DRY_RUN

LONGEST_RETRIED = 3650 * 86400.0  # a longer delay is a mistake of a clock
NULL_SENDER = "<>"


class Case(NamedTuple):
    """A mail that was deferred, from its first attempt."""

    time: float
    network: str
    domain: str  # of the sender
    reason: str
    isDry: bool


@dataclass
class Outcome:
    """The numbers of cases."""

    deferred: int = 0
    stopped: int = 0
    delayed: int = 0

    @property
    def open(self) -> int:
        """The cases that may still be retried."""
        return self.deferred - self.stopped - self.delayed


@dataclass
class Delays:
    """The seconds by which mails were late."""

    seconds: list[float] = field(default_factory=list)

    def atShare(self, share: float) -> float | None:
        """Return the delay that this share of the mails did not exceed, or None without mails."""
        if not self.seconds:
            return None
        ordered = sorted(self.seconds)
        return ordered[max(0, ceil(share * len(ordered)) - 1)]


class Report:
    """Report(networkOf, latest) -> takes records in the order of their time.

    networkOf: the network of a client's address. latest: the time after which a retry is late.
    """

    def __init__(self, networkOf: Callable[[str], str], latest: float) -> None:
        self.networkOf = networkOf
        self.latest = latest
        self.damaged = 0
        self.statuses: Counter[str] = Counter()  # of mails, in lower case
        self.verdicts: Counter[str] = Counter()  # on recipients
        self.isDry = False  # whether any record is of a dry run
        self.first: float | None = None
        self.last = 0.0
        self.delays = Delays()
        self._open: dict[int, Case] = {}
        self._ended: list[tuple[Case, bool]] = []  # with whether it was delayed, else stopped

    def add(self, record: Any) -> None:
        """Add a record. Records of other events are ignored, and those without a form counted."""
        try:
            if record["event"] != "mail":
                return
            time, client = float(record["time"]), self.networkOf(str(record["client"]))
            sender = str(record["sender"]) or NULL_SENDER
            status = str(record.get("status", "dropped")).lower()
            known = [(str(each["address"]), *_verdictOf(each)) for each in record["recipients"]]
        except (KeyError, TypeError, ValueError):
            self.damaged += 1
            return
        self.statuses[status] += 1
        self.first = time if self.first is None else min(time, self.first)
        self.last = max(time, self.last)
        for recipient, verdict, reason, delay in known:
            self.verdicts[verdict] += 1
            isAccepted = verdict == "accepted"
            key = hash((client, sender.lower(), recipient.lower()))
            self._endIfLate(key, time)
            why = reason.removeprefix(f"{DRY_RUN}: ")
            isDry = why != reason
            self.isDry |= isDry
            if why in DEFERRING and (isDry or not isAccepted):
                domain = sender.rpartition("@")[2]
                self._open.setdefault(key, Case(time, client, domain, why, isDry))
            elif isAccepted and key in self._open:
                self._accept(key, time, delay)

    def _endIfLate(self, key: int, time: float) -> None:
        """End a case that can no longer be retried."""
        case = self._open.get(key)
        if case is not None and time - case.time > self.latest:
            self._ended.append((self._open.pop(key), False))

    def _accept(self, key: int, time: float, delay: float) -> None:
        case = self._open.pop(key)
        self._ended.append((case, True))
        if not case.isDry:
            self.delays.seconds.append(delay or time - case.time)

    # Results

    @property
    def mails(self) -> int:
        """The number of all mails."""
        return self.statuses.total()

    @property
    def recipients(self) -> int:
        """The number of all recipients of all mails."""
        return self.verdicts.total()

    def totals(self) -> Outcome:
        """Return the numbers of all cases."""
        return self.by(lambda case: "").get("", Outcome())

    def by(self, name: Callable[[Case], str]) -> dict[str, Outcome]:
        """Return the numbers of cases with each name, the largest first."""
        found: dict[str, Outcome] = {}
        for case, isDelayed in self._cases():
            outcome = found.setdefault(name(case), Outcome())
            outcome.deferred += 1
            outcome.delayed += isDelayed is True
            outcome.stopped += isDelayed is False
        return dict(sorted(found.items(), key=lambda pair: -pair[1].deferred))

    def _cases(self) -> Iterator[tuple[Case, bool | None]]:
        yield from self._ended
        for case in self._open.values():
            yield case, False if self.last - case.time > self.latest else None


def _verdictOf(recipient: Mapping[str, Any]) -> tuple[str, str, float]:
    delay = float(recipient.get("delay", 0.0))
    if not 0 <= delay < LONGEST_RETRIED:
        raise ValueError("not a delay")
    return str(recipient["verdict"]), str(recipient["reason"]), delay
