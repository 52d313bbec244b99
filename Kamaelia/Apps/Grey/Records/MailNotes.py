"""The notes about the mails of one client, from which log lines, JSON and counters are made.

Example usage
-------------
    notes = MailNotes(greylist)
    notes.begin()                                            # at MAIL
    notes.note("<c@d.example>", DEFERRED, "first contact", 3600)
    notes.write(handler)                                     # when the mail ends

How does it work?
-----------------
The notes keep a verdict for each recipient. Everything else is read from the handler when
a line is written: see NotedHandler. The id of a mail is in its JSON object, in its
refusals and in each answer of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.PolicyAnswers import PolicyAnswers
from Kamaelia.Apps.Grey.Records.MailLog import suspicionWords
from Kamaelia.Apps.Grey.Records.PostfixLog import MailEnd, RecipientEnd
from Kamaelia.Apps.Grey.Records.RefusalRecord import GREYLISTED, newId, writeRefusal
from Kamaelia.Support.Counts import counted
from Kamaelia.Support.Greylist.Keys import withoutBrackets
from Kamaelia.Support.Greylist.Suspicion import Assessment
from Kamaelia.Support.Protocol.SMTP.Refusal import Refusal, argumentOf, reasonOf, wordsOf
from Kamaelia.Support.Protocol.SMTP.Reply import RECIPIENT_REFUSED, Reply
from Kamaelia.Support.Protocol.SMTP.Session import Session

ACCEPTED: Final = "accepted"
DEFERRED: Final = "deferred"
REFUSED: Final = "refused"
DROPPED: Final = "DROPPED"  # the status of a mail whose client disconnected
LEFT_TO_TEXT: Final = "left to the text"  # the reason while a mail has not come to its end
NO_ANSWER: Final = "the store gave no answer"  # the reason of a verdict


class NotedMail(Protocol):
    """What the notes read when a mail ends. Programs may set all of it."""

    peer: Any
    peerport: Any
    remotename: Any
    sender: Any

    @property
    def recipients(self) -> Any:
        """The recipients that are accepted, or that have been asked about."""

    @property
    def mailStatus(self) -> Any:
        """ACCEPTED, DEFERRED, REFUSED or another word; "" if the mail was dropped."""

    @property
    def endedAt(self) -> Any:
        """The time of its end, in seconds of the greylist's clock."""

    @property
    def octets(self) -> Any:
        """The size of the text, or 0 if it is not known."""

    @property
    def realServer(self) -> Any:
        """The server to which the mail was passed on, or "" if that is not done here."""

    def secondsConnected(self) -> Any:
        """Return how long the client has been connected."""

    def noteToLog(self, line: str) -> Any:
        """Write a line to the log of mails."""


class NotedHandler(NotedMail, Protocol):
    """What the notes read from a handler of SMTP."""

    session: Session


class Verdict:
    """The decision about one recipient.

    verdict: ACCEPTED, DEFERRED or REFUSED. wait: seconds until a retry is accepted. delay: seconds
    since the first attempt. It is no NamedTuple, because to make one takes a compiled module six
    times as long.
    """

    __slots__ = ("delay", "reason", "verdict", "wait")

    def __init__(self, verdict: str, reason: str, wait: float = 0.0, delay: float = 0.0) -> None:
        self.verdict = verdict
        self.reason = reason
        self.wait = wait
        self.delay = delay

    def cause(self) -> str:
        """Return the reason without its detail, for a counter."""
        return self.reason.partition(":")[0]


UNASKED: Final = Verdict(ACCEPTED, "trusted client")


class MailNotes:
    """MailNotes(greylist) -> the notes about one mail after another of one client.

    mailId: the id of the mail in progress, or of the last one. verdicts: by recipient.
    lastReply: the reply that decided about the mail. assessment: how suspicious it is, if that was
    asked. answers: what policy has found out, from its first question on. passedAs: the client of a
    triple that has passed. greylisted: a recipient for which only greylisting is left to ask. told:
    what the mail server that asks about the mail was told, if one does. leftToText: recipients that
    are decided about after the text, and hasText: whether it has come. signers: the domains that
    signed it. uncounted: counters, by their words, that are to be counted together with the mail.
    """

    __slots__ = (
        "_sessionId",
        "answers",
        "assessment",
        "greylist",
        "greylisted",
        "hasText",
        "lastReply",
        "leftToText",
        "mailId",
        "passedAs",
        "signers",
        "told",
        "uncounted",
        "verdicts",
    )

    def __init__(self, greylist: Greylist, mailId: str = "") -> None:
        self.greylist = greylist
        self._sessionId = ""
        self.mailId = mailId
        self._forget()

    def begin(self) -> None:
        """Begin the notes of another mail."""
        if self.mailId:
            self._forget()
        self.mailId = newId()

    def _forget(self) -> None:
        self.verdicts: dict[str, Verdict] = {}
        self.lastReply: Reply | None = None
        self.answers: PolicyAnswers | None = None
        self.assessment: Assessment | None = None
        self.passedAs = self.greylisted = self.told = ""
        self.leftToText: Sequence[str] = ()
        self.hasText = False
        self.signers: Sequence[str] = ()
        self.uncounted: list[tuple[str, ...]] = []

    def note(
        self, recipient: str, verdict: str, reason: str, wait: float = 0.0, delay: float = 0.0
    ) -> None:
        """Note the verdict on a recipient, which replaces an earlier one."""
        self.verdicts[recipient] = Verdict(verdict, reason, wait, delay)

    def leaveToText(self, recipient: str) -> None:
        """Note that a recipient is decided about after the text."""
        if recipient not in self.leftToText:
            self.leftToText = [*self.leftToText, recipient]
        self.verdicts[recipient] = Verdict(DEFERRED, LEFT_TO_TEXT)

    def noteRealServer(self, recipient: str, verdict: str, reply: Reply) -> None:
        """Note that the real server refuses a recipient, with its own words."""
        self.note(recipient, verdict, f"real server: {wordsOf(reply)}")

    def noteUnknown(self, recipient: str, reply: Reply) -> None:
        """Note that a recipient is unknown to the real server, or that it may not be asked now."""
        if reply.isRelayed:
            self.noteRealServer(recipient, REFUSED, reply)
        else:
            self.note(recipient, DEFERRED, reasonOf(reply))

    def verdictOn(self, recipient: str) -> Verdict:
        """Return the verdict on a recipient."""
        return self.verdicts.get(recipient, UNASKED)

    def deferral(self, recipients: Iterable[str], closes: bool) -> Reply:
        """Return the reply that defers a mail to these recipients, after their verdicts.

        A mail that is deferred because the store failed was not greylisted (RFC 3463 section 3.4:
        X.3.0 is a failure of the mail system, X.7.1 a decision of its policy).
        """
        wait = 0.0
        for each in recipients:
            verdict = self.verdictOn(each)
            if verdict.reason == NO_ANSWER:
                text = "4.3.0 The mail cannot be checked at present, please try again later"
                break
            if verdict.wait > wait:
                wait = verdict.wait
        else:
            when = f"in {counted(round(wait), 'second')}" if wait >= 1 else "later"
            text = f"4.7.1 Greylisted, please try again {when}"
        self.lastReply = Reply(451, f"{text} ({self.mailId})", closes)
        return self.lastReply

    def answerTo(self, question: Any, ask: Callable[[], Any], extra: float = 0.0) -> Any:
        """Return the answer to a question about this mail, or raise Later: see PolicyAnswers."""
        if self.answers is None:
            self.answers = PolicyAnswers()
        return self.answers.get(question, ask, extra)

    # Refusals

    def refused(self, handler: NotedHandler, reply: Reply | None) -> None:
        """Record a reply of 4xx or 5xx to the command, or the text, that came last."""
        session, stage = handler.session, handler.session.stage
        isOfMail = session.seenMail
        if isOfMail:
            self.lastReply = reply
        if reasonOf(reply) == GREYLISTED:
            self.uncounted.append(("refusals", stage, GREYLISTED))
            return
        isPolicys = stage == "RCPT" and reply == RECIPIENT_REFUSED
        reason = self.verdictOn(session.asked.path).cause() if isPolicys else ""
        self._record(handler, stage, argumentOf(session), reply, reason, isOfMail)

    def refusedSilently(self, handler: NotedHandler, recipient: str, reply: Reply) -> None:
        """Record a recipient that is refused although the client hears 250 (replay)."""
        self._record(handler, "RCPT", f"TO:{recipient}", reply)

    def failedTLS(self, handler: NotedHandler, error: object) -> None:
        """Record a connection that ended in its TLS handshake."""
        why = "" if error is None else str(error)[:200]
        self._record(handler, "TLS", why, None, "handshake failed", isOfMail=False)

    def _record(
        self,
        handler: NotedHandler,
        stage: str,
        argument: str,
        reply: Reply | None,
        reason: str = "",
        isOfMail: bool = True,
    ) -> None:
        client, ids = (handler.peer, handler.peerport), self.mailId
        if not isOfMail:
            ids = self._sessionId = self._sessionId or newId()
        said = (handler.sender if isOfMail else "", handler.remotename)
        refusal = Refusal(*client, stage, argument, reply, ids, reason, *said)
        writeRefusal(refusal, self.greylist, handler.noteToLog)

    # The end of a mail

    def write(self, handler: NotedMail) -> None:
        """Write the lines and the JSON object of the mail, and count it and its recipients.

        The counters and the JSON objects agree: a mail with an object is counted once.
        """
        greylist: Any = self.greylist
        status, now, recipients = handler.mailStatus, handler.endedAt, self.allRecipients(handler)
        wording = greylist.wording
        for line in wording.ofMail(self, handler, recipients, now):
            handler.noteToLog(line)
        if self.assessment is not None:
            words = suspicionWords(handler.peer, handler.peerport, self.mailId, self.assessment)
            handler.noteToLog(wording.ofSuspicion(now, self.mailId, words))
        if not (status or self.verdicts):
            return
        self.uncounted.append(("mails", (status or DROPPED).lower()))
        for each in recipients:
            verdict = self.verdictOn(each)
            self.uncounted.append(("recipients", verdict.verdict, verdict.cause()))
        greylist.countAll(self.uncounted)
        self.uncounted.clear()
        if greylist.journal is not None:
            greylist.journal(self.record(handler, now))

    def endOf(self, handler: NotedMail, recipients: Sequence[str], now: float) -> MailEnd:
        """Return what the log in the words of Postfix says of the mail."""
        verdicts = [(each, self.verdictOn(each)) for each in recipients]
        return MailEnd(
            id=self.mailId,
            time=now,
            peer=handler.peer,
            port=handler.peerport,
            helo=handler.remotename,
            sender=handler.sender,
            recipients=[
                RecipientEnd(path, found.verdict, found.reason) for path, found in verdicts
            ],
            isAccepted=handler.mailStatus == "ACCEPTED",
            reply=self.lastReply,
            told=self.told or wordsOf(self.lastReply),
            seconds=handler.secondsConnected(),
            octets=handler.octets,
            relay=handler.realServer,
        )

    def record(self, handler: NotedMail, now: float) -> dict[str, Any]:
        """Return the JSON object of the mail: text, numbers and lists."""
        record: dict[str, Any] = {
            "event": "mail",
            "id": self.mailId,
            "time": round(now, 3),
            "client": handler.peer,
            "port": handler.peerport,
            "helo": handler.remotename,
            "sender": withoutBrackets(handler.sender),
            "recipients": [self.recipientRecord(each) for each in self.allRecipients(handler)],
            "status": handler.mailStatus or DROPPED,
            "reply": self.told or wordsOf(self.lastReply),
            "seconds": round(handler.secondsConnected(), 3),
        }
        if self.assessment is not None:
            record["suspicion"] = self.assessment._asdict()
        return record

    def recipientRecord(self, recipient: str) -> dict[str, Any]:
        """Return the JSON object of one recipient."""
        found = self.verdictOn(recipient)
        record: dict[str, Any] = {
            "address": withoutBrackets(recipient),
            "verdict": found.verdict,
            "reason": found.reason,
        }
        if found.delay:
            record["delay"] = round(found.delay)
        return record | {"wait": round(found.wait)} if found.wait else record

    def allRecipients(self, handler: NotedMail) -> list[str]:
        """Return all recipients that the client named, including those that are not accepted."""
        accepted = handler.recipients
        return list(self.verdicts | dict.fromkeys(accepted) if accepted else self.verdicts)
