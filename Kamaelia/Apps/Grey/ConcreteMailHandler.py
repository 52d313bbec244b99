"""A strict SMTP proxy: asks policy, then relays to the real server, and says what that one said.

Example usage
-------------
    class SpamMeHandler(ConcreteMailHandler):
        smtp_ip, smtp_port = "127.0.0.1", 2525

        def shouldWeAcceptMail(self):
            return True

    ServerCore(protocol=SpamMeHandler, port=1025).run()

How does it work?
-----------------
The client hears 250 only after the real server took the mail. With `relay` =
"replay" a mail is kept until it is complete, and is then put to the real
server. With "live" each recipient is put to it at once, and the text is passed
on as it comes. Whatever fails on the way is 451: the client may try again.

Termination: as MailHandler. A mail under way gets no dot, so that nobody has it
of which the client was not told; if it has its dot, its answer is waited for.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Axon.Box import NULL, UNUSED
from Kamaelia.Apps.Grey.Backend import Conversations
from Kamaelia.Apps.Grey.Backend.Backend import Behind
from Kamaelia.Apps.Grey.Backend.MailText import MailText
from Kamaelia.Apps.Grey.Backend.RelaySession import Relaying
from Kamaelia.Apps.Grey.StrictMailHandler import StrictMailHandler, statusOf
from Kamaelia.Support.Protocol.SMTP.InputParser import TextEnded
from Kamaelia.Support.Protocol.SMTP.LMTP import Answers
from Kamaelia.Support.Protocol.SMTP.Reply import NOT_REACHED, Reply
from Kamaelia.Support.Protocol.SMTP.Report import MOST_OF_HEADERS

NO_ROOM = Reply(452, "4.3.1 The mail could not be stored, please try again later")


class ConcreteMailHandler(Behind, StrictMailHandler):
    """ConcreteMailHandler(**settings) -> the proxy for one client.

    relay: "replay" or "live". smtp_ip, smtp_port, and all else about the real
    server: see Behind. Raises ValueError for settings that cannot be.
    """

    Inboxes = {
        "inbox": "bytes from the client",
        "control": "producerFinished: the client has gone; shutdownMicroprocess: finish and go",
        "tcp_inbox": "bytes from the real server",
        "tcp_control": "producerFinished or socketShutdown: that connection has ended",
    }
    Outboxes = {
        "outbox": "bytes for the client",
        "signal": "producerFinished: the connection is to be closed",
        "tcp_outbox": "bytes for the real server",
        "tcp_signal": "producerFinished: close that connection; shutdownMicroprocess: at once",
    }

    relay = "replay"

    _kept: MailText | None = None  # the text of a mail under way, in replay
    _unkept: Reply | None = None  # why it could not be kept

    def __init__(self, **argv: Any) -> None:
        super().__init__(**argv)
        if self.relay not in ("replay", "live"):
            raise ValueError(f'relay is "replay" or "live", not {self.relay!r}')
        self.checkSettings()
        if self.smtp_tls != "no":
            self.inboxes["tcp_sslready"] = UNUSED  # TLS with the real server has begun
            self.outboxes["tcp_makessl"] = NULL  # an SSLContext, or True: begin it
        self.TCPClient: Any = None
        self.relaying: Relaying | None = None

    # The connection to the real server

    def heedOthers(self) -> None:
        super().heedOthers()
        if self.relaying is not None:
            self.relaying.heed()

    def othersAreLate(self) -> None:
        if not self.isPolicyLate() and self.relaying is not None:
            self.relaying.timedOut()

    def heldTooLong(self) -> None:
        if self.relaying is not None and self.TCPClient is not None and self.TCPClient.isShut():
            self.relaying.timedOut()
        else:
            super().heldTooLong()

    # One mail

    def takeRecipient(self, command: list[str]) -> None:
        if self.relay == "replay":
            super().takeRecipient(command)
        elif (lost := self._lostMail()) is not None:
            self.answer(lost)
        else:
            session = self.session
            mayMove = not session.recipients
            self.connected().ask(
                Conversations.recipient, self.heardOfRecipient, session, mayMove=mayMove
            )

    def heardOfRecipient(self, reply: Reply) -> None:
        """The real server has answered RCPT, and so is the client answered."""
        if reply.isPositive:
            self.session.do("RCPT", [])
        self.answer(reply)

    def heardOfRecipients(self, answers: Answers) -> None:
        """Called in replay with the real server's answer to each recipient."""

    def noteUnheard(self, recipient: str, reply: Reply) -> None:
        """Called for a recipient that is refused without a word to the client."""

    def beginMail(self) -> None:
        if self.relay == "replay":
            self._kept, self._unkept = MailText(), None
            super().beginMail()
        elif self.relaying is None:
            self._heardOfText(self._lostMail() or NOT_REACHED)
        else:
            self.relaying.ask(Conversations.text, self._heardOfText)

    def _heardOfText(self, reply: Reply) -> None:
        if not reply.isPositive:
            self.gettingdata = self.acceptingMail = False
            self.mailStatus = statusOf(reply)
        self.answer(reply)

    def takeText(self, chunk: bytes) -> None:
        relaying = self.relaying
        if self._kept is not None:
            self._keep(self._kept, chunk)
        elif relaying is not None and relaying.isInText:
            if self.smtp_protocol == "lmtp" and len(relaying.start) < MOST_OF_HEADERS:
                relaying.start += chunk[:MOST_OF_HEADERS]
            if self.lastline():
                relaying.last = chunk
            else:
                self.send(chunk, "tcp_outbox")

    def _keep(self, kept: MailText, chunk: bytes) -> None:
        try:
            if self._unkept is None:
                kept.add(chunk)
        except OSError as error:
            self.noteToLog(f"a mail could not be kept: {error}")
            kept.close()
            self._unkept = NO_ROOM

    def endMail(self, event: TextEnded) -> None:
        if self._kept is not None:
            self._endKept(event, self._kept)
        else:
            self._endPassedOn(event)

    def _endKept(self, event: TextEnded, kept: MailText) -> None:
        refusal = event.refusal or self._unkept
        if refusal is not None:
            self.settle(refusal)
            return
        self.connected().ask(Conversations.replay, self.settle, self.session, kept, mayMove=True)

    def _endPassedOn(self, event: TextEnded) -> None:
        refusal, relaying = event.refusal, self.relaying
        if relaying is None or not relaying.isInText:
            refusal = refusal or self._lostMail() or NOT_REACHED
        if refusal is not None:
            self.dropRelay()
            self.settle(refusal)
        elif relaying is not None:
            relaying.ask(Conversations.end, self.settle, self.session)

    def settle(self, reply: Reply) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        super().settle(reply)

    def _lostMail(self) -> Reply | None:
        """What is to be said of a mail that was begun on a connection which has broken."""
        lost, reply = self._lost
        return reply if lost is self.session.recipients else None

    # The end

    def handleDisconnect(self) -> Generator[int, None, None]:
        """Waits for what is owed after a dot, then leaves the real server."""
        while self.relaying is not None and "dot" in self.relaying.relay.waiting:
            yield from self.getline_fromsmtpserver()
        self.dropRelay(isInOrder=True)

    def getline_fromsmtpserver(self) -> Generator[int, None, None]:
        """`yield from` this until the real server has said something, or is late."""
        yield from self.waitUntil(self.due())
        self.heedOthers()
        self.heedTime()

    def cleanUp(self) -> None:
        self.dropRelay()
        if self._kept is not None:
            self._kept.close()
        super().cleanUp()


__kamaelia_components__ = (ConcreteMailHandler,)
