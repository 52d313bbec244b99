"""Greylisting: a stranger is told to come back, and who does so in time is known from then on.

Example usage
-------------
    class GreyLister(ServerCore):
        class protocol(GreyListingPolicy):
            smtp_ip, smtp_port = "192.168.2.9", 8025
            allowed_sender_nets = ["192.168.2"]     # may send to anybody
            allowed_domains = ["example.org"]       # are forwarded for

    GreyLister(port=25).run()

How does it work?
-----------------
Policy asks in this order: is the client one of ours, is each recipient's domain
one of ours, and then, for each recipient, is it whitelisted, has it passed. A
mail is accepted only if every recipient is; each is asked, so that the clock of
each has started. At RCPT a recipient that is not ours is refused for good, and
with decide_at = "rcpt" the rules are asked there, for each recipient alone.

Termination: as MailHandler.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.Policy.CompiledSettings import (
    asClients,
    asDomains,
    asHeloTriples,
    asTriples,
    compiled,
)
from Kamaelia.Apps.Grey.Policy.Greylist import wallClock
from Kamaelia.Apps.Grey.Records.MailNotes import ACCEPTED, DEFERRED, REFUSED, Noting
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Apps.Grey.Stores.Store import StoreFailed
from Kamaelia.Support.Greylist.Keys import withoutBrackets
from Kamaelia.Support.Greylist.Rules import Decision
from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SPF.Evaluation import keyOf

POSTMASTER = "<postmaster>"  # whoever takes mail takes it for this one (RFC 5321 section 4.5.1)
ROUTES = frozenset("%!@")
NO_ANSWER = "the store gave no answer"  # the reason of a verdict
LONGEST_CHECK = 20.0  # seconds that the resolver may need: RFC 7208 section 4.6.4


class GreyListingPolicy(Noting, ConcreteMailHandler):
    """GreyListingPolicy(**settings) -> the greylisting proxy for one client.

    allowed_senders: addresses, and allowed_sender_nets: networks (in CIDR, or
    their first octets), that may send to anybody. allowed_domains: for which
    mail is taken from everybody. whitelisted_triples: (address, sender,
    recipient), and whitelisted_nonstandard_triples: (name in HELO, network,
    recipient), with the brackets of addresses or without, are not greylisted.
    greylist: the Greylist with all else; one for each class without it.
    """

    allowed_senders: Any = []
    allowed_sender_nets: Any = []
    allowed_domains: Any = []
    whitelisted_triples: Any = []
    whitelisted_nonstandard_triples: Any = []

    _passedAs = ""  # the client of a triple that has passed, of the mail under way

    def isTrustedClient(self) -> bool:
        try:
            return self._isClientIn(self.allowed_senders) or self._isClientIn(
                self.allowed_sender_nets
            )
        except ValueError:  # a mistake in a list, of which the policy reports
            return False

    # What policy asks; each may be overridden

    def sentFromAllowedIPAddress(self) -> bool:
        """Whether the client's address may send to anybody."""
        return self._isClientIn(self.allowed_senders)

    def sentFromAllowedNetwork(self) -> bool:
        """Whether the client's network may send to anybody."""
        return self._isClientIn(self.allowed_sender_nets)

    def _isClientIn(self, setting: Any) -> bool:
        return bool(setting) and compiled(setting, asClients).client(self.peer) is not None

    def sentToADomainWeForwardFor(self) -> bool:
        """Whether the domains of all `recipients` are ours."""
        ours = compiled(self.allowed_domains, asDomains)
        for each in self.recipients:
            if ours.find(domainOf(each)) is None and each.lower() != POSTMASTER:
                return False
        return True

    def whiteListed(self, recipient: str) -> bool:
        """Whether a mail to `recipient` is accepted without greylisting."""
        reason: str | None = None
        if self._isExemptNullSender():
            reason = "null sender"
        elif self._isInTriples(recipient):
            reason = "whitelisted triple"
        elif self.greylist.hasAllowed:
            names = self.verifiedNames()
            reason = self.greylist.allows(self.peer, names, self.remotename, self.sender, recipient)
        if reason is not None:
            self.note(recipient, ACCEPTED, reason)
        return reason is not None

    def _isInTriples(self, recipient: str) -> bool:
        mail = (self.peer, self.remotename, self.sender, recipient)
        return any(
            setting and compiled(setting, compile_).triple(*mail) is not None
            for setting, compile_ in (
                (self.whitelisted_triples, asTriples),
                (self.whitelisted_nonstandard_triples, asHeloTriples),
            )
        )

    def isGreylisted(self, recipient: str) -> bool:
        """Whether `recipient` has passed greylisting: True is yes, the name is historical."""
        try:
            decision = self._decisionOn(recipient)
        except StoreFailed as error:
            isAccepted = self.greylist.failed(error)
            decision = Decision(isAccepted, NO_ANSWER)
        verdict = ACCEPTED if decision.isAccepted else DEFERRED
        self.note(recipient, verdict, decision.reason, decision.wait)
        return decision.isAccepted

    def verifiedNames(self) -> list[str]:
        """The client's name, if a list asks for names and the DNS leads there and back."""
        if not self.greylist.asksForNames:
            return []
        resolver = self.greylist.resolver
        ask = partial(resolver.nameOf, self.peer)
        name = self.answerTo("name", inTask, ask, extra=LONGEST_CHECK)
        self.peername = name or ""
        return [name] if name else []

    # The two questions

    def shouldWeAcceptRecipient(self, recipient: str) -> bool:
        if recipient != self._stranger:  # else this is asked again, as an answer has come
            isAccepted = self._decideAtOnce(recipient)
            if isAccepted is not None:
                return isAccepted
            self._stranger = recipient
        if self.isGreylisted(recipient):
            return True
        self.waitInTarpit()
        self.deferRecipient(recipient)
        return False

    def _decideAtOnce(self, recipient: str) -> bool | None:
        """The answer at RCPT; None where it is for the rules of greylisting to say."""
        if self._isTrusted():
            return True
        self.greylist.refresh(wallClock())
        refusal = self._refusalOf(recipient)
        if refusal is not None:
            self.note(recipient, REFUSED, refusal)
            return False
        if self.greylist.decide_at == "data" or self._isDecidedAtData():
            return True
        return self.whiteListed(recipient) or None

    def shouldWeAcceptMail(self) -> bool:
        if self._isTrusted():
            return True
        if not self.sentToADomainWeForwardFor():
            return False
        if self.greylist.decide_at == "rcpt" and not self._isDecidedAtData():
            return True
        isAccepted = self._haveAllPassed()
        if not isAccepted:
            self.waitInTarpit()
        return isAccepted

    def _haveAllPassed(self) -> bool:
        """Asks about all of them, and only then waits for answers that come later."""
        passed, due = True, None
        for each in self.recipients:
            try:
                passed &= self.whiteListed(each) or self.isGreylisted(each)
            except Later as later:
                due = later
        if due is not None:
            raise due
        return passed

    def waitInTarpit(self) -> None:
        """Wait before the answer that defers a client, if `tarpit` says so."""
        seconds = self.greylist.tarpit
        if seconds:
            self.answerTo("tarpit", after, seconds, extra=seconds)

    def deferRecipient(self, recipient: str) -> None:
        """Answer that a recipient is to be tried again; others may go on."""
        self._defer([recipient], closes=False)

    def deferMail(self) -> None:
        """Answer that the mail is to be tried again."""
        self._defer(self.recipients, closes=True)

    def _defer(self, recipients: list[str], closes: bool) -> None:
        verdicts = [self.verdictOn(each) for each in recipients]
        wait = max([each.wait for each in verdicts], default=0.0)
        hasAnswer = all(each.reason != NO_ANSWER for each in verdicts)
        self.mailStatus = "DEFERRED"
        self.lastReply = deferral(wait, self.mailId, closes, hasAnswer)
        self.answer(self.lastReply)

    def _isTrusted(self) -> bool:
        return self.sentFromAllowedIPAddress() or self.sentFromAllowedNetwork()

    def _refusalOf(self, recipient: str) -> str | None:
        if not self._isOurs(recipient):
            return "relaying denied"
        names = self.verifiedNames()  # which those behind may be told
        if not self.greylist.hasDenied:
            return None
        return self.greylist.denies(self.peer, names, self.sender, recipient)

    def _isOurs(self, recipient: str) -> bool:
        """What sentToADomainWeForwardFor() says of this recipient alone."""
        session = self.session
        recipients, session.recipients = session.recipients, [recipient]
        try:
            return self.sentToADomainWeForwardFor()
        finally:
            session.recipients = recipients

    def _isExemptNullSender(self) -> bool:
        return self.greylist.null_senders == "accept" and self.sender == "<>"

    def _isDecidedAtData(self) -> bool:
        """Null senders ask whether a recipient exists: that is for RCPT to say, not for us."""
        return self.greylist.null_senders == "data" and self.sender == "<>"

    # Deliveries

    def beginNotes(self) -> None:
        super().beginNotes()
        self._passedAs = ""

    def settle(self, reply: Reply) -> None:
        """Answer the final dot. Only a mail that the real server accepts counts for its client."""
        if reply.isPositive and self._passedAs:
            self.greylist.countDelivery(self._passedAs, wallClock())
        super().settle(reply)

    # Answers that may come later

    def answerTo(
        self, question: Any, ask: Callable[..., Any], *about: Any, extra: float = 0.0
    ) -> Any:
        """Return what ask(*about) gave, or the result of the future that it gave.

        It is called once for each question and mail. Raises Later while the future is not done.
        extra: the seconds that this wait may take beyond `policy_timeout`.
        """
        answers = self._answers
        if question in answers:
            answer = answers[question]
        else:
            try:
                answer = ask(*about)
            except Later as later:
                answer = later.future
            answers[question] = answer
        if not hasattr(answer, "add_done_callback"):
            return answer
        if not answer.done():
            raise Later(answer, extra)
        return answer.result()

    def _decisionOn(self, recipient: str) -> Decision:
        greylist = self.greylist
        triple = greylist.triple(self._clientKey(), self.sender, recipient)
        about = (triple, wallClock(), self.peer)
        decision: Decision = self.answerTo(triple, greylist.decide, *about)
        greylist.answered()
        if decision.isAccepted:
            self._passedAs = triple.client
        return decision

    def _clientKey(self) -> str:
        """Whom a retry has to come from: the domain that answers for the client, or its network."""
        if self.greylist.spf:
            resolver, mail = self.greylist.resolver, (self.peer, self.remotename, self.sender)
            ask = partial(resolver.spf, *mail)
            result = self.answerTo("spf", inTask, ask, extra=LONGEST_CHECK)
            key = keyOf(result, self.peer)
            if key != self.peer:
                return key
        return self.greylist.clientKey(self.peer)


def deferral(wait: float, mailId: str, closes: bool, hasAnswer: bool = True) -> Reply:
    """Return the reply that defers a mail; `hasAnswer`: whether the store could be asked.

    A mail that is deferred because the store failed was not greylisted (RFC 3463 section 3.4:
    X.3.0 is a failure of the mail system, X.7.1 a decision of its policy).
    """
    if not hasAnswer:
        text = f"4.3.0 The mail cannot be checked at present, please try again later ({mailId})"
        return Reply(451, text, closes)
    when = f"in {wait:.0f} seconds" if wait >= 1 else "later"
    return Reply(451, f"4.7.1 Greylisted, please try again {when} ({mailId})", closes)


def domainOf(recipient: str) -> str:
    """Return what follows the last @, without a final dot.

    Return "" if the local part may lead on to another domain: servers that trust us may take
    user%elsewhere@here for user@elsewhere, and be a relay for everybody.
    """
    local, _, domain = withoutBrackets(recipient).rpartition("@")
    domain = domain.removesuffix(".")
    return domain if ROUTES.isdisjoint(local) else ""


def inTask(ask: Callable[[], Any]) -> Any:
    """Return a task that runs the coroutine which `ask` returns."""
    return asyncio.ensure_future(ask())


def after(seconds: float) -> Any:
    """Return a future that is done after so many seconds."""
    return asyncio.ensure_future(asyncio.sleep(seconds))


__kamaelia_components__ = (GreyListingPolicy,)
