"""A strict SMTP proxy: it asks the policy, then relays the mail to the real server.

Example usage
-------------
    class SpamMeHandler(ConcreteMailHandler):
        smtp_ip, smtp_port = "127.0.0.1", 2525

        def shouldWeAcceptMail(self):
            return True

    ServerCore(protocol=SpamMeHandler, port=1025).run()

How does it work?
-----------------
    client --> inbox  [         ] tcp_outbox --> TCPClient --> real server
    client <-- outbox [ handler ] tcp_inbox  <-- TCPClient <-- real server

A mail takes these steps, in one of two modes, which `relay` selects ("replay" by default):

    the client sends   method          replay                     live
    RCPT               takeRecipient   answer 250                 send MAIL and RCPT, pass the reply
    DATA               beginMail       answer 354                 send DATA, pass the reply
    text               takeText        keep it in a MailText      send it on
    the final dot      endMail         send the whole mail        send the dot
                       settle          both: pass the server's reply to the dot, log the mail

StrictMailHandler asks the policy before takeRecipient (shouldWeAcceptRecipient) and before
beginMail (shouldWeAcceptMail). Unless it says yes, the client gets a refusal, and the step does
not happen. GreyListingPolicy answers by greylisting: it defers a first mail with 451.
The Backend chooses a real server, and connects at the first recipient (live) or at the end of a
mail (replay). With BDAT, the last chunk takes the place of the final dot.

The client gets 250 for the final dot only if the real server has accepted the mail, in replay for
one recipient at least (see noteSilentRefusal). A refusal by the real server is passed on. If no
server can be reached, or the session breaks when no other server may be tried any more, the reply
is 451, and if the text cannot be stored, 452: after either, the client may try again.

Termination: as for MailHandler. If the client leaves before the final dot, a real server that has
been contacted gets no dot either, and drops the mail. After the dot, its reply is awaited.
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
from Kamaelia.Apps.Grey.Backend.ConnectionPool import ConnectionPool
from Kamaelia.Apps.Grey.Backend.MailText import MailText
from Kamaelia.Apps.Grey.Backend.ServerConnection import ServerConnection, connectionTo, isBroken
from Kamaelia.Apps.Grey.Backend.ServerInquiry import companionsFor
from Kamaelia.Apps.Grey.Backend.ServerSettings import OFFERS, SERVERS, ServerSettings, serversFor
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
        "control": "producerFinished: the client has gone; shutdownMicroprocess: end after the"
        " mail in progress; HeldTooLong: a peer reads nothing",
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
    descriptors = 2  # file descriptors for each client: its own and the real server's

    offerDependsOn = (*StrictMailHandler.offerDependsOn, *SERVERS, *OFFERS)

    TCPClient: Any  # the connection to the real server, or None
    backend: Backend | None  # from the first use of a real server on
    _kept: MailText | None  # the text of the mail in progress, in replay

    def __init__(self, **argv: Any) -> None:
        super().__init__(**argv)
        self.TCPClient = self.backend = self._kept = None
        self._offersSeen = self.smtp_offers.revision
        if self.smtp_tls != "no":
            self.inboxes["tcp_sslready"] = UNUSED  # TLS with the real server has begun
            self.outboxes["tcp_makessl"] = NULL  # an SSLContext, or True: begin it

    # The wiring

    def connectToRealSMTPServer(self) -> None:
        """Create a TCPClient and link the tcp boxes to it. The backend calls this."""
        connection = connectionTo(self.ensureBackend().server, self)
        self.linkConnection(connection)
        self.addChildren(connection)
        connection.activate(Scheduler=self.scheduler)

    def linkConnection(self, connection: ServerConnection) -> None:
        """Link the tcp boxes to a connection, which is new or from the pool."""
        self.TCPClient = connection
        connection.linkTo(self, hasTLS=self.smtp_tls != "no")

    # One mail

    def takeRecipient(self, command: list[str]) -> None:
        """Replay: accept the recipient. Live: ask the real server, whose reply is the answer."""
        if self.relay == "replay":
            super().takeRecipient(command)
        elif (lost := self._lostReply()) is not None:
            self.answer(lost)
        else:
            isFirst = not self.session.recipients  # until one is accepted, servers may be changed
            ask = self.ensureBackend().ask
            ask(Conversations.recipient, self.answerRecipient, self.session, mayMove=isFirst)

    def answerRecipient(self, reply: Reply) -> None:
        """Called in live with the real server's reply to RCPT, which the client gets."""
        if reply.isPositive:
            self.session.do("RCPT", [])
        self.answer(reply)

    def beginMail(self) -> None:
        """Replay: create a MailText and answer 354. Live: send DATA to the real server."""
        if self.relay == "replay":
            self._kept = MailText()
            super().beginMail()
        elif self.backend is None or self.backend.relaySession is None:
            self._answerData(self._lostReply() or NOT_REACHED)
        else:
            self.backend.ask(Conversations.text, self._answerData)

    def _answerData(self, reply: Reply) -> None:
        """Pass the real server's reply to DATA on. Unless it is 354, the mail has ended."""
        if reply.isPositive:
            self.textMayFollow(reply)
        elif self.session.text.isChunked:
            self.settle(reply)  # which drops the mail: its other chunks are refused
        else:
            self.gettingdata = self.acceptingMail = False
            self.mailStatus = statusOf(reply)
            self.noteMailReply(reply)
            self.answer(reply)

    def takeText(self, chunk: bytes) -> None:
        """Replay: keep a piece of the text. Live: send it on."""
        if self._kept is not None:
            if (error := self._kept.keep(chunk)) is not None:  # the mail is refused at its end
                self.noteToLog(f"a mail could not be kept: {error}")
        elif self.backend is not None:
            self.backend.passOn(chunk, bool(self.lastline()))

    def endMail(self, event: TextEnded) -> None:
        """Replay: send the whole mail. Live: send the dot. The reply goes to settle()."""
        kept, refusal = self._kept, event.refusal or self.textFailure()
        if refusal is not None:
            self.refuseMail(refusal)
        elif kept is not None:
            about = (self.session, kept, self)
            self.ensureBackend().ask(Conversations.replay, self.settle, *about, mayMove=True)
        else:
            self.ensureBackend().ask(Conversations.end, self.settle, self.session)

    def settle(self, reply: Reply) -> None:
        """Answer the final dot, log the mail, and drop its text."""
        self._dropText()
        super().settle(reply)

    # What a subclass may note

    def noteRecipientReplies(self, answers: Answers) -> None:
        """Called in replay with the real server's reply for each recipient."""

    def noteSilentRefusal(self, recipient: str, reply: Reply) -> None:
        """Called in replay for a recipient that is refused although the client gets 250."""

    def noteMailReply(self, reply: Reply) -> None:
        """Called with a refusal of DATA, in live."""

    def noteConnection(self, event: str) -> None:
        """Called with "made" (a new one), "reused" or, if a reused connection breaks, "broken"."""

    # The text of a mail, between its beginning and its end

    def cancelMail(self) -> None:
        """Drop the text. The real server gets no dot."""
        self._leaveServer()
        self._dropText()

    def keptText(self, most: int) -> bytes | None:
        """Return the text without the dots of SMTP, in replay; None if it is over `most` octets."""
        if self._kept is None or self._kept.size > most:
            return None
        return b"".join(self._kept.unstuffed())

    def textFailure(self) -> Reply | None:
        if self._kept is not None:
            return NO_ROOM if self._kept.isIncomplete else None
        isInText = self.backend is not None and self.backend.isInText()
        return None if isInText else self._lostReply() or NOT_REACHED

    def refuseMail(self, refusal: Reply) -> None:
        if self._kept is None:
            self._leaveServer()
        self.settle(refusal)

    # Messages from the real server

    def takeAnswers(self) -> None:
        """Pass what the real server has sent to the relay session, until that breaks."""
        if self.policyQuestion is not None:
            super().takeAnswers()
        backend = self.backend
        if backend is None or backend.relaySession is None:
            return
        relaySession, inboxes = backend.relaySession, self.placesOfInboxes()
        wasOurTurn = relaySession.isOurTurn
        received, ends = inboxes["tcp_inbox"], inboxes["tcp_control"]  # an empty inbox is false
        while received:
            relaySession.receive(self.recv("tcp_inbox"))
            if backend.relaySession is not relaySession:
                return
        # Continue only after the replies: otherwise a reply that came too early would be taken
        # for the reply to a dot that is sent here.
        if wasOurTurn and not ends and not isBroken(self.TCPClient):
            relaySession.goOn(None)
        hasTLS = "tcp_sslready" in inboxes
        while hasTLS and self.dataReady("tcp_sslready") and backend.relaySession is relaySession:
            self.recv("tcp_sslready")
            relaySession.startedTLS()
        while ends and backend.relaySession is relaySession:
            ended = self.recv("tcp_control")
            if isinstance(ended, producerFinished | shutdownMicroprocess):
                relaySession.hungUp(getattr(ended, "message", None))

    # What the backend asks of its handler: see BackendHandler

    def clientIdentity(self) -> ClientIdentity:
        """Return what the real server may be told about the client."""
        origin = Origin(self.peer, self.peerport, self.localip, self.localport)
        return ClientIdentity(origin, self.peername, self.remotename, self.session.isExtended)

    def sendToServer(self, data: bytes) -> None:
        """Send bytes to the real server."""
        self.send(data, "tcp_outbox")

    def beginServerTLS(self) -> None:
        """Begin TLS with the real server."""
        self.send(self.smtp_ssl or True, "tcp_makessl")

    def closeServer(self, isInOrder: bool) -> None:
        """Close the connection to the real server: after what has been sent, or at once."""
        self.send(producerFinished(self) if isInOrder else shutdownMicroprocess(), "tcp_signal")

    def suspendForServer(self) -> None:
        """Stop reading from the client until resumeClient()."""
        self.enter(SERVER)

    def connectionPool(self) -> ConnectionPool | None:
        """Return the pool of idle connections, if there is one in this process."""
        pool = self.smtp_pool
        return pool if pool is not None and pool.scheduler is self.scheduler else None

    def releaseConnection(self) -> ServerConnection | None:
        """Unlink the connection and return it, or None if it has sent something or has ended."""
        connection = self.TCPClient
        hasNews = self.dataReady("tcp_inbox") or self.dataReady("tcp_control")
        if hasNews or not isinstance(connection, ServerConnection) or not connection.mayBeKept():
            return None
        connection.unlinkFrom(self)
        if connection.isWatchedBy(self):  # it is new; the pool watches those that it had
            self.dropChild(connection)
        self.TCPClient = None
        return connection

    def disconnectFromRealSMTPServer(self) -> None:
        """Unlink the TCPClient and drop what it has sent."""
        connection = self.TCPClient
        if isinstance(connection, ServerConnection):
            connection.unlinkFrom(self)
        elif connection is not None:  # of a subclass, which has linked it by itself
            self.unlink(connection)
        self.TCPClient = None
        for boxname in ("tcp_inbox", "tcp_control", "tcp_sslready"):
            while boxname in self.inboxes and self.dataReady(boxname):
                self.recv(boxname)

    def clientChanged(self) -> None:
        """Leave a session with the real server that was opened for another client."""
        super().clientChanged()
        self._leaveServer(isInOrder=True)

    # The use of the backend

    def ensureBackend(self) -> Backend:
        """Return the backend. Create it if there is none yet."""
        if self.backend is None:
            self.backend = Backend(self, self)
        return self.backend

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
        """Return what ServerCore runs beside handlers: nothing if a subclass connects itself."""
        ours = ConcreteMailHandler.connectToRealSMTPServer
        return companionsFor(cls) if cls.connectToRealSMTPServer is ours else []

    def offered(self) -> tuple[frozenset[str], int]:
        """Return what both the settings and the real servers offer: extensions, largest mail."""
        return self.smtp_offers.offer(serversFor(self), *super().offered())

    def handleEhlo(self, command: list[str]) -> None:
        """Renew what is offered if the real servers offer something else now."""
        if self.smtp_offers.revision != self._offersSeen:
            self._offersSeen = self.smtp_offers.revision
            self.renewSettings()
        super().handleEhlo(command)

    # Deadlines, errors and the end

    def answerDeadline(self) -> float:
        backend = self.backend
        deadline = inf if backend is None else backend.deadline
        return deadline if self.policyQuestion is None else min(deadline, super().answerDeadline())

    def handleLateAnswer(self) -> None:
        if self.policyQuestion is not None:
            super().handleLateAnswer()
        elif self.backend is not None:
            self.backend.timedOut()

    def heldTooLong(self) -> None:
        """Give up the connection whose peer reads nothing: the real server, or else the client."""
        if self.backend is not None and self.TCPClient is not None and self.TCPClient.isShut():
            self.backend.timedOut()
        else:
            super().heldTooLong()

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """Limit an error in the TCPClient to this connection."""
        return True

    def handleDisconnect(self) -> Generator[int, None, None]:
        """Wait for the reply to a dot; drop a mail that was begun; leave the real server."""
        backend = self.backend
        while backend is not None and backend.isAwaitingDot():
            yield from self.getline_fromsmtpserver()
        if backend is not None and backend.mayReset():  # so that the pool may keep it
            backend.reset()
            while backend.isResetting() and self.connectionPool() is not None:
                yield from self.getline_fromsmtpserver()
        self._leaveServer(isInOrder=True)

    def getline_fromsmtpserver(self) -> Generator[int, None, None]:
        """`yield from` this until the real server has sent something or is late."""
        yield from self.getline()
        self.takeAnswers()
        self.checkDeadlines()

    def cleanUp(self) -> None:
        self._leaveServer()
        self.backend = None
        self._dropText()
        super().cleanUp()


__kamaelia_components__ = (ConcreteMailHandler,)
