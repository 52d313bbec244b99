"""The journal of the soak test: the traffic of clients, the mails at the server, and the lists.

Example usage
-------------
    journal = Journal()
    unit = journal.mail("<a@b.example>", ["<c@ours.example>"]).units["<c@ours.example>"]
    journal.asked(...)
    journal.kept(number, recipients, text)
    journal.wrong()                     # sentences about lost, duplicated, changed and other mails

How does it work?
-----------------
A *unit* is one mail for one recipient. It counts how often its client received 250, how often the
result is unknown (no answer to the dot, or an answer that says so: 451 4.4), and how often the
real server kept it.
"""

import random
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from Tests.soak.clientStates import ACCEPTED, DEFERRED, REFUSED, Asked, Delivered, Forgot, Span

FAR = "far end"  # in each reply of the real server
MAYBE_STALLED = (
    "Greylisted, please try again later"  # also the answer when less than a second is left
)
SPAMMERS = 24  # domains: spam0.example and so on
OURS = "ours.example"  # the domain for which mail is accepted


class Unit:
    """The result of a mail for one recipient."""

    __slots__ = ("doubtful", "isDone", "kept", "told")

    def __init__(self) -> None:
        self.told = self.doubtful = self.kept = 0
        self.isDone = False  # its client does not retry any more

    def heard(self, reply: str) -> None:
        """Record the answer to the final dot, "" if there was none."""
        if reply.startswith("250"):
            self.told += 1
            self.isDone = True
        elif reply.startswith("5"):
            self.isDone = True
        elif not reply or reply.startswith(("451 4.4", "421")):
            self.doubtful += 1


class Mail(NamedTuple):
    """A mail and its results."""

    number: int
    sender: str
    senderKey: str
    units: dict[str, Unit]
    isHonest: bool  # its client retries until it arrives

    @property
    def text(self) -> bytes:
        """The text, generated from the number, because there are too many mails to keep."""
        return b"Subject: %d\r\n\r\n%s\r\n" % (self.number, bodyOf(random.Random(self.number)))

    def open(self) -> list[str]:
        """Return the recipients for which the mail must still be sent."""
        return [path for path, unit in self.units.items() if not unit.isDone]


class Listing(NamedTuple):
    """An entry that was on a list for some time."""

    verdict: str  # "allow" or "deny"
    kind: str  # "client", "sender" or "recipient"
    what: str  # a network, @domain, or an address
    start: Span
    end: Span

    def mayMust(self, peer: str, sender: str, recipient: str, when: Span) -> tuple[bool, bool]:
        if not self.isAbout(peer, sender, recipient):
            return False, False
        may = when.high >= self.start.low and when.low <= self.end.high
        must = when.low >= self.start.high and when.high <= self.end.low
        return may, must

    def isAbout(self, peer: str, sender: str, recipient: str) -> bool:
        if self.kind == "client":
            return ip_address(peer) in ip_network(self.what)
        address = (sender if self.kind == "sender" else recipient)[1:-1]
        return address.endswith(self.what) if self.what[0] == "@" else address == self.what


class Question(NamedTuple):
    """An attempt of a client for a recipient, and the answer."""

    peer: str
    mail: Mail
    recipient: str
    when: Span
    reply: str


class Delivery(NamedTuple):
    """A mail after its final dot: the recipients, the session and the dot as spans, the answer."""

    peer: str
    mail: Mail
    recipients: list[str]
    session: Span
    when: Span
    reply: str


class Journal:
    """The record of all that is visible from outside of the proxy."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.questions: list[tuple[Question, frozenset[str], bool]] = []
        self.deliveries: list[Delivery] = []
        self.mayLoseCounts = False  # the proxy is killed, and with it what it has not written
        self.listings: list[Listing] = []
        self.forgotten: list[Forgot] = []
        self.stalls: list[Span] = []  # when a deferral may mean that the store does not respond
        self.tally: Counter[str] = Counter()
        self.strange: list[str] = []

    def mail(
        self,
        sender: str,
        recipients: list[str],
        isHonest: bool = True,
        senderKey: str = "",
    ) -> Mail:
        """Return a new mail; senderKey: the key of the sender in the store, if it differs."""
        number = len(self.mails)
        key = senderKey or (sender if sender == "<>" else sender[1:-1].lower())
        mail = Mail(number, sender, key, {each: Unit() for each in recipients}, isHonest)
        self.mails.append(mail)
        return mail

    def asked(
        self, peer: str, mail: Mail, recipient: str, start: float, end: float, reply: str
    ) -> str:
        """Record the answer to RCPT, or to DATA for null senders; return the verdict or ""."""
        verdict = verdictOf(reply)
        self.tally[verdict or "unheard"] += 1
        question = Question(peer, mail, recipient, Span(start, end), reply)
        if verdict == "?":
            self.strange.append(f"an unexpected answer: {question}")
            verdict = ""
        heard = frozenset([verdict] if verdict else [ACCEPTED, DEFERRED, REFUSED])
        self.questions.append((question, heard, bool(verdict)))
        return verdict

    def askedTogether(
        self, peer: str, mail: Mail, recipients: list[str], start: float, end: float, reply: str
    ) -> str:
        """Record one answer for all recipients: a deferral is due to at least one of them."""
        if len(recipients) == 1 or verdictOf(reply) != DEFERRED:
            verdicts = {self.asked(peer, mail, each, start, end, reply) for each in recipients}
            return verdicts.pop()
        for each in recipients:
            question = Question(peer, mail, each, Span(start, end), reply)
            self.questions.append((question, frozenset([ACCEPTED, DEFERRED]), True))
        self.tally[DEFERRED] += 1
        return DEFERRED

    def kept(self, number: int, recipients: list[str], text: bytes) -> None:
        """Record that the real server has kept a mail."""
        if not 0 <= number < len(self.mails):
            self.strange.append(f"the real server has a mail that was never sent: {text[:80]!r}")
            return
        mail = self.mails[number]
        self.tally["mails at the real server"] += 1
        if text != mail.text:
            self.strange.append(f"mail {number} was changed: {text[:80]!r}")
        for each in recipients:
            if each in mail.units:
                mail.units[each].kept += 1
            else:
                self.strange.append(f"mail {number} arrived for {each}, which is not a recipient")

    # At the end

    def happened(self) -> Iterator[Asked | Delivered | Forgot]:
        """Generate the events for the model."""
        yield from self.forgotten
        yield from self._delivered()
        for (peer, mail, recipient, when, reply), heard, isSure in self.questions:
            client = str(ip_network(f"{peer}/24", strict=False))
            lists = {
                verdict: self._mayMust(verdict, (peer, mail.sender, recipient, when))
                for verdict in ("allow", "deny")
            }
            if MAYBE_STALLED in reply and any(map(when.meets, self.stalls)):
                isSure = False
            pair = (mail.senderKey, recipient[1:-1].lower())
            yield Asked(client, pair, when, heard, isSure, lists["allow"], lists["deny"])

    def _delivered(self) -> Iterator[Delivered]:
        """Generate the deliveries of mails that the rules, and not only a list, have accepted."""
        for peer, mail, recipients, session, when, reply in self.deliveries:
            lists = [
                self._mayMust("allow", (peer, mail.sender, recipient, session))
                for recipient in recipients
            ]
            if all(must for _, must in lists):
                continue
            isSure = reply.startswith("250") and not all(may for may, _ in lists)
            client = str(ip_network(f"{peer}/24", strict=False))
            yield Delivered(client, when, isSure and not self.mayLoseCounts)

    def _mayMust(self, verdict: str, asked: tuple[str, str, str, Span]) -> tuple[bool, bool]:
        found = [each.mayMust(*asked) for each in self.listings if each.verdict == verdict]
        return any(may for may, _ in found), any(must for _, must in found)

    def wrong(self) -> Iterator[str]:
        """Generate a sentence for each mail with a fault."""
        yield from self.strange
        for mail in self.mails:
            for path, unit in mail.units.items():
                unitName = f"mail {mail.number} for {path}"
                numbers = f"kept {unit.kept}, told {unit.told}, unknown {unit.doubtful}"
                if unit.kept < unit.told:
                    yield f"{unitName} is lost: {numbers}"
                if unit.kept > unit.told + unit.doubtful:
                    yield f"{unitName} arrived more often than its client sent it: {numbers}"
                if mail.isHonest and not unit.isDone:
                    yield f"{unitName} never arrived, although its client retried"

    @property
    def doubled(self) -> int:
        """The number of units that the real server has more than once."""
        units = [unit for mail in self.mails for unit in mail.units.values()]
        return sum(unit.kept > 1 for unit in units)


def verdictOf(reply: str) -> str:
    """Return the verdict of the policy, "" if it is unknown, "?" for an unexpected answer."""
    if reply[:3] in ("", "421"):
        return ""
    if reply.startswith("451 4.7.1 Greylisted, please try again"):
        return DEFERRED
    if reply.startswith("550 5.7.1"):
        return REFUSED
    if FAR in reply or reply.startswith(("354", "451 4.4.1", "451 4.4.2")):
        return ACCEPTED
    return "?"


def bodyOf(rng: random.Random) -> bytes:
    """Return some lines, some of which begin with dots; sometimes many lines."""
    size = rng.choice([1, 1, 1, 5, 5, 20, 20, 100, 100, 2000])
    lines = [b"..stuffed", b"A line of no interest.", b"-- ", b"", b"8-bit: \xc3\xa4", b"x" * 900]
    return b"\r\n".join(rng.choices(lines, [1, 5, 1, 1, 1, 1], k=size))
