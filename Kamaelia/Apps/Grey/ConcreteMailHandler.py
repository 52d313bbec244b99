"""A strict SMTP proxy: it asks policy, then relays the mail to the real server.

Example usage
-------------
    class SpamMeHandler(ConcreteMailHandler):
        smtp_ip, smtp_port = "127.0.0.1", 2525

        def shouldWeAcceptMail(self):
            return True

    ServerCore(protocol=SpamMeHandler, port=1025).run()

How does it work?
-----------------
"inbox" and "outbox" lead to the client, the tcp boxes to a TCPClient, which is
created when the real server is needed. The Backend decides what is sent there.

`relay` = "replay": the mail is kept until it is complete, and then sent.
`relay` = "live": each recipient is sent at once, and the text as it arrives.
In both, the client gets 250 only after the real server has accepted the mail.
Any failure on the way is 451: the client may try again.

Termination: as MailHandler. A mail in progress gets no dot, so that a mail of which
the client hears nothing is not delivered. The answer to a dot is awaited.
"""

from __future__ import annotations

from collections.abc import Generator
from math import inf
from typing import Any

from Axon.Box import NULL, UNUSED
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Apps.Grey.Backend import Conversations
from Kamaelia.Apps.Grey.Backend.Backend import Backend
from Kamaelia.Apps.Grey.Backend.ConnectionPool import ConnectionPool, isShareable, mannerFor
from Kamaelia.Apps.Grey.Backend.MailText import MailText
from Kamaelia.Apps.Grey.Backend.RelaySession import RelaySession
from Kamaelia.Apps.Grey.Backend.ServerConnection import ServerConnection, connectionTo
from Kamaelia.Apps.Grey.Backend.ServerInquiry import ServerInquiry
from Kamaelia.Apps.Grey.Backend.ServerSettings import ServerSettings, checkSettings, serversFor
from Kamaelia.Apps.Grey.Session.Phase import SERVER
from Kamaelia.Apps.Grey.StrictMailHandler import StrictMailHandler, statusOf
from Kamaelia.Support.Protocol.ProxyHeader import Origin
from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity
from Kamaelia.Support.Protocol.SMTP.InputParser import TextEnded
from Kamaelia.Support.Protocol.SMTP.LMTP import Answers
from Kamaelia.Support.Protocol.SMTP.Reply import NOT_REACHED, Reply

NO_ROOM = Reply(452, "4.3.1 The mail could not be stored, please try again later")


class ConcreteMailHandler(ServerSettings, StrictMailHandler):
    """ConcreteMailHandler(**settings) -> the proxy for one client.

    relay: "replay" or "live". ServerSettings describes the settings of the real server.
    Raises ValueError for settings that contradict each other or have no meaning.
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
    descriptors = 2  # that a connection may need: the client's and the real server's
    peername = ""  # the client's name in the DNS, if it is known

    TCPClient: Any  # the connection to the real server
    backend: Backend | None  # from the first use of the real server on
    _kept: MailText | None  # the text of a mail in progress, in replay

    def __init__(self, **argv: Any) -> None:
        super().__init__(**argv)
        self.TCPClient = self.backend = self._kept = None
        self._offersSeen = self.smtp_offers.revision
        checkSettings(self)
        if self.smtp_tls != "no":
            self.inboxes["tcp_sslready"] = UNUSED  # TLS with the real server has begun
            self.outboxes["tcp_makessl"] = NULL  # an SSLContext, or True: begin it

    # The wiring

    def connectToRealSMTPServer(self) -> None:
        """Create a TCPClient and link the tcp boxes to it. Called when a new one is needed."""
        client = connectionTo(self.realServer().server, self)
        self.resumeServer(client)
        client.activate(Scheduler=self.scheduler)

    def resumeServer(self, client: ServerConnection) -> None:
        """Link the tcp boxes to this connection."""
        self.TCPClient = client
        for outbox, inbox in (("tcp_outbox", "inbox"), ("tcp_signal", "control")):
            self.link((self, outbox), (client, inbox))
        for outbox, inbox in (("outbox", "tcp_inbox"), ("signal", "tcp_control")):
            self.link((client, outbox), (self, inbox))
        if self.smtp_tls != "no":
            self.link((self, "tcp_makessl"), (client, "makessl"))
            self.link((client, "sslready"), (self, "tcp_sslready"))
        self.addChildren(client)

    def releaseServer(self) -> ServerConnection | None:
        """Unlink the connection and return it, or None if it has sent something or has ended."""
        client = self.TCPClient
        if self.dataReady("tcp_inbox") or self.dataReady("tcp_control"):
            return None
        if not isinstance(client, ServerConnection) or not client.mayBeKept():
            return None
        self.TCPClient = None
        self.removeChild(client)
        return client

    def connectionPool(self) -> ConnectionPool | None:
        """Return the pool of idle connections, if there is one in this process."""
        pool = self.smtp_pool
        return pool if pool is not None and pool.scheduler is self.scheduler else None

    def noteConnection(self, event: str) -> None:
        """Called for each connection: "made", "reused", or "broken" when it was reused."""

    def disconnectFromRealSMTPServer(self) -> None:
        """Unlink the TCPClient, and drop what it has sent."""
        if self.TCPClient is not None:
            self.unlink(self.TCPClient)
            self.TCPClient = None
        for boxname in ("tcp_inbox", "tcp_control", "tcp_sslready"):
            while boxname in self.inboxes and self.dataReady(boxname):
                self.recv(boxname)

    def heedOthers(self) -> None:
        """Pass what the real server has sent to the session with it."""
        if self.policyQuestion is not None:
            super().heedOthers()
        backend = self.backend
        if backend is not None and backend.session is not None:
            self._heedServer(backend, backend.session)

    def _heedServer(self, backend: Backend, session: RelaySession) -> None:
        """The session may break meanwhile; then its connection's messages are dropped."""
        wasOurTurn, hasTLS = session.isOurTurn, self.smtp_tls != "no"
        while self.dataReady("tcp_inbox") and backend.session is session:
            session.receive(self.recv("tcp_inbox"))
        # After the replies, so that one that came too early is not taken for that of a dot
        # which is sent now.
        if wasOurTurn and backend.session is session and not self.dataReady("tcp_control"):
            session.goOn(None)
        while hasTLS and self.dataReady("tcp_sslready") and backend.session is session:
            self.recv("tcp_sslready")
            session.startedTLS()
        while self.dataReady("tcp_control") and backend.session is session:
            ended = self.recv("tcp_control")
            if isinstance(ended, producerFinished | shutdownMicroprocess):
                session.hungUp(getattr(ended, "message", None))

    # One mail

    def takeRecipient(self, command: list[str]) -> None:
        """Replay: accept the recipient. Live: the real server answers for it."""
        if self.relay == "replay":
            super().takeRecipient(command)
        elif (lost := self._lostReply()) is not None:
            self.answer(lost)
        else:
            mayMove = not self.session.recipients
            self.realServer().ask(
                Conversations.recipient, self.heardOfRecipient, self.session, mayMove=mayMove
            )

    def heardOfRecipient(self, reply: Reply) -> None:
        """Called in live with the real server's answer to RCPT, which is the client's answer."""
        if reply.isPositive:
            self.session.do("RCPT", [])
        self.answer(reply)

    def beginMail(self) -> None:
        """Replay: begin to keep the text. Live: the real server answers DATA."""
        if self.relay == "replay":
            self._kept = MailText()
            super().beginMail()
        elif self.backend is None or self.backend.session is None:
            self._heardOfText(self._lostReply() or NOT_REACHED)
        else:
            self.backend.ask(Conversations.text, self._heardOfText)

    def _heardOfText(self, reply: Reply) -> None:
        if not reply.isPositive:
            self.gettingdata = self.acceptingMail = False
            self.mailStatus = statusOf(reply)
        self.answer(reply)

    def takeText(self, chunk: bytes) -> None:
        """Keep a piece of the text, or send it on."""
        if self._kept is not None:
            self._keep(self._kept, chunk)
        elif self._isInText():
            self.realServer().passOn(chunk, self.lastline())

    def _keep(self, kept: MailText, chunk: bytes) -> None:
        try:
            if not kept.isIncomplete:
                kept.add(chunk)
        except OSError as error:
            self.noteToLog(f"a mail could not be kept: {error}")
            kept.close()
            kept.isIncomplete = True

    def endMail(self, event: TextEnded) -> None:
        """Replay: send the whole mail. Live: send the dot. The real server's answer settles it."""
        kept, refusal = self._kept, event.refusal
        if kept is not None and kept.isIncomplete:
            refusal = refusal or NO_ROOM
        elif kept is None and not self._isInText():
            refusal = refusal or self._lostReply() or NOT_REACHED
        if refusal is not None:
            self._refuseMail(refusal)
        elif kept is not None:
            about = (self.session, kept, self)
            self.realServer().ask(Conversations.replay, self.settle, *about, mayMove=True)
        else:
            self.realServer().ask(Conversations.end, self.settle, self.session)

    def _refuseMail(self, refusal: Reply) -> None:
        if self._kept is None:
            self._leaveServer()
        self.settle(refusal)

    def settle(self, reply: Reply) -> None:
        """Answer the final dot, and log the mail."""
        self._dropText()
        super().settle(reply)

    def heardOfRecipients(self, answers: Answers) -> None:
        """Called in replay with the real server's answer to each recipient."""

    def noteUnheard(self, recipient: str, reply: Reply) -> None:
        """Called in replay for a recipient that is refused although the client hears 250."""

    # What the backend asks for: see BackendHandler

    def realServer(self) -> Backend:
        """Return the backend; it is created when it is first needed."""
        if self.backend is None:
            self.backend = Backend(self, self)
        return self.backend

    def realClient(self) -> ClientIdentity:
        """Return what the real server may be told about the client."""
        origin = Origin(self.peer, self.peerport, self.localip, self.localport)
        session = self.session
        return ClientIdentity(origin, self.peername, session.remotename, session.isExtended)

    def sendToServer(self, data: bytes) -> None:
        """Send bytes to the real server."""
        self.send(data, "tcp_outbox")

    def beginServerTLS(self) -> None:
        """Begin TLS with the real server."""
        self.send(self.smtp_ssl or True, "tcp_makessl")

    def closeServer(self, isInOrder: bool) -> None:
        """Close the connection to the real server: after what has been sent, or at once."""
        message = producerFinished(self) if isInOrder else shutdownMicroprocess()
        self.send(message, "tcp_signal")

    def waitForServer(self) -> None:
        """Read nothing more from the client until the real server has answered."""
        self.enter(SERVER)

    def workSoon(self) -> None:
        """Continue in the next turn."""
        self.hasMore = True

    def _isInText(self) -> bool:
        """Return whether the real server waits for the text of a mail."""
        session = None if self.backend is None else self.backend.session
        return session is not None and session.isInText

    def _lostReply(self) -> Reply | None:
        return None if self.backend is None else self.backend.lostReply()

    def _leaveServer(self, isInOrder: bool = False) -> None:
        if self.backend is not None:
            self.backend.leave(isInOrder)

    def _dropText(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    # What the real servers offer

    @classmethod
    def companions(cls) -> list[component]:
        """Return a pool of connections, and components that ask the real servers what they offer.

        See ServerCore. The list is empty if a subclass connects in its own way: then sessions with
        mails find out what is offered, and each client has its own.
        """
        found: list[component] = []
        if cls.connectToRealSMTPServer is not ConcreteMailHandler.connectToRealSMTPServer:
            return found
        if cls.smtp_idle_connections and isShareable(mannerFor(cls, cls.servername)):
            found.append(ConnectionPool(cls))
        if cls.smtp_offer_interval:
            found += [ServerInquiry(server, cls) for server in serversFor(cls)]
        return found

    def offered(self) -> tuple[frozenset[str], int]:
        """Return what to offer, of `extensions` and `max_message_size`: what the servers offer."""
        return self.smtp_offers.offer(serversFor(self), *super().offered())

    def handleEhlo(self, command: list[str]) -> None:
        """Offer what the real servers offer now."""
        if self.smtp_offers.revision != self._offersSeen:
            self._offersSeen = self.smtp_offers.revision
            self.renewSettings()
        super().handleEhlo(command)

    # Delays, errors and the end

    def deadlineOfOthers(self) -> float:
        deadline = inf if self.policyQuestion is None else super().deadlineOfOthers()
        return deadline if self.backend is None else min(deadline, self.backend.deadline)

    def othersAreLate(self) -> None:
        if self.policyQuestion is not None:
            super().othersAreLate()
        elif self.backend is not None:
            self.backend.timedOut()

    def heldTooLong(self) -> None:
        """Give up the connection that is full: to the real server, else to the client."""
        if self.backend is not None and self.TCPClient is not None and self.TCPClient.isShut():
            self.backend.timedOut()
        else:
            super().heldTooLong()

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """Limit an error on the way to the real server to this connection."""
        return True

    def handleDisconnect(self) -> Generator[int, None, None]:
        """Wait for the answer to a dot, then leave the real server.

        A mail that was begun is dropped first if the session can then be kept.
        """
        while self.backend is not None and self.backend.isAwaitingDot:
            yield from self.getline_fromsmtpserver()
        if self.backend is not None and self.backend.mayReset:
            self.backend.reset()
            while self.backend.isResetting and self.connectionPool() is not None:
                yield from self.getline_fromsmtpserver()
        self._leaveServer(isInOrder=True)

    def getline_fromsmtpserver(self) -> Generator[int, None, None]:
        """`yield from` this until the real server has sent something, or is late."""
        yield from self.waitUntil(self.due())
        self.heedOthers()
        self.heedTime()

    def cleanUp(self) -> None:
        self._leaveServer()
        self.backend = None
        self._dropText()
        super().cleanUp()


__kamaelia_components__ = (ConcreteMailHandler,)
