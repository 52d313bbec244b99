"""The journal of a soak: what clients sent and received, what the server kept, and the lists.

Example usage
-------------
    journal = Journal(["allow", "deny"])
    unit = journal.mail("<a@b.example>", ["<c@ours.example>"]).units["<c@ours.example>"]
    journal.asked(...)
    journal.kept(number, recipients, text)
    journal.wrong()                     # sentences: what was lost, doubled, changed or smuggled

How does it work?
-----------------
A *unit* is one mail for one recipient. Each says how often its client was told
250, how often nobody can say (the dot was sent, and no answer came, or the one
that says so: 451 4.4), and how often the real server has it.
"""

import random
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from Tests.soak.clientStates import ACCEPTED, DEFERRED, REFUSED, Asked, Forgot, Span

FAR = "far end"  # is in each reply of the real server
MAYBE_MUTE = "Greylisted, please try again later"  # or else less than a second is left
SPAMMERS = 24  # domains: spam0.example and so on
OURS = "ours.example"  # the domain that mail is taken for


class Unit:
    """What became of a mail for one recipient."""

    __slots__ = ("doubtful", "isDone", "kept", "told")

    def __init__(self) -> None:
        self.told = self.doubtful = self.kept = 0
        self.isDone = False  # its client tries no more

    def heard(self, reply: str) -> None:
        """The answer to the dot, "" if none came."""
        if reply.startswith("250"):
            self.told += 1
            self.isDone = True
        elif reply.startswith("5"):
            self.isDone = True
        elif not reply or reply.startswith(("451 4.4", "421")):
            self.doubtful += 1


class Mail(NamedTuple):
    """A mail, and what became of it."""

    number: int
    sender: str
    senderKey: str
    units: dict[str, Unit]
    isHonest: bool  # its client tries until it arrives

    @property
    def text(self) -> bytes:
        """The same each time; it is not kept, as there are many."""
        return b"Subject: %d\r\n\r\n%s\r\n" % (self.number, bodyOf(random.Random(self.number)))

    def open(self) -> list[str]:
        """The recipients that it is still to be sent to."""
        return [path for path, unit in self.units.items() if not unit.isDone]


class Listing(NamedTuple):
    """Somebody was on a list from a moment to another."""

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
    """A recipient that a client asked for, and the answer."""

    peer: str
    mail: Mail
    recipient: str
    when: Span
    reply: str


class Journal:
    """Journal() -> all that was seen from outside."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.questions: list[tuple[Question, frozenset[str], bool]] = []
        self.listings: list[Listing] = []
        self.forgotten: list[Forgot] = []
        self.stalls: list[Span] = []  # when a deferral may only mean that the store is mute
        self.tally: Counter[str] = Counter()
        self.strange: list[str] = []

    def mail(
        self,
        sender: str,
        recipients: list[str],
        isHonest: bool = True,
        senderKey: str = "",
    ) -> Mail:
        """A new one; senderKey: what the sender counts as, if that is another."""
        number = len(self.mails)
        key = senderKey or (sender if sender == "<>" else sender[1:-1].lower())
        mail = Mail(number, sender, key, {each: Unit() for each in recipients}, isHonest)
        self.mails.append(mail)
        return mail

    def asked(
        self, peer: str, mail: Mail, recipient: str, start: float, end: float, reply: str
    ) -> str:
        """The answer to RCPT, or for null senders to DATA: the verdict, "" where there is none."""
        verdict = verdictOf(reply)
        self.tally[verdict or "unheard"] += 1
        question = Question(peer, mail, recipient, Span(start, end), reply)
        if verdict == "?":
            self.strange.append(f"nobody earned this answer: {question}")
            verdict = ""
        heard = frozenset([verdict] if verdict else [ACCEPTED, DEFERRED, REFUSED])
        self.questions.append((question, heard, bool(verdict)))
        return verdict

    def askedTogether(
        self, peer: str, mail: Mail, recipients: list[str], start: float, end: float, reply: str
    ) -> str:
        """The answer to all of them at once: a deferral is of one of them at least."""
        if len(recipients) == 1 or verdictOf(reply) != DEFERRED:
            verdicts = {self.asked(peer, mail, each, start, end, reply) for each in recipients}
            return verdicts.pop()
        for each in recipients:
            question = Question(peer, mail, each, Span(start, end), reply)
            self.questions.append((question, frozenset([ACCEPTED, DEFERRED]), True))
        self.tally[DEFERRED] += 1
        return DEFERRED

    def kept(self, number: int, recipients: list[str], text: bytes) -> None:
        """The real server has a mail."""
        if not 0 <= number < len(self.mails):
            self.strange.append(f"the real server has a mail that nobody sent: {text[:80]!r}")
            return
        mail = self.mails[number]
        self.tally["mails at the real server"] += 1
        if text != mail.text:
            self.strange.append(f"mail {number} was changed: {text[:80]!r}")
        for each in recipients:
            if each in mail.units:
                mail.units[each].kept += 1
            else:
                self.strange.append(f"mail {number} came for {each}, who was not asked for")

    # At the end

    def happened(self) -> Iterator[Asked | Forgot]:
        """For the model."""
        yield from self.forgotten
        for (peer, mail, recipient, when, reply), heard, isSure in self.questions:
            client = str(ip_network(f"{peer}/24", strict=False))
            lists = {
                verdict: self._mayMust(verdict, (peer, mail.sender, recipient, when))
                for verdict in ("allow", "deny")
            }
            if MAYBE_MUTE in reply and any(map(when.meets, self.stalls)):
                isSure = False
            pair = (mail.senderKey, recipient[1:-1].lower())
            yield Asked(client, pair, when, heard, isSure, lists["allow"], lists["deny"])

    def _mayMust(self, verdict: str, asked: tuple[str, str, str, Span]) -> tuple[bool, bool]:
        found = [each.mayMust(*asked) for each in self.listings if each.verdict == verdict]
        return any(may for may, _ in found), any(must for _, must in found)

    def wrong(self) -> Iterator[str]:
        """A sentence for each mail with which something is wrong."""
        yield from self.strange
        for mail in self.mails:
            for path, unit in mail.units.items():
                who = f"mail {mail.number} for {path}"
                numbers = f"kept {unit.kept}, told {unit.told}, unknown {unit.doubtful}"
                if unit.kept < unit.told:
                    yield f"{who} is lost: {numbers}"
                if unit.kept > unit.told + unit.doubtful:
                    yield f"{who} came more often than its client sent it: {numbers}"
                if mail.isHonest and not unit.isDone:
                    yield f"{who} never arrived, though its client tried and tried"

    @property
    def doubled(self) -> int:
        """How many units the real server has more than once."""
        units = [unit for mail in self.mails for unit in mail.units.values()]
        return sum(unit.kept > 1 for unit in units)


def verdictOf(reply: str) -> str:
    """What policy said; "" where no answer tells, "?" for one that nobody earned."""
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
    """Some lines, dots at their beginning among them; now and then many."""
    size = rng.choice([1, 1, 1, 5, 5, 20, 20, 100, 100, 2000])
    lines = [b"..stuffed", b"A line of no interest.", b"-- ", b"", b"8-bit: \xc3\xa4", b"x" * 900]
    return b"\r\n".join(rng.choices(lines, [1, 5, 1, 1, 1, 1], k=size))
