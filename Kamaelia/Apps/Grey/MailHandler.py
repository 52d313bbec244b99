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
A Session (Kamaelia.Support.Protocol.SMTP.Session) cuts what the client sends into
commands and text; the handler waits, has its hooks called, and asks whether
that was all. Hooks are plain functions that run in the scheduler's thread; what
one raises ends this connection and no other. Here they do nothing:
StrictMailHandler answers, ConcreteMailHandler relays.

Termination: when the client has gone, after `breakConnection`, or at a limit.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
from typing import Any

from Axon.Box import NULL, UNUSED
from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Apps.Grey.Records.LogFiles import logLine, note
from Kamaelia.Apps.Grey.Session.Deadlines import Limits
from Kamaelia.Apps.Grey.Session.HeldWatch import HeldTooLong
from Kamaelia.Apps.Grey.Session.SessionState import SessionState
from Kamaelia.Support.PrintableText import printable
from Kamaelia.Support.Protocol.SMTP.CommandLog import CommandLog
from Kamaelia.Support.Protocol.SMTP.InputParser import (
    ClientEvent,
    CommandReceived,
    InputRefused,
    TextEnded,
    TextReceived,
)
from Kamaelia.Support.Protocol.SMTP.Reply import SHUTTING_DOWN, Reply
from Kamaelia.Util.Settings import refuseMisspelt

LOG = logging.getLogger("Kamaelia.Apps.Grey")
# The work for one client in one turn: it ends after so many events, or so many seconds.
MOST_EVENTS = 100
MOST_SECONDS = 0.001

HOOKS = {
    "HELO": "handleHelo",
    "EHLO": "handleEhlo",
    "MAIL": "handleMail",
    "RCPT": "handleRcpt",
    "DATA": "handleData",
    "QUIT": "handleQuit",
    "RSET": "handleRset",
    "NOOP": "handleNoop",
    "VRFY": "handleVrfy",
    "HELP": "handleHelp",
    "STARTTLS": "handleStartTLS",
}


class MailHandler(SessionState, Limits, component):
    """MailHandler(**settings) -> one client's connection; each setting may be a class attribute.

    See SessionState and Limits for most of them; ServerCore sets peer, peerport,
    localip and localport. logfile, debuglogfile: where lines are appended; None:
    to the log "Kamaelia.Apps.Grey".
    """

    Inboxes = {
        "inbox": "bytes from the client",
        "control": "producerFinished: the client has gone; shutdownMicroprocess: finish and go",
    }
    Outboxes = {
        "outbox": "bytes for the client",
        "signal": "producerFinished: the connection is to be closed",
    }

    logfile: str | None = None
    debuglogfile: str | None = None
    greet_delay: float = 0  # whoever speaks in this time is turned away

    # How it begins; only what changes costs a connection anything.
    line: bytes = b""  # what the client sent last
    client_connected = True
    hasMore = False  # to do, without waiting for anything
    hasSpoken = False
    turns = 0
    _mayBeHeld = False
    _isOverheard = True
    _isAskedToGo = False
    _isLogged = False

    def __init__(self, **argd: Any) -> None:
        refuseMisspelt(type(self), argd)
        super().__init__(**argd)
        self.beginSession()
        if self.starttls is not None:
            self.inboxes["sslready"] = UNUSED
            self.outboxes["makessl"] = NULL
        self.inbox_log = CommandLog()

    def main(self) -> Generator[int, None, None]:
        self.beginTime()
        self._isOverheard = self.isOverheard()
        try:
            if self.greet_delay:
                yield from self.waitForMessage(timeout=self.greet_delay)
            self._takeAll()
            self.callHook("handleConnect")
            self.session.isOpen = True
            self._work()
            while not self.isOver():
                yield from self.getline()
                self._work()
            self.send(self._goodbye(), "signal")
            last: Any = self.handleDisconnect()
            if isinstance(last, Generator):
                yield from last
            if not self._isLogged:
                self.logResult()
        finally:
            self.cleanUp()

    def isOver(self) -> bool:
        """Return whether nothing more is to be heard or said."""
        return self.session.breakConnection or not self.client_connected

    def _goodbye(self) -> producerFinished | shutdownMicroprocess:
        """Return the message that ends the connection: at once while TLS begins, as nothing
        can be sent then.
        """
        isAbrupt = self.session.isBeginningTLS
        return shutdownMicroprocess(self) if isAbrupt else producerFinished(self)

    # Wait

    def getline(self) -> Iterable[int]:
        """`yield from` this until the client sent something, or left, or somebody is late."""
        self.turns += 1
        if self._task.gates:
            self._mayBeHeld = True
            self.watchHolding()
        if self.hasMore:
            self.hasMore = False
            return (1,)
        return self.waitUntil(self.due())

    # Work

    def _work(self) -> None:
        if self._mayBeHeld:  # that time was not the client's
            self._mayBeHeld = False
            self.heardAt = None
        inboxes = self.inboxes
        if self.starttls is not None:
            self._heedTLS()
        if inboxes["inbox"]:
            self._takeAll()
        self.heedOthers()
        if not self.isWaiting:
            self._heedClient()
        if inboxes["control"]:
            self._heedControl()
        if self._task.deadline is None:  # no time is set, or it has come
            self.heedTime()
        if self._isAskedToGo and not (self.isWaiting or self.session.gettingdata or self.isOver()):
            self.answer(SHUTTING_DOWN)

    def _heedClient(self) -> None:
        now = self.scheduler.timers.clock.now
        until = now() + MOST_SECONDS
        for _ in range(MOST_EVENTS):
            event = self.session.next()
            if event is not None:
                self._heed(event)
                if self.isWaiting:
                    return
                if now() >= until:
                    break
            elif self.inboxes["inbox"]:
                self._takeAll()
            else:
                return
        self.hasMore = True

    def _takeAll(self) -> None:
        while self.inboxes["inbox"] and not self.session.isFull:
            self.logging_recv_connection()

    def logging_recv_connection(self) -> None:
        """Takes one message from the client: into `line`, and into the session."""
        self.line = self.recv("inbox")
        self.session.feed(self.line)
        self.heardAt = None

    def _heedTLS(self) -> None:
        """TLS has begun: what the client sends now counts."""
        while self.dataReady("sslready"):
            self.recv("sslready")
            self.session.startedTLS()

    def _heed(self, event: ClientEvent) -> None:
        if isinstance(event, CommandReceived):
            words = event.words
            self.inbox_log.add(words)
            self.handleCommand(words)
        elif isinstance(event, TextReceived):
            self.takeText(event.chunk)
        elif isinstance(event, TextEnded):
            self.endMail(event)
        else:
            self.handleRefused(event)

    def _heedControl(self) -> None:
        for message in self.Inbox("control"):
            if isinstance(message, HeldTooLong):
                self.heldTooLong()
            elif isinstance(message, shutdownMicroprocess):
                self._isAskedToGo = True
            elif isinstance(message, producerFinished):
                self.client_connected = False
                if self.session.isBeginningTLS:
                    self.noteFailedTLS(getattr(message, "message", None))

    # What is said

    def netPrint(self, *args: str) -> None:
        """Sends each line, all in one write, and notes it in the debugging log."""
        self.hasSpoken = True
        for line in args:
            self.noteToDebugLog(line)
        self.send(("\r\n".join(args) + "\r\n").encode("utf-8", "surrogateescape"))

    def answer(self, reply: Reply) -> None:
        """Send a reply where it is due; after one that closes, nothing more is heard."""
        reply = self.session.answer(reply)
        if not reply.isPositive:
            self.noteRefusal(reply)
        wire = reply.wire
        if self._isOverheard or self.debuglogfile is not None:
            self.netPrint(*wire[:-2].decode("utf-8", "surrogateescape").split("\r\n"))
        else:
            self.hasSpoken = True
            self.send(wire)
        self.heardAt = None

    def isOverheard(self) -> bool:
        """Whether anybody wants the lines that are said: a netPrint of your own, or the log.

        Asked once, when the connection begins; a debuglogfile may be named at any time.
        """
        kind = type(self)
        return (
            kind.netPrint is not MailHandler.netPrint
            or kind.noteToDebugLog is not MailHandler.noteToDebugLog
            or LOG.isEnabledFor(logging.DEBUG)
        )

    def noteToLog(self, line: str) -> None:
        """A line for the log: what became of a mail. Others choose words of it."""
        logLine(self.logfile, line)

    def noteToDebugLog(self, line: str) -> None:
        """A line for the debugging log: each that is said to the client."""
        if self.debuglogfile is not None:
            note(self.debuglogfile, printable(line))
        elif LOG.isEnabledFor(logging.DEBUG):
            LOG.debug("%s", printable(line))

    def noteRefusal(self, reply: Reply | None) -> None:
        """Called with each reply of 4xx or 5xx, before it is sent."""

    def noteFailedTLS(self, error: Any) -> None:
        """Called when a connection ends before its TLS handshake is done. Here it is logged."""
        LOG.info("the TLS handshake with %s failed: %s", self.peer, error)

    def callHook(self, name: str, *about: Any) -> None:
        """Call a hook that acts. Raise TypeError if it is asynchronous or a generator function,
        because then it has done nothing.
        """
        result = getattr(self, name)(*about)
        if result is not None:
            plainResult(result, name, self)

    # Hooks: yours to override

    def handleConnect(self) -> None:
        """The client has connected: say hello. Called once, before anything is heard."""

    def handleCommand(self, command: list[str]) -> None:
        """A command that is known: calls the hook of its verb. command: the words of the line."""
        self.callHook(HOOKS[command[0].upper()], command)
        if self.session.gettingdata:
            self.beginMail()

    def handleHelo(self, command: list[str]) -> None:
        """HELO; as all that follow, called with the words of the line."""

    def handleEhlo(self, command: list[str]) -> None:
        """EHLO."""

    def handleMail(self, command: list[str]) -> None:
        """MAIL."""

    def handleRcpt(self, command: list[str]) -> None:
        """RCPT."""

    def handleData(self, command: list[str]) -> None:
        """DATA: the text of a mail follows if this sets `gettingdata`."""

    def handleQuit(self, command: list[str]) -> None:
        """QUIT."""

    def handleRset(self, command: list[str]) -> None:
        """RSET."""

    def handleNoop(self, command: list[str]) -> None:
        """NOOP."""

    def handleVrfy(self, command: list[str]) -> None:
        """VRFY."""

    def handleHelp(self, command: list[str]) -> None:
        """HELP."""

    def handleStartTLS(self, command: list[str]) -> None:
        """STARTTLS: only where `starttls` is set."""

    def handleRefused(self, event: InputRefused) -> None:
        """What came was no command, or came too early: nothing more is heard."""

    def beginMail(self) -> None:
        """A hook has set `gettingdata`: the text of a mail may follow."""

    def takeText(self, chunk: bytes) -> None:
        """A piece of a mail's text, dots still stuffed."""

    def lastline(self) -> bool:
        """Whether the end of the mail's text has come."""
        return self.session.text.hasEnded

    def endMail(self, event: TextEnded) -> None:
        """The final dot has come, and its answer is due. Another mail may follow."""
        self.session.reset()

    def handleDisconnect(self) -> Any:
        """The connection is over; may be a generator, which is run to its end."""

    def logResult(self) -> None:
        """Called after each mail, and when the connection ends without one."""

    def heedOthers(self) -> None:
        """Something happened: take what came to other boxes than the client's."""

    def othersAreLate(self) -> None:
        """The time `dueByOthers` has come."""

    def heldTooLong(self) -> None:
        """A peer took nothing for as long as it may; the client, as far as is known here."""
        self.session.breakConnection = True

    def cleanUp(self) -> None:
        """The last thing of all, also after an error."""
        self.endWatch()


__kamaelia_components__ = (MailHandler,)
