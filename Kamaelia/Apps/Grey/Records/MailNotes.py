"""What a greylisting handler notes of each mail: for the log, the journal and the counters.

How does it work?
-----------------
A mail ends with its answer after the dot, with RSET or a new HELO, or with its
connection; then logResult() is called, once. Its id stands in the journal and
in each answer that is our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from Kamaelia.Apps.Grey.Policy.Greylist import Greylist, wallClock
from Kamaelia.Apps.Grey.Records.MailLog import historicalLine
from Kamaelia.Apps.Grey.Records.RefusalRecord import newId, writeRefusal
from Kamaelia.Apps.Grey.StrictMailHandler import statusOf
from Kamaelia.Support.Greylist.Keys import withoutBrackets
from Kamaelia.Support.Protocol.SMTP.LMTP import Answers
from Kamaelia.Support.Protocol.SMTP.Refusal import Refusal, argumentOf, wordsOf
from Kamaelia.Support.Protocol.SMTP.Reply import RECIPIENT_REFUSED, Reply
from Kamaelia.Support.Protocol.SMTP.Session import TOO_MANY_RECIPIENTS

ACCEPTED, DEFERRED, REFUSED = "accepted", "deferred", "refused"

if TYPE_CHECKING:
    from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler as Handler
else:
    Handler = object


class Verdict(NamedTuple):
    """What policy said of one recipient."""

    verdict: str  # ACCEPTED, DEFERRED or REFUSED
    reason: str
    wait: float = 0.0  # seconds until a retry is accepted

    @property
    def cause(self) -> str:
        """The reason without its detail, for a counter."""
        return self.reason.partition(":")[0]


UNASKED = Verdict(ACCEPTED, "trusted client")


class Noting(Handler):
    """The part of a handler that keeps the books."""

    greylist: Greylist  # a class without one creates one for all its handlers

    mailId = ""
    sessionId = ""  # of the first refusal outside a mail
    lastReply: Reply | None = None  # that decided about it
    _stranger = ""  # a recipient for whom nothing but greylisting is left to ask

    def __init__(self, **argv: Any) -> None:
        super().__init__(**argv)
        if getattr(self, "greylist", None) is None:
            type(self).greylist = Greylist()
        self.greylist = self.greylist  # this one to the end, whatever comes after it
        self.verdicts: dict[str, Verdict] = {}  # by recipient
        self._answers: dict[Any, Any] = {}  # by question, what policy has heard of it

    def note(self, recipient: str, verdict: str, reason: str, wait: float = 0.0) -> None:
        """What policy said of a recipient; said again, it counts once."""
        before = self.verdicts.get(recipient, UNASKED)
        if before.verdict != verdict or before.reason != reason:
            self.greylist.count("recipients", verdict, reason.partition(":")[0])
        self.verdicts[recipient] = Verdict(verdict, reason, wait)

    def verdictOn(self, recipient: str) -> Verdict:
        """What was noted of a recipient."""
        return self.verdicts.get(recipient, UNASKED)

    def handleConnect(self) -> None:
        self.greylist.count("sessions")
        super().handleConnect()

    def beginNotes(self) -> None:
        """A mail begins."""
        self.verdicts = {}
        self._answers = {}
        self._stranger = ""
        self.mailId = newId()
        self.lastReply = None

    def handleMail(self, command: list[str]) -> None:
        if not self.seenMail:
            self.beginNotes()
        super().handleMail(command)

    def handleRcpt(self, command: list[str]) -> None:
        if 0 < self.max_recipients <= len(self.verdicts) and self.seenMail:
            self.answer(TOO_MANY_RECIPIENTS)  # those that were deferred count, too
        else:
            super().handleRcpt(command)

    def handleRset(self, command: list[str]) -> None:
        self._endDropped()
        super().handleRset(command)

    def handleHelo(self, command: list[str]) -> None:
        self._endDropped()
        super().handleHelo(command)

    def handleEhlo(self, command: list[str]) -> None:
        self._endDropped()
        super().handleEhlo(command)

    def _endDropped(self) -> None:
        if self.verdicts and not self._isLogged:
            self.logResult()
            self._isLogged = True

    def RelayError(self) -> None:
        self.mailStatus = "REFUSED"
        super().RelayError()

    def heardOfRecipient(self, reply: Reply) -> None:
        if not reply.isPositive:
            self.mailStatus = statusOf(reply)
            self.noteAnswer(self.session.asked.path, reply)
        super().heardOfRecipient(reply)

    def noteAnswer(self, recipient: str, reply: Reply) -> None:
        """Note that the real server refuses a recipient, in its own words."""
        self.note(recipient, statusOf(reply).lower(), f"real server: {wordsOf(reply)}")

    def heardOfRecipients(self, answers: Answers) -> None:
        for recipient, reply in answers:
            if not reply.isPositive:
                self.noteAnswer(recipient, reply)

    def noteUnheard(self, recipient: str, reply: Reply) -> None:
        """Record that a recipient is refused of whom the client hears nothing (replay)."""
        self._record(Refusal(*self._client(), "RCPT", f"TO:{recipient}", reply, self.mailId))

    # Refusals

    def noteRefusal(self, reply: Reply | None) -> None:
        session = self.session
        if session.seenMail:
            self.lastReply = reply
        isPolicys = reply == RECIPIENT_REFUSED and session.stage == "RCPT"
        reason = self.verdictOn(session.asked.path).cause if isPolicys else ""
        ids = self.mailId if session.seenMail else self._idOfSession()
        argument = argumentOf(session)
        self._record(Refusal(*self._client(), session.stage, argument, reply, ids, reason))

    def noteFailedTLS(self, error: Any) -> None:
        why = "" if error is None else str(error)[:200]
        ids = self._idOfSession()
        self._record(Refusal(*self._client(), "TLS", why, None, ids, "handshake failed"))

    def error(self, message: str) -> None:
        code, _, text = message.partition(" ")
        if code.isdecimal() and int(code) >= 400:
            self.noteRefusal(Reply(int(code), text))
        super().error(message)

    def _record(self, refusal: Refusal) -> None:
        writeRefusal(refusal, self.greylist, self.noteToLog)

    def _client(self) -> tuple[str, int]:
        return self.peer, self.peerport

    def _idOfSession(self) -> str:
        self.sessionId = self.sessionId or newId()
        return self.sessionId

    def settle(self, reply: Reply) -> None:
        self.lastReply = reply
        super().settle(reply)

    def logResult(self) -> None:
        """The historical line, a record in the journal, and one more in the counters."""
        now = wallClock()
        whose = (self.remotename, self.peer, self.sender)
        self.noteToLog(historicalLine(now, *whose, self._everybody(), self.mailStatus))
        if self.mailStatus:
            self.greylist.count("mails", self.mailStatus.lower())
        if self.greylist.journal is not None and (self.mailStatus or self.verdicts):
            self.greylist.journal(self.record(now))

    def record(self, now: float) -> dict[str, Any]:
        """What became of the mail, for the journal: text, numbers and lists."""
        return {
            "event": "mail",
            "id": self.mailId,
            "time": round(now, 3),
            "client": self.peer,
            "port": self.peerport,
            "helo": self.remotename,
            "sender": withoutBrackets(self.sender),
            "recipients": [self._recordOf(each) for each in self._everybody()],
            "status": self.mailStatus or "DROPPED",
            "reply": wordsOf(self.lastReply),
            "seconds": round(self.now() - self.deadlines.startedAt, 3),
        }

    def _everybody(self) -> list[str]:
        """All recipients that were asked for, also those that were not accepted."""
        return list(dict.fromkeys([*self.verdicts, *self.recipients]))

    def _recordOf(self, recipient: str) -> dict[str, Any]:
        verdict, reason, wait = self.verdictOn(recipient)
        record = {"address": withoutBrackets(recipient), "verdict": verdict, "reason": reason}
        return record | {"wait": round(wait)} if wait else record
