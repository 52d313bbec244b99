"""The real servers behind one mail handler, and the session with one of them.

How does it work?
-----------------
`ask` opens a session with the first server that has not failed lately, and holds
a conversation there. If the session breaks, `ask` begins again with the next
server, if that can neither lose nor duplicate a mail: the server's failure is its
own, no dot has been sent, and the caller allows it (`mayMove`). Otherwise the
client gets the reply that says what went wrong. A session that an earlier mail has
used may end at any time, so it is first replaced by a new one with the same server.

At its end, a session may go to the ConnectionPool, and another client's backend may
take it from there.

The backend reaches the boxes only through its handler, see BackendHandler. All
handlers of a class share `smtp_health`, `smtp_offers` and `smtp_pool`.

Termination: `leave()`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Protocol

from Kamaelia.Apps.Grey.Backend import Conversations
from Kamaelia.Apps.Grey.Backend.ConnectionPool import ConnectionPool
from Kamaelia.Apps.Grey.Backend.ConversationLoop import Conversation
from Kamaelia.Apps.Grey.Backend.RelaySession import RelaySession
from Kamaelia.Apps.Grey.Backend.ServerConnection import ServerConnection
from Kamaelia.Apps.Grey.Backend.ServerSettings import (
    SESSION_SETTINGS,
    ServerSettings,
    serversFor,
)
from Kamaelia.Support.Failover import ServerAddress
from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity
from Kamaelia.Support.Protocol.SMTP.Relay import Broken, Relay
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

LOG = logging.getLogger("Kamaelia.Apps.Grey")


class BackendHandler(Protocol):
    """What the backend may ask of its handler, which owns the boxes."""

    recipients: Any  # of the mail in progress: a list, new for each mail
    scheduler: Any

    def now(self) -> float:
        """Return the time in seconds."""

    def clientIdentity(self) -> ClientIdentity:
        """Return what the real server may be told about the client."""

    def connectToRealSMTPServer(self) -> None:
        """Connect to `backend.server`."""

    def disconnectFromRealSMTPServer(self) -> None:
        """Unlink that connection and drop what it has sent."""

    def connectionPool(self) -> ConnectionPool | None:
        """Return the pool of idle connections, or None if none are kept."""

    def linkConnection(self, connection: ServerConnection) -> None:
        """Link the boxes to a connection of the pool."""

    def releaseConnection(self) -> ServerConnection | None:
        """Unlink the connection and return it, or None if it has sent something or has ended."""

    def noteConnection(self, event: str) -> None:
        """Count a connection: "made", "reused", or "broken" when it was reused."""

    def sendToServer(self, data: bytes) -> None:
        """Send bytes on the connection."""

    def beginServerTLS(self) -> None:
        """Begin TLS on the connection."""

    def closeServer(self, isInOrder: bool) -> None:
        """Close the connection: after what has been sent, or at once."""

    def suspendForServer(self) -> None:
        """Stop reading from the client until resumeClient()."""

    def resumeClient(self) -> None:
        """Read from the client again."""

    def unpause(self) -> None:
        """Take another turn without waiting for a message."""

    def noteToLog(self, line: str) -> None:
        """Write a line to the log of mails."""


class Backend:
    """Backend(handler, settings) -> the way to the real servers; it is a ServerLink.

    relaySession: the session with the server, or None; "a session" is always a relay session here,
    never the client's. write: sends bytes to it. now: returns the time. deadline: when the server
    is late, in seconds of the handler's clock, or infinity.
    """

    __slots__ = (
        "_dots",
        "_given",
        "_handler",
        "_isFromPool",
        "_isReused",
        "_lostMail",
        "_lostReply",
        "_make",
        "_mayMove",
        "_server",
        "_settings",
        "_then",
        "_tried",
        "deadline",
        "now",
        "relaySession",
        "write",
    )

    # The other parts of the request, see ask()
    _make: Callable[..., Conversation]
    _given: tuple[Any, ...]
    _mayMove: bool

    def __init__(self, handler: BackendHandler, settings: ServerSettings) -> None:
        self._handler = handler
        self._settings = settings
        self._then: Callable[[Reply], None] | None = None  # of the request, if there is one
        self._tried: list[ServerAddress] = []
        self._dots = 0
        self._isReused = False  # whether the request began in a session of an earlier one
        self._isFromPool = False  # whether the session has served only other clients so far
        self._lostMail: Any = None
        self._lostReply: Reply | None = None
        self.relaySession: RelaySession | None = None
        self.deadline = inf
        self._server: ServerAddress | None = None  # until one is asked
        self.write, self.now = handler.sendToServer, handler.now  # until a server is asked

    def ask(
        self,
        make: Callable[..., Conversation],
        then: Callable[[Reply], None],
        *given: Any,
        mayMove: bool = False,
    ) -> None:
        """Hold the conversation `make(relaySession, *given)`, and call `then` with its reply.

        mayMove: it may begin again with another server until it has sent a dot.
        """
        self._make, self._given, self._then, self._mayMove = make, given, then, mayMove
        self._tried = []
        self._handler.suspendForServer()
        self._isReused = True
        relaySession = self.relaySession
        if relaySession is None:
            self.now = self._handler.scheduler.timers.clock.now
            server = self._inOrder()[0]
            relaySession = self._resume(server) or self._connectTo(server)
        self._hold(relaySession)

    @property
    def server(self) -> ServerAddress:
        """The server that is asked, or was asked last; before that, the one to ask first."""
        return self._server or self._inOrder()[0]

    def lostReply(self) -> Reply | None:
        """Return the reply to a mail that began in a session which has broken, or None."""
        return self._lostReply if self._lostMail is self._handler.recipients else None

    # Each mail asks these several times; to read a property takes four times as long as a call.

    def isAwaitingDot(self) -> bool:
        """Return whether the server has a mail with its dot and has not answered."""
        return self.relaySession is not None and self.relaySession.isAwaitingDot()

    def isInText(self) -> bool:
        """Return whether the server waits for the text of a mail."""
        return self.relaySession is not None and self.relaySession.isInText

    def passOn(self, chunk: bytes, isLast: bool) -> None:
        """Send a piece of a mail's text as it arrives, if the server waits for it."""
        if self.relaySession is not None:
            self.relaySession.passOn(chunk, isLast)

    def timedOut(self) -> None:
        """Give up the session: the server has taken too long."""
        if self.relaySession is not None:
            self.relaySession.timedOut()

    def mayReset(self) -> bool:
        """Return whether a mail was begun in the session, which could be kept without it."""
        relaySession = self.relaySession
        if relaySession is None or relaySession.mail is None or relaySession.isBusy():
            return False
        pool = self._handler.connectionPool()
        return pool is not None and pool.mayKeep(relaySession.relay)

    def reset(self) -> None:
        """Drop the mail that was begun in the session; isResetting() until the server answers."""
        if self.relaySession is not None:
            self.relaySession.ask(Conversations.reset(self.relaySession))

    def isResetting(self) -> bool:
        """Return whether the server has yet to answer reset()."""
        return self.relaySession is not None and self.relaySession.isTalking

    def leave(self, isInOrder: bool = False) -> None:
        """End the session, if there is one. A mail in progress gets no dot.

        isInOrder: keep the connection for another mail, or else say QUIT, if possible.
        """
        relaySession = self.relaySession
        if relaySession is None or (isInOrder and self._isKept(relaySession)):
            return
        relaySession.leave(isInOrder)
        self._forgetSession()

    # The pool of idle connections

    def _isKept(self, relaySession: RelaySession) -> bool:
        """Give the session to the pool. Return whether it has been taken over."""
        pool = self._handler.connectionPool()
        if pool is None or relaySession.mail is not None or relaySession.isTalking:
            return False
        isGood = pool.mayKeep(relaySession.relay)
        connection = self._handler.releaseConnection() if isGood else None
        if connection is None:
            return False
        self.relaySession, self.deadline = None, inf
        pool.keep(relaySession, connection)
        return True

    def _resume(self, server: ServerAddress) -> RelaySession | None:
        """Continue a session with this server from the pool; None if there is none."""
        handler = self._handler
        pool = handler.connectionPool()
        relaySession = None if pool is None else pool.take(server, SESSION_SETTINGS(self._settings))
        if relaySession is not None:
            self._server, self._isFromPool, self.relaySession = server, True, relaySession
            relaySession.link = self
            handler.linkConnection(relaySession.connection)
            handler.noteConnection("reused")
        return relaySession

    def _inOrder(self) -> list[ServerAddress]:
        """Return all servers; the one to ask first is at the head."""
        settings = self._settings
        return settings.smtp_health.inOrder(serversFor(settings), self.now())

    def _connectTo(self, server: ServerAddress) -> RelaySession:
        """Open a session on a new connection."""
        handler, settings = self._handler, SESSION_SETTINGS(self._settings)
        helo, servername, tls, protocol, telling = settings
        client = handler.clientIdentity() if telling != "no" else None
        relay = Relay(
            helo or servername,
            tls,
            self._settings.smtp_timeouts,
            protocol=protocol,
            telling=telling,
            client=client,
        )
        self._server, self._isReused, self._isFromPool = server, False, False
        relaySession = self.relaySession = RelaySession(server, relay, self, settings)
        handler.connectToRealSMTPServer()
        relaySession.begin()
        return relaySession

    def _hold(self, relaySession: RelaySession) -> None:
        self._dots = relaySession.relay.dots
        relaySession.ask(self._make(relaySession, *self._given))

    def _forgetSession(self) -> None:
        """Free the boxes for another connection."""
        self.relaySession = None
        self._handler.disconnectFromRealSMTPServer()

    # What the session says: see ServerLink

    def beginTLS(self) -> None:
        """Begin TLS on the connection."""
        self._handler.beginServerTLS()

    def close(self, isInOrder: bool) -> None:
        """Close the connection."""
        self._handler.closeServer(isInOrder)

    def continueSoon(self) -> None:
        """Continue the conversation in the next turn."""
        self._handler.unpause()

    def opened(self, extensions: Mapping[str, str]) -> None:
        """Remember that the server works, and what it offers."""
        self._settings.smtp_health.worked(self.server)
        self._settings.smtp_offers.record(self.server, extensions)
        self._handler.noteConnection("made")

    def ended(self, reply: Reply) -> None:
        """Pass the reply on; the client may send again."""
        if self._isFromPool:
            self._isFromPool = False
            relaySession = self.relaySession
            if relaySession is not None and self._hasRefusedMail(relaySession):
                self._beginAnew(relaySession)
                return
        then, self._then, self._given = self._then, None, ()
        self._handler.resumeClient()
        if then is not None:
            then(reply)

    def _hasRefusedMail(self, relaySession: RelaySession) -> bool:
        """Return whether the server has refused MAIL, as some do after so many in a session."""
        hasRefused = relaySession.relay.hasRefused and relaySession.mail is None
        return hasRefused and not self._hasSentDot(relaySession)

    def _hasSentDot(self, relaySession: RelaySession) -> bool:
        return relaySession.relay.dots != self._dots

    def _beginAnew(self, relaySession: RelaySession) -> None:
        """Ask again on a new connection: only its answer is the server's word about the mail."""
        self._handler.noteConnection("broken")
        relaySession.leave(isInOrder=False)
        self._forgetSession()
        if self._then is not None:
            self._hold(self._connectTo(self.server))

    def broke(self, broken: Broken) -> None:
        """Ask the next server, or pass on what went wrong. A mail that was begun is lost."""
        isAsked, relaySession, handler = self._then is not None, self.relaySession, self._handler
        isReused, self._isReused = self._isReused, False
        if isAsked and broken.isServers:
            self._noteFailure(isReused)
        self._log(broken)
        self._forgetSession()
        if handler.recipients:
            self._lostMail, self._lostReply = handler.recipients, broken.reply
        if not isAsked or relaySession is None:
            return
        if not isReused:
            self._tried.append(self.server)
        mayMove = self._mayMove and broken.isServers and not self._hasSentDot(relaySession)
        others = [each for each in self._inOrder() if each not in self._tried] if mayMove else []
        if others:
            self._hold(self._connectTo(others[0]))
        else:
            self.ended(broken.reply)

    def _noteFailure(self, isReused: bool) -> None:
        """Note that the server has failed. Its idle connections are not used any more."""
        handler, pool = self._handler, self._handler.connectionPool()
        if not isReused:
            self._settings.smtp_health.failed(self.server, self.now())
        if self._isFromPool:
            self._isFromPool = False
            handler.noteConnection("broken")
        if pool is not None:
            pool.drop(self.server)

    def noteToLog(self, line: str) -> None:
        """Write a line to the log of mails."""
        self._handler.noteToLog(line)

    def _log(self, broken: Broken) -> None:
        health, server = self._settings.smtp_health, self.server
        self._handler.noteToLog(f"real server {server}: {broken.reason}")
        if broken.hint and health.isNews(server, broken.hint, self.now()):
            LOG.warning("real server %s: %s", server, broken.explanation)
