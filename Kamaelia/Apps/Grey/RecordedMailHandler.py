"""A proxy that keeps notes about each mail, and records them in the log and the counters.

Example usage
-------------
    class GreyListingPolicy(RecordedMailHandler): ...      # decides, and notes its verdicts

How does it work?
-----------------
The notes begin at MAIL, get the verdicts of policy and the answers of the real server, and are
written when the mail ends. A mail that the real server accepts counts for its client; one that it
refuses revokes what the client has earned.

Termination: as MailHandler.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Records.MailNotes import ACCEPTED, MailNotes
from Kamaelia.Apps.Grey.StrictMailHandler import statusOf
from Kamaelia.Support.Protocol.SMTP.LMTP import Answers
from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SMTP.Session import TOO_MANY_RECIPIENTS


class RecordedMailHandler(ConcreteMailHandler):
    """RecordedMailHandler(**settings) -> the proxy for one client, with `notes` about its mails.

    greylist: the Greylist with the store and the counters; a class without one creates one.
    """

    greylist: Greylist

    def __init__(self, **argv: Any) -> None:
        super().__init__(**argv)
        greylist = getattr(self, "greylist", None)
        if greylist is None:
            greylist = type(self).greylist = Greylist()
        self.greylist = greylist  # a reload changes the class, not this connection
        self.notes = MailNotes(greylist)

    def answerTo(
        self, question: Any, ask: Callable[..., Any], *about: Any, extra: float = 0.0
    ) -> Any:
        """Return the answer to a question about this mail, or raise Later: see PolicyAnswers."""
        return self.notes.answerTo(question, partial(ask, *about), extra)

    # The notes about each mail

    def handleConnect(self) -> None:
        self.greylist.count("sessions")
        super().handleConnect()

    def handleMail(self, command: list[str]) -> None:
        if not self.session.seenMail:
            self.notes.begin()
        super().handleMail(command)

    def handleRcpt(self, command: list[str]) -> None:
        named = len(self.notes.verdicts)
        if named and 0 < self.max_recipients <= named and self.session.seenMail:
            self.answer(TOO_MANY_RECIPIENTS)  # deferred recipients count, too
        else:
            super().handleRcpt(command)

    def handleRset(self, command: list[str]) -> None:
        self._endDroppedMail()
        super().handleRset(command)

    def handleHelo(self, command: list[str]) -> None:
        self._endDroppedMail()
        super().handleHelo(command)

    def handleEhlo(self, command: list[str]) -> None:
        self._endDroppedMail()
        super().handleEhlo(command)

    def _endDroppedMail(self) -> None:
        if self.notes.verdicts and not self._isLogged:
            self.logResult()
            self._isLogged = True

    def RelayError(self) -> None:
        self.mailStatus = "REFUSED"
        super().RelayError()

    def answerRecipient(self, reply: Reply) -> None:
        if not reply.isPositive:
            self.mailStatus = statusOf(reply)
            self.noteRecipientReplies([(self.session.asked.path, reply)])
        super().answerRecipient(reply)

    def noteRecipientReplies(self, answers: Answers) -> None:
        for recipient, reply in answers:
            if not reply.isPositive:
                self.notes.noteRealServer(recipient, statusOf(reply).lower(), reply)

    def noteSilentRefusal(self, recipient: str, reply: Reply) -> None:
        self.notes.refusedSilently(self, recipient, reply)

    def noteRefusal(self, reply: Reply | None) -> None:
        self.notes.refused(self, reply)

    def noteConnection(self, event: str) -> None:
        self.greylist.count("connections", event)

    def noteFailedTLS(self, error: Any) -> None:
        self.notes.failedTLS(self, error)

    def error(self, message: str) -> None:
        code, _, text = message.partition(" ")
        if code.isdecimal() and int(code) >= 400:
            self.noteRefusal(Reply(int(code), text))
        super().error(message)

    def settle(self, reply: Reply) -> None:
        """Answer the final dot. Only a mail that the real server accepts counts for its client."""
        self.noteMailReply(reply)
        self.notes.lastReply = reply
        super().settle(reply)

    def noteMailReply(self, reply: Reply) -> None:
        greylist, client, signers = self.greylist, self.notes.passedAs, self.notes.signers
        if client and reply.isPositive:
            greylist.countDelivery(client, greylist.clock())
            greylist.countSigners(signers, greylist.clock())
        elif client and reply.isForGood and reply.isRelayed:
            verdicts = [self.notes.verdictOn(each).verdict for each in self.recipients]
            if ACCEPTED in verdicts:  # otherwise it refuses the recipients, in replay
                greylist.revoke(client)
                greylist.revokeSigners(signers)

    def secondsConnected(self) -> float:
        """Return how long the client has been connected."""
        return self.now() - self.deadlines.startedAt

    @property
    def endedAt(self) -> float:
        """The time, because a mail is recorded at its end."""
        return self.greylist.clock()

    @property
    def octets(self) -> int:
        """The size of the text, as far as it has arrived."""
        return self.session.text.size

    @property
    def realServer(self) -> str:
        """The real server of the mail: host and port, or the path of a Unix socket."""
        server = self.ensureBackend().server
        return server.path or f"{server.host}:{server.port}"

    def logResult(self) -> None:
        """Write the lines and the JSON object of the mail, and count it."""
        self.notes.write(self)


__kamaelia_components__ = (RecordedMailHandler,)
