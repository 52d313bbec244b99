"""A mail that Postfix asks about in one or several policy requests, and the action for each.

Example usage
-------------
    mail = DelegatedMail(service, request, now=0.0)
    mail.actionFor(request, now=0.0)            # an Action; may raise Later
    mail.write()

How does it work?
-----------------
Postfix gives all requests about one delivery the same `instance`. A recipient is decided once,
however often it is asked about, by the same lists and rules as in SMTP. Whether recipients are ours
is Postfix's own question, so `allowed_domains` is not read. With `recipients = "ask"`, the real
server refuses those that it does not know.

What is decided at DATA (`decide_at`, `null_senders`) covers all recipients that Postfix has asked
about at RCPT, or else the one in the request. With several recipients Postfix names none.

The real server's answer after the dot is not visible here. A mail counts for its client when it is
accepted at the last stage at which Postfix asks (see LastStage), once it is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from functools import partial

from Kamaelia.Apps.Grey.Delegation.PolicyService import PolicyService
from Kamaelia.Apps.Grey.Policy.PolicyAnswers import after
from Kamaelia.Apps.Grey.RecipientDecision import (
    decide,
    decideOnText,
    nameOf,
    refusalOfUnknown,
)
from Kamaelia.Apps.Grey.Records.LogFiles import logPrintable
from Kamaelia.Apps.Grey.Records.MailNotes import ACCEPTED, DEFERRED, REFUSED, MailNotes
from Kamaelia.Apps.Grey.Records.RefusalRecord import GREYLISTED, newId, writeRefusal
from Kamaelia.Support.Greylist.KeyedPaths import NO_ADDRESS, keyedRecipient, keyedSender
from Kamaelia.Support.Greylist.Rules import WAITED, Decision
from Kamaelia.Support.Protocol.PolicyDelegation import (
    DATA,
    END,
    NO_OPINION,
    RCPT,
    STAGES,
    Action,
    PolicyRequest,
)
from Kamaelia.Support.Protocol.SMTP.Refusal import Refusal
from Kamaelia.Support.Protocol.SMTP.Reply import RECIPIENT_REFUSED, Reply

SEVERAL = "<several@invalid>"  # recipients that Postfix does not name (RFC 2606: no such domain)
MOST_RECIPIENTS = 10_000  # of one mail; Postfix sends at most smtpd_recipient_limit (1,000)


class DelegatedMail:
    """DelegatedMail(service, request, now) -> a mail with this instance, from this client."""

    octets = 0  # Postfix knows the size only later
    realServer = ""  # the mail server that asks delivers the mail itself
    mailStatus = ""  # see statusNow
    endedAt = 0.0  # the time of the last request, by the greylist's clock,
    _lastAt = 0.0  # and by that of the connections
    _acceptedAt = ""  # the last stage
    _hasHeader = _isCounted = _isWritten = False

    def __init__(self, service: PolicyService, request: PolicyRequest, now: float) -> None:
        self.service = service
        self.greylist = service.greylist
        self._first = request
        self.peer, self.peerport = request.peer, request.peerport
        self.remotename, self.sender = request.remotename, keyedSender(request.sender)
        self.hasTLS, self.hasCertificate = request.hasTLS, request.hasCertificate
        self.notes = MailNotes(self.greylist, newId())
        self._beganAt = now
        self._actions: dict[str, Action] = {}  # by recipient, once each is answered
        self._undecided: list[str] = []  # recipients that are left to DATA

    def isAbout(self, request: PolicyRequest) -> bool:
        """Return whether a request is about this mail."""
        first = self._first
        if not first.instance or first.instance != request.instance:
            return False
        isSame = first.peer == request.peer and first.sender == request.sender
        return isSame and len(self._actions) < MOST_RECIPIENTS

    @property
    def recipients(self) -> list[str]:
        """The recipients about which the mail server has had an answer."""
        return list(self._actions)

    def actionFor(self, request: PolicyRequest, now: float) -> Action:
        """Return the action that answers a request. May raise Later: ask again."""
        self._lastAt, self.endedAt = now, self.greylist.clock()
        stage = request.stage
        if stage not in STAGES:
            return NO_OPINION
        self.service.lastStage.note(stage)
        recipient = keyedRecipient(request.recipient) if request.recipient else SEVERAL
        if stage == RCPT:
            action = self._actionAtRcpt(recipient, request.login)
        else:
            action = self._actionLater(request, recipient)
        if not action.code:
            self._acceptedAt = stage
        elif stage != RCPT:  # at RCPT, another recipient may have been accepted
            self._acceptedAt = ""
        return action

    def _actionLater(self, request: PolicyRequest, recipient: str) -> Action:
        """Return the action at a stage after RCPT."""
        if not self._actions:  # Postfix has not asked at RCPT
            action = self._actionAtRcpt(recipient, request.login)
            if not self._undecided:
                return action
        if request.stage == DATA or self._undecided:
            action = self._actionAtData(request.stage)
            if request.stage == DATA or action.isDeferral:
                return action
        if request.stage == END and self.notes.leftToText:
            return self._actionAtEnd(request)
        return NO_OPINION

    def noteAnswer(self, action: Action, words: str) -> None:
        """Note how the mail server was told an action, for the record of the mail."""
        if action is not NO_OPINION or not self.notes.told:
            self.notes.told = words

    # The stages

    def _actionAtRcpt(self, recipient: str, login: str) -> Action:
        known = self._actions.get(recipient)
        if known is not None:
            return known
        reason = self._reasonToPass(login)
        if reason is None:
            greylist = self.greylist
            greylist.refresh(self.endedAt)
            if greylist.hasDenied and (denial := self._denialOf(recipient)) is not None:
                return self._refuse(recipient, denial)
            if greylist.recipients is not None:
                unknown = self._refusalOfUnknown(recipient)
                if unknown is not None:
                    return self._passOn(recipient, unknown)
            if self._isDecidedAtData():
                self._undecided.append(recipient)
                return self._done(recipient, NO_OPINION)
            reason = self._listedReason(recipient)
        if reason is not None:
            self.notes.note(recipient, ACCEPTED, reason)
            return self._done(recipient, NO_OPINION)
        decision = decide(self, recipient)
        if decision.isAccepted:
            return self._done(recipient, self._actionAfter(decision))
        self._waitInTarpit()
        return self._done(recipient, self._defer([recipient], RCPT))

    def _actionAtData(self, stage: str) -> Action:
        """Return the action for all recipients that RCPT has left undecided."""
        decisions = []
        for recipient in self._undecided:
            reason = self._listedReason(recipient)
            if reason is not None:
                self.notes.note(recipient, ACCEPTED, reason)
            else:
                decisions.append(decide(self, recipient))
        if not all(each.isAccepted for each in decisions):
            self._waitInTarpit()
            return self._defer(self._undecided, stage)
        actions = [self._actionAfter(each) for each in decisions if stage == DATA]
        self._undecided = []
        return next((each for each in actions if each != NO_OPINION), NO_OPINION)

    def _actionAtEnd(self, request: PolicyRequest) -> Action:
        """Return the action for all recipients that were left to the text."""
        decisions = decideOnText(self, request.text)
        if not all(each.isAccepted for each in decisions):
            self._waitInTarpit()
            return self._defer(self.notes.leftToText, END)
        self._isWritten = False
        actions = [self._actionAfter(each) for each in decisions]
        return next((each for each in actions if each != NO_OPINION), NO_OPINION)

    @property
    def seesText(self) -> bool:
        """Whether the mail server sends the text before the mail is accepted."""
        return self.service.longestText > 0

    def _done(self, recipient: str, action: Action) -> Action:
        """Keep the action for the next request about a recipient, without a header."""
        self._isWritten = False
        self._actions[recipient] = action if action.header is None else NO_OPINION
        return action

    # What is asked about a recipient

    def _reasonToPass(self, login: str) -> str | None:
        if login:
            return "authenticated client"
        if self.service.trusted.client(self.peer) is not None:
            return "trusted client"
        return None

    def _denialOf(self, recipient: str) -> str | None:
        return self.greylist.denies(self.peer, self._verifiedNames(), self.sender, recipient)

    def _refusalOfUnknown(self, recipient: str) -> Reply | None:
        return None if recipient.endswith(NO_ADDRESS) else refusalOfUnknown(self, recipient)

    def _listedReason(self, recipient: str) -> str | None:
        greylist = self.greylist
        if greylist.null_senders == "accept" and self.sender == "<>":
            return "null sender"
        if not greylist.hasAllowed:
            return None
        names = self._verifiedNames()
        return greylist.allows(self.peer, names, self.remotename, self.sender, recipient)

    def _verifiedNames(self) -> Sequence[str]:
        """Return the name that Postfix has verified, or else the one that DNS confirms."""
        names = self._first.names
        if not names and self.greylist.asksForNames:
            name = nameOf(self)
            return [name] if name else []
        return names

    def _isDecidedAtData(self) -> bool:
        greylist = self.greylist
        if self.sender == "<>" and greylist.null_senders == "data":
            return True
        return greylist.decide_at == "data"

    def _waitInTarpit(self) -> None:
        seconds = self.greylist.tarpit
        if seconds:
            self.notes.answerTo("tarpit", partial(after, seconds), extra=seconds)

    # Actions

    def _defer(self, recipients: Sequence[str], stage: str) -> Action:
        self._isWritten = False
        self.notes.uncounted.append(("refusals", stage, GREYLISTED))
        reply = self.notes.deferral(recipients, closes=False)
        return Action(reply.code, reply.text)

    def failed(self) -> Action:
        """Return the action for a request that could not be decided."""
        return Action(451, "4.3.0 Local error, please try again later")

    def _refuse(self, recipient: str, reason: str) -> Action:
        self.notes.note(recipient, REFUSED, reason)
        return self._answer(recipient, RECIPIENT_REFUSED)

    def _passOn(self, recipient: str, reply: Reply) -> Action:
        """Refuse a recipient that the real server does not know, with its words."""
        self.notes.noteUnknown(recipient, reply)
        return self._answer(recipient, reply)

    def _answer(self, recipient: str, reply: Reply) -> Action:
        """Record the refusal of a recipient, and return the action."""
        cause = self.notes.verdictOn(recipient).cause()
        self.notes.lastReply = reply
        about = (self.peer, self.peerport, RCPT, f"TO:{recipient}", reply, self.notes.mailId)
        refusal = Refusal(*about, cause, self.sender, self.remotename)
        writeRefusal(refusal, self.greylist, self.noteToLog)
        return self._done(recipient, Action(reply.code, reply.text.replace("\n", " ")))

    def _actionAfter(self, decision: Decision) -> Action:
        """Return the action for a recipient that has passed: a header once, if it was delayed."""
        record = decision.record
        mayAdd = self.service.addsHeader and not self._hasHeader
        if not mayAdd or decision.reason != WAITED or record is None:
            return NO_OPINION
        self._hasHeader = True
        now = self.greylist.clock()
        waited = f"delayed {now - record.seen:.0f} seconds by Kamaelia Grey"
        value = f"{waited} at {self.service.hostname}; {formatdate(now)}"
        return Action(header=("X-Greylist", value))

    def _count(self) -> None:
        """Count the mail for its client once, if it was accepted at the last stage."""
        client, stage = self.notes.passedAs, self._acceptedAt
        if client and stage and self.service.lastStage.isLast(stage) and not self._isCounted:
            self._isCounted = True
            self.greylist.countDelivery(client, self.greylist.clock())
            self.greylist.countSigners(self.notes.signers, self.greylist.clock())

    # Records

    def statusNow(self) -> str:
        """Return whether the mail is accepted for any recipient; "" while that is not known."""
        verdicts = [each.verdict for each in self.notes.verdicts.values()]
        if ACCEPTED not in verdicts:
            return "DEFERRED" if DEFERRED in verdicts else "REFUSED" if verdicts else ""
        hasAllOrNothing = self._isDecidedAtData() or bool(self.notes.leftToText)
        return "DEFERRED" if hasAllOrNothing and DEFERRED in verdicts else "ACCEPTED"

    def write(self) -> None:
        """Write the mail to the log, as JSON and to the counters, unless nothing is new.

        Only now it counts for its client, so that it cannot help its own further recipients.
        """
        self._count()
        if self.notes.verdicts and not self._isWritten:
            self._isWritten = True
            self.mailStatus = self.statusNow()
            self.notes.write(self)

    @property
    def isWritten(self) -> bool:
        """Whether nothing is new since write()."""
        return self._isWritten or not self.notes.verdicts

    def secondsConnected(self) -> float:
        """Return the time from the first to the last request."""
        return self._lastAt - self._beganAt

    def noteToLog(self, line: str) -> None:
        """Write a line, which the wording has made, to the log of mails."""
        logPrintable(self.service.logfile, line)
