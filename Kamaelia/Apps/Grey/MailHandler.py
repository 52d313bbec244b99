"""The skeleton of an SMTP server, and a protocol for ServerCore: a hook for each command.

Example usage
-------------
    class Silent(MailHandler):
        def handleHelo(self, command):
            self.netPrint("250 Hello " + command[1])

        def handleQuit(self, command):
            self.netPrint("221 Bye")
            self.breakConnection = True

    ServerCore(protocol=Silent, port=1025).run()

How does it work?
-----------------
A Session (Kamaelia.Support.Protocol.SMTP.Session) divides what the client sends into
commands and text. In each turn the handler takes its messages, calls a hook for
each event, and waits until the next message or deadline. Hooks are plain functions
that run in the scheduler's thread. An exception in one ends only this connection.
Here the hooks do nothing; StrictMailHandler answers and ConcreteMailHandler relays.

Termination: when the client has closed the connection or is late, and after `breakConnection`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Mapping
from math import inf
from types import GeneratorType
from typing import Any

from Axon.Box import NULL, UNUSED
from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Apps.Grey.Records.LogFiles import logLine, note
from Kamaelia.Apps.Grey.Session.Deadlines import NO_DEADLINES, atNoTime, deadlinesOf
from Kamaelia.Apps.Grey.Session.HeldWatch import HeldTooLong, HeldWatch, watchHeld
from Kamaelia.Apps.Grey.Session.Phase import CLIENT, CLIENT_STOPPING, GONE
from Kamaelia.Apps.Grey.Session.SessionState import SessionState
from Kamaelia.Support.PrintableText import printable
from Kamaelia.Support.Protocol.SMTP.Deadlines import Deadlines
from Kamaelia.Support.Protocol.SMTP.InputParser import (
    ChunkEnded,
    InputRefused,
    TextEnded,
    TextEvent,
)
from Kamaelia.Support.Protocol.SMTP.Reply import SHUTTING_DOWN, Reply, encoded
from Kamaelia.Support.Protocol.SMTP.Session import COMMANDS
from Kamaelia.Support.Protocol.SMTP.SessionText import withoutMail

LOG = logging.getLogger("Kamaelia.Apps.Grey")
# The work for one client in one turn ends after so many events, or so many seconds.
MOST_EVENTS = 100
MOST_SECONDS = 0.001

HOOKS = {verb: f"handle{verb.capitalize()}" for verb in COMMANDS} | {"STARTTLS": "handleStartTLS"}


class MailHandler(SessionState, component):
    """MailHandler(**settings) -> one client's connection; each setting may be a class attribute.

    SessionState describes the settings. logfile, debuglogfile: the files to which lines are
    appended; None: the log "Kamaelia.Apps.Grey".
    """

    Inboxes = {
        "inbox": "bytes from the client",
        "control": "producerFinished: the client has gone; shutdownMicroprocess: end after the"
        " mail in progress; HeldTooLong: the client reads nothing",
    }
    Outboxes = {
        "outbox": "bytes for the client",
        "signal": "producerFinished: the connection is to be closed",
    }

    logfile: str | None = None
    debuglogfile: str | None = None

    # The state, with the values at the start of what rarely changes: see __init__
    line: bytes  # what the client sent last
    repliesSent: int  # to the client: see PolicyQuestion
    turns: int  # how often it has waited while it was held: see HeldWatch
    deadlines: Deadlines  # from main() on
    heardAt: float | None  # when the client was heard or answered; None: in this turn
    _clock: Callable[[], float]
    _needsReplyLines: bool
    _isLogged: bool  # logResult() has been called for the last mail
    _watch: HeldWatch | None = None

    def shown(self, message: Any) -> Any:
        """Return `message` for a display of the running system: no mail, and no password."""
        return withoutMail(bytes(message)) if isinstance(message, bytes | bytearray) else message

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        # Python stores attributes compactly only if there are few (30 in 3.11), and only those
        # that the first instances of the class have. So what most connections need is set here.
        self.line, self.mailStatus, self.turns = b"", "", 0
        self.repliesSent, self._isLogged, self._needsReplyLines = 0, False, True
        self.deadlines, self.heardAt, self._clock = NO_DEADLINES, None, atNoTime
        self.beginSession()
        if self.starttls is not None:
            self.inboxes["sslready"] = UNUSED
            self.outboxes["makessl"] = NULL

    def main(self) -> Generator[int, None, None]:  # a turn is in one piece, for speed
        clock = self._clock = self.scheduler.timers.clock.now
        inboxes, self.deadlines = self.placesOfInboxes(), deadlinesOf(self, clock())
        self._needsReplyLines = self.needsReplyLines()
        try:
            if self.greet_delay:
                yield from self.waitForMessage(timeout=self.greet_delay)
            self._takeAll(inboxes["inbox"])
            self.callHook("handleConnect")
            self.session.isOpen = True
            self.enter(CLIENT)
            if self.session.spokeEarly or self.anyReady():
                self._work(inboxes)
            while not self.session.breakConnection and self.phase is not GONE:
                isHeld = self.isHeld()
                if isHeld:
                    self._noteHeld()
                due = self.due()
                yield from self.waitUntil(due)
                if isHeld:
                    self.heardAt = None  # that time was not the client's
                self._work(inboxes)
                now = clock()
                if self.heardAt is None:
                    self.heardAt = now  # the client's time begins at the end of the turn
                if now >= due:
                    self.checkDeadlines()
            # Nothing can be sent during a TLS handshake, so it is closed at once then.
            end = shutdownMicroprocess if self.session.isBeginningTLS else producerFinished
            self.send(end(self), "signal")
            last: Any = self.handleDisconnect()
            if isinstance(last, GeneratorType):
                yield from last
            if not self._isLogged:
                self.logResult()
        finally:
            self.cleanUp()

    def _noteHeld(self) -> None:
        """Have it watched, because its own timeouts do not reach it while it is held."""
        self.turns += 1
        if self._watch is None:
            self._watch = watchHeld(self, self.inactivity_timeout or self.session_timeout)

    # Time

    def now(self) -> float:
        """Return the time of the scheduler's clock, in seconds."""
        clock = self._clock
        return clock()

    def due(self) -> float:
        """Return when the client, or an answer that is awaited, may be late; or infinity."""
        due = self.answerDeadline()
        if self.phase.isReading:
            heardAt = self.heardAt
            if heardAt is None:
                heardAt = self.heardAt = self.now()
            clientDue = self.deadlines.earliest(self.session, heardAt)
            return clientDue if clientDue < due else due
        return due

    def checkDeadlines(self) -> None:
        """Act on deadlines that have passed."""
        now = self.now()
        if now >= self.answerDeadline():
            self.handleLateAnswer()
        if not self.phase.isReading or self.session.breakConnection:
            return
        heardAt = now if self.heardAt is None else self.heardAt
        deadline, reply = self.deadlines.next(self.session, heardAt)
        if now >= deadline:
            self.answer(reply)

    def getline(self) -> Iterable[int]:
        """`yield from` this until a message has arrived or something is late."""
        return self.waitUntil(self.due())

    # Work

    def _work(self, inboxes: Mapping[str, Any]) -> None:
        session, inbox = self.session, inboxes["inbox"]
        if not session.isOpen:
            self._checkTLS()
        if inbox:  # an empty inbox is false
            self._takeAll(inbox)
        self.takeAnswers()
        if (session.hasInput or inbox) and self.phase.isReading:
            self._handleClient(inbox)
        if inboxes["control"]:
            self._handleControl()
        if self.phase is CLIENT_STOPPING and not (self.gettingdata or self.isOver()):
            self.answer(SHUTTING_DOWN)

    def _handleClient(self, inbox: Any) -> None:
        """Act on what the client has sent. Some of it may still be in the inbox."""
        session, count, until = self.session, 0, inf
        while count < MOST_EVENTS:
            event = session.next()
            if event is not None:
                if isinstance(event, list):
                    self.handleCommand(event)
                else:
                    self._handleText(event)
                if not self.phase.isReading:
                    return
            if not session.hasInput:
                if not inbox:
                    session.mustWait = False  # the event has been dealt with
                    return
                self._takeAll(inbox)
            count += 1
            if count == 1:  # nearly always there is one event: its time needs no limit
                until = self.now() + MOST_SECONDS
            elif self.now() >= until:
                break
        self.unpause()  # take the rest in the next turn

    def _takeAll(self, inbox: Any) -> None:
        """Take what is in "inbox", as far as the session has room for it."""
        session = self.session
        while inbox and not (session.buffer and session.isFull):
            self.logging_recv_connection()

    def logging_recv_connection(self) -> None:
        """Take one message from the client: into `line`, and into the session."""
        self.line = line = self.recv("inbox")
        self.session.feed(line)
        self.heardAt = None

    def _checkTLS(self) -> None:
        """Start a new session if the TLS that the client has asked for has begun."""
        while self.starttls is not None and self.dataReady("sslready"):
            self.recv("sslready")
            self.session.startedTLS()

    def _handleText(self, event: TextEvent) -> None:
        """Act on a piece of a text or its end, or on what is refused."""
        if isinstance(event, bytes):
            self.takeText(event)
        elif isinstance(event, TextEnded):
            self.endMail(event)
        elif isinstance(event, ChunkEnded):
            self.endChunk(event)
        else:
            self.handleRefused(event)

    def _handleControl(self) -> None:
        for message in self.Inbox("control"):
            if isinstance(message, HeldTooLong):
                self.heldTooLong()
            elif isinstance(message, shutdownMicroprocess):
                self.enter(self.phase.whileStopping)
            elif isinstance(message, producerFinished):
                self.enter(GONE)
                if self.session.isBeginningTLS:
                    self.noteFailedTLS(getattr(message, "message", None))

    # Answer

    def netPrint(self, *args: str) -> None:
        """Send each line, all in one write, and write it to the debugging log."""
        self.repliesSent += 1
        self.session.mustWait = False  # a hook may answer with this alone
        for line in args:
            self.noteToDebugLog(line)
        self.send(encoded("\r\n".join(args) + "\r\n"))

    def answer(self, reply: Reply) -> None:
        """Send a reply where one is due. After a reply that closes, nothing more is read."""
        reply = self.session.answer(reply)
        if not reply.isPositive:
            self.noteRefusal(reply)
        wire = reply.wire
        if self._needsReplyLines or self.debuglogfile is not None:
            self.netPrint(*wire[:-2].decode("utf-8", "surrogateescape").split("\r\n"))
        else:
            self.repliesSent += 1
            self.send(wire)
        self.heardAt = None

    def needsReplyLines(self) -> bool:
        """Return whether netPrint or the log needs the lines of replies; asked once, at first."""
        kind = type(self)
        return (
            kind.netPrint is not MailHandler.netPrint
            or kind.noteToDebugLog is not MailHandler.noteToDebugLog
            or LOG.isEnabledFor(logging.DEBUG)
        )

    def noteToLog(self, line: str) -> None:
        """Write a line to the log. Its words may come from the client."""
        logLine(self.logfile, line)

    def noteToDebugLog(self, line: str) -> None:
        """Write a line to the debugging log: each line that is sent to the client."""
        if self.debuglogfile is not None:
            note(self.debuglogfile, printable(line))
        elif LOG.isEnabledFor(logging.DEBUG):
            LOG.debug("%s", printable(line))

    def noteRefusal(self, reply: Reply | None) -> None:
        """Called with each reply of 4xx or 5xx, before it is sent."""

    def noteFailedTLS(self, error: Any) -> None:
        """Called when a connection ends before its TLS handshake is complete."""
        LOG.info("the TLS handshake with %s failed: %s", self.peer, error)

    # Hooks: a subclass may override them

    def callHook(self, name: str, *about: Any) -> None:
        """Call a hook that acts. Raise TypeError if it is one that does nothing when called."""
        result = getattr(self, name)(*about)
        if result is not None:
            plainResult(result, name, self)

    def handleConnect(self) -> None:
        """Greet the client. Called once, before anything is read."""

    def handleCommand(self, command: list[str]) -> None:
        """Call the hook of a known command. command: the words of the line."""
        session = self.session
        wasGetting = session.gettingdata  # between the chunks of a mail (BDAT)
        name = HOOKS[command[0].upper()]
        result = getattr(self, name)(command)
        if result is not None:
            plainResult(result, name, self)
        if session.gettingdata is not wasGetting:
            (self.cancelMail if wasGetting else self.beginMail)()

    def _ignore(self, command: list[str]) -> None:
        """Do nothing. Each command hook is called with the words of the line."""

    handleHelo = handleEhlo = handleMail = handleRcpt = handleQuit = handleRset = _ignore
    handleNoop = handleVrfy = handleHelp = handleStartTLS = handleXclient = handleXforward = _ignore
    # If one of these sets `gettingdata`, the text follows. handleBdat is called before each chunk.
    handleData = handleBdat = _ignore

    def handleRefused(self, event: InputRefused) -> None:
        """Called for what is no command or came too early. Nothing more is read."""

    def beginMail(self) -> None:
        """Called when a hook has set `gettingdata`: the text of a mail may follow."""

    def takeText(self, chunk: bytes) -> None:
        """Called with each piece of a mail's text, with the dots that SMTP adds."""

    def endChunk(self, event: ChunkEnded) -> None:
        """Called after a chunk of a mail's text that is not the last; the answer is due."""

    def cancelMail(self) -> None:
        """Called when a command between two chunks, such as RSET, has dropped the mail."""

    def lastline(self) -> bool:
        """Return whether the end of the mail's text has come."""
        return self.session.text.hasEnded

    def endMail(self, event: TextEnded) -> None:
        """Called after the final dot or the last chunk; the answer is due."""
        self.session.reset()

    def handleDisconnect(self) -> Any:
        """Called when the connection is over; may be a generator, which is run to its end."""

    def logResult(self) -> None:
        """Called after each mail, and when the connection ends without one."""

    def takeAnswers(self) -> None:
        """Called in each turn: take the answers of policy and of the real server."""

    def answerDeadline(self) -> float:
        """Return when `handleLateAnswer` is to be called, or infinity."""
        return inf

    def handleLateAnswer(self) -> None:
        """Called at `answerDeadline()`."""

    def heldTooLong(self) -> None:
        """Called when a peer, the client if nothing else is known, has not read for too long."""
        self.session.breakConnection = True

    def cleanUp(self) -> None:
        """Called last, also after an error."""
        if self._watch is not None:
            self._watch.stop()


__kamaelia_components__ = (MailHandler,)
