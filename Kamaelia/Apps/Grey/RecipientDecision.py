"""The decision of greylisting about one recipient of a mail, however the mail is asked about.

Example usage
-------------
    decision = decide(mail, "<bob@example.org>")     # may raise Later
    decision.isAccepted, decision.reason, decision.wait

How does it work?
-----------------
With [suspicion], mail of clients that are not suspicious passes without a question to the rules.
An SMTP handler and a policy service have the same questions: which client a retry has to come
from (its network, or its domain by SPF), and what the rules say about the triple. The notes keep
the verdict, and the answers to questions that take time (see PolicyAnswers).
"""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.PolicyAnswers import inTask
from Kamaelia.Apps.Grey.Policy.SuspicionCheck import SuspicionCheck
from Kamaelia.Apps.Grey.Records.MailNotes import (
    ACCEPTED,
    DEFERRED,
    LEFT_TO_TEXT,
    NO_ANSWER,
    MailNotes,
)
from Kamaelia.Apps.Grey.Stores.Store import StoreFailed
from Kamaelia.Support.Greylist.Rules import DRY_RUN, NOT_SUSPICIOUS, WAITED, Decision
from Kamaelia.Support.Greylist.Suspicion import Assessment, Client
from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SPF.Evaluation import keyOf

LONGEST_CHECK = 20.0  # seconds that the resolver may take: RFC 7208 section 4.6.4


class DecidedMail(Protocol):
    """What a decision reads from a mail."""

    peer: str
    remotename: Any
    sender: Any
    greylist: Greylist
    notes: MailNotes

    @property
    def hasTLS(self) -> bool | None:
        """Whether the session is encrypted; None if TLS is not offered, or not known."""

    @property
    def seesText(self) -> bool:
        """Whether the text is known before the mail is accepted."""

    @property
    def hasCertificate(self) -> bool:
        """Whether the certificate of the client was verified."""


def decide(mail: DecidedMail, recipient: str) -> Decision:
    """Return the decision, after noting its verdict. May raise Later."""
    greylist, notes = mail.greylist, mail.notes
    if greylist.suspicion is not None:
        assessment = _assess(mail, greylist.suspicion)
        if not assessment.isSuspicious:
            notes.passedAs = clientKeyOf(mail)
            notes.note(recipient, ACCEPTED, NOT_SUSPICIOUS)
            return Decision(True, NOT_SUSPICIOUS)
        isOpen = mail.seesText and not notes.hasText
        if isOpen and greylist.suspicion.dependsOnText(assessment):
            notes.leaveToText(recipient)
            return Decision(True, LEFT_TO_TEXT)
    try:
        triple = greylist.triple(clientKeyOf(mail), mail.sender, recipient)
        ask = partial(greylist.decide, triple, greylist.clock(), mail.peer)
        decision: Decision = notes.answerTo(triple, ask)
        if greylist.isFailing:
            greylist.answered()
        if decision.isAccepted:
            notes.passedAs = triple.client
    except StoreFailed as error:
        decision = Decision(greylist.failed(error), NO_ANSWER)
    if greylist.dry_run and not decision.isAccepted:
        decision = decision._replace(isAccepted=True, reason=f"{DRY_RUN}: {decision.reason}")
    verdict = ACCEPTED if decision.isAccepted else DEFERRED
    delay = _delayOf(decision) if decision.reason == WAITED else 0.0
    notes.note(recipient, verdict, decision.reason, decision.wait, delay)
    return decision


def decideOnText(mail: DecidedMail, text: bytes | None) -> list[Decision]:
    """Return the decisions about the recipients that were left to the text. May raise Later.

    text: with CRLF and without the dots of SMTP; None if it was too large to keep.
    """
    notes, suspicion = mail.notes, mail.greylist.suspicion
    if not notes.hasText and suspicion is not None and suspicion.dkim is not None:
        dkim = suspicion.dkim
        ask = inTask(dkim.signersOf, text, str(mail.sender))
        notes.signers = notes.answerTo("dkim", ask, extra=dkim.timeout)
        known = [each for each in notes.signers if _isKnownSigner(mail, each)]
        if known and notes.assessment is not None:
            reason = f"DKIM of {known[0]}, which mailed before"
            notes.assessment = notes.assessment.credited(dkim.points, reason)
    notes.hasText = True
    return [decide(mail, each) for each in notes.leftToText]


def _isKnownSigner(mail: DecidedMail, domain: str) -> bool:
    greylist = mail.greylist
    try:
        ask = partial(greylist.isKnownSigner, domain, greylist.clock())
        isKnown: Any = mail.notes.answerTo(("signer", domain), ask)
        # A store that answers later gives its own decision
        return isKnown.isAccepted if isinstance(isKnown, Decision) else bool(isKnown)
    except StoreFailed as error:
        greylist.failed(error)
        return False


def refusalOfUnknown(mail: DecidedMail, recipient: str) -> Reply | None:
    """Return the real server's refusal of a recipient that it does not know. May raise Later.

    Return None if it knows the recipient, if it cannot be asked, or if `recipients` is not "ask".
    """
    directory = mail.greylist.recipients
    if directory is None:
        return None
    ask = partial(directory.ask, recipient, mail.peer)
    refusal: Reply | None = mail.notes.answerTo(
        ("recipient", recipient), ask, extra=directory.timeout
    )
    if refusal is not None and mail.greylist.dry_run and refusal.isForNow:
        return None  # nothing is deferred
    return refusal


def _assess(mail: DecidedMail, suspicion: SuspicionCheck) -> Assessment:
    """Return the assessment of a mail's client, which all its recipients share. May raise Later."""
    if mail.notes.hasText and mail.notes.assessment is not None:
        return mail.notes.assessment
    sender = Client(
        mail.peer, str(mail.remotename), str(mail.sender), mail.hasTLS, mail.hasCertificate
    )
    ask = inTask(suspicion.assess, sender)
    assessment: Assessment = mail.notes.answerTo("suspicion", ask, extra=suspicion.timeout)
    mail.notes.assessment = assessment
    return assessment


def _delayOf(decision: Decision) -> float:
    """Return how long the first mail of a triple was delayed that has WAITED; 0 if not known."""
    record = decision.record
    if record is None or record.passed is None:
        return 0.0
    return record.passed - record.seen


def clientKeyOf(mail: DecidedMail) -> str:
    """Return what a retry has to come from: the client's domain by SPF, or its network."""
    greylist = mail.greylist
    if greylist.spf:
        ask = inTask(greylist.resolver.spf, mail.peer, mail.remotename, mail.sender)
        key = keyOf(mail.notes.answerTo("spf", ask, extra=LONGEST_CHECK), mail.peer)
        if key != mail.peer:
            return key
    return greylist.clientKey(mail.peer)


def nameOf(mail: DecidedMail) -> str:
    """Return the client's name if the DNS maps it back to the client, or ""."""
    ask = inTask(mail.greylist.resolver.nameOf, mail.peer)
    name: str | None = mail.notes.answerTo("name", ask, extra=LONGEST_CHECK)
    return name or ""
