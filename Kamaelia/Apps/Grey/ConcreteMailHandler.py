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

from collections.abc import Generator, Mapping
from typing import Any

from Kamaelia.Apps.Grey import Conversations
from Kamaelia.Apps.Grey.MailText import MailText
from Kamaelia.Apps.Grey.Relaying import Relaying
from Kamaelia.Apps.Grey.StrictMailHandler import StrictMailHandler, statusOf
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Support.Protocol.SMTPListener import Ended
from Kamaelia.Support.Protocol.SMTPRelay import Broken
from Kamaelia.Support.Protocol.SMTPReply import NOT_REACHED, Reply

NO_ROOM = Reply(452, "4.3.1 The mail could not be stored, please try again later")


class ConcreteMailHandler(StrictMailHandler):
    """ConcreteMailHandler(**settings) -> the proxy for one client.

    relay: "replay" or "live". smtp_ip, smtp_port: the real server. smtp_helo:
    our name there, if not servername. smtp_tls: "no", "may" or "must" be used;
    smtp_ssl: an SSLContext for it. smtp_timeouts: seconds by stage, where they
    differ from SMTPRelay.STAGES. Raises ValueError for another `relay`.
    """

    Inboxes = {
        "inbox": "bytes from the client",
        "control": "producerFinished: the client has gone; shutdownMicroprocess: finish and go",
        "tcp_inbox": "bytes from the real server",
        "tcp_control": "producerFinished or socketShutdown: that connection has ended",
        "tcp_sslready": "TLS with the real server has begun",
    }
    Outboxes = {
        "outbox": "bytes for the client",
        "signal": "producerFinished: the connection is to be closed",
        "tcp_outbox": "bytes for the real server",
        "tcp_signal": "producerFinished: close that connection; shutdownMicroprocess: at once",
        "tcp_makessl": "an SSLContext, or True: begin TLS with the real server",
    }

    relay = "replay"
    smtp_ip = "127.0.0.1"
    smtp_port = 25
    smtp_helo = ""
    smtp_tls = "no"
    smtp_ssl: Any = None
    smtp_timeouts: Mapping[str, float] = {}

    def __init__(self, **argv: Any) -> None:
        super().__init__(**argv)
        if self.relay not in ("replay", "live"):
            raise ValueError(f'relay is "replay" or "live", not {self.relay!r}')
        self.TCPClient: Any = None
        self.relaying: Relaying | None = None
        self._kept: MailText | None = None  # the text of a mail under way, in replay
        self._unkept: Reply | None = None  # why it could not be kept
        self._last = b""  # the last piece of a text that is passed on
        self._lost: tuple[Any, Reply | None] = (None, None)  # recipients, and what they hear

    # The connection to the real server

    def connectToRealSMTPServer(self) -> None:
        """Makes a TCPClient and links the tcp boxes to it. Called when one is needed."""
        client = self.TCPClient = TCPClient(
            self.smtp_ip, self.smtp_port, connect_timeout=self.smtp_timeouts.get("connect", 30)
        )
        self.link((self, "tcp_outbox"), (client, "inbox"))
        self.link((self, "tcp_signal"), (client, "control"))
        self.link((client, "outbox"), (self, "tcp_inbox"))
        self.link((client, "signal"), (self, "tcp_control"))
        if self.smtp_tls != "no":
            self.link((self, "tcp_makessl"), (client, "makessl"))
            self.link((client, "sslready"), (self, "tcp_sslready"))
        self.addChildren(client)
        client.activate(Scheduler=self.scheduler)

    def dropRelay(self, isInOrder: bool = False) -> None:
        """Leaves the real server; a mail under way gets no dot."""
        if self.relaying is not None:
            self.relaying.leave(isInOrder)
            self._forgetRelay()

    def _forgetRelay(self) -> None:
        """The tcp boxes are free for another connection."""
        self.relaying = None
        if self.TCPClient is not None:
            self.unlink(self.TCPClient)
            self.TCPClient = None
        for boxname in ("tcp_inbox", "tcp_control", "tcp_sslready"):
            for _ in self.Inbox(boxname):
                """It was from the connection that has been left."""

    def _connected(self) -> Relaying:
        if self.relaying is None:
            self.relaying = Relaying(self)
        return self.relaying

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

    def relayBroke(self, broken: Broken) -> None:
        """The session with the real server ended too early. A mail that was begun there is lost."""
        self.noteToLog(f"real server {self.smtp_ip}, port {self.smtp_port}: {broken.reason}")
        self._forgetRelay()
        if self.recipients:
            self._lost = (self.recipients, broken.reply)

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """An error on the way to the real server is that of one mail, not of the whole system."""
        return True

    # One mail

    def takeRecipient(self, command: list[str]) -> None:
        if self.relay == "replay":
            super().takeRecipient(command)
        elif (lost := self._lostMail()) is not None:
            self.answer(lost)
        else:
            relaying = self._connected()
            relaying.ask(Conversations.recipient(relaying, self.session), self._heardOfRecipient)

    def _heardOfRecipient(self, reply: Reply) -> None:
        if reply.isPositive:
            self.session.do("RCPT", [])
        self.answer(reply)

    def beginMail(self) -> None:
        if self.relay == "replay":
            self._kept, self._unkept = MailText(), None
            super().beginMail()
        elif self.relaying is None:
            self._heardOfText(self._lostMail() or NOT_REACHED)
        else:
            self.relaying.ask(Conversations.text(self.relaying), self._heardOfText)

    def _heardOfText(self, reply: Reply) -> None:
        if not reply.isPositive:
            self.gettingdata = self.acceptingMail = False
            self.mailStatus = statusOf(reply)
        self.answer(reply)

    def takeText(self, chunk: bytes) -> None:
        if self._kept is not None:
            self._keep(self._kept, chunk)
        elif self.lastline():  # it goes out with the dot
            self._last = chunk
        elif self.relaying is not None and self.relaying.isInText:
            self.send(chunk, "tcp_outbox")

    def _keep(self, kept: MailText, chunk: bytes) -> None:
        try:
            if self._unkept is None:
                kept.add(chunk)
        except OSError as error:
            self.noteToLog(f"a mail could not be kept: {error}")
            kept.close()
            self._unkept = NO_ROOM

    def endMail(self, event: Ended) -> None:
        if self._kept is not None:
            self._endKept(event, self._kept)
        else:
            self._endPassedOn(event)

    def _endKept(self, event: Ended, kept: MailText) -> None:
        refusal = event.refusal or self._unkept
        if refusal is not None:
            self.settle(refusal)
            return
        relaying = self._connected()
        replay = Conversations.replay(relaying, self.session, kept, event.isEightBit)
        relaying.ask(replay, self.settle)

    def _endPassedOn(self, event: Ended) -> None:
        refusal, relaying = event.refusal, self.relaying
        last, self._last = self._last, b""
        if relaying is None or not relaying.isInText:
            refusal = refusal or self._lostMail() or NOT_REACHED
        elif refusal is None:
            refusal = Conversations.lacking((), event.isEightBit, relaying)
        if refusal is not None:
            self.dropRelay()
            self.settle(refusal)
        elif relaying is not None:
            relaying.ask(Conversations.end(relaying, last), self.settle)

    def settle(self, reply: Reply) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        super().settle(reply)

    def _lostMail(self) -> Reply | None:
        """What is to be said of a mail that was begun on a connection which has broken."""
        lost, reply = self._lost
        return reply if lost is self.recipients else None

    # The end

    def handleDisconnect(self) -> Generator[int, None, None]:
        """Waits for what is owed after a dot, then leaves the real server."""
        while self.relaying is not None and "dot" in self.relaying.relay.waiting:
            yield from self.getline_fromsmtpserver()
        self.dropRelay(isInOrder=True)

    def getline_fromsmtpserver(self) -> Generator[int, None, None]:
        """`yield from` this until the real server has said something, or is late."""
        yield from self.waitForChange(self.patience())
        self.heedOthers()
        self.heedTime()

    def cleanUp(self) -> None:
        self.dropRelay()
        if self._kept is not None:
            self._kept.close()
        super().cleanUp()
