"""One session with a real server, from the connection to QUIT.

How does it work?
-----------------
A Relay (Kamaelia.Support.Protocol.SMTP.Relay) knows which command each reply
answers. A *conversation* decides what is sent and in which order. It is a
generator: it yields bytes to send, receives each reply, and returns the Reply for
the client. If it yields b"", it waits for the next reply, or until the session is
open. If the bytes need no reply, such as a piece of a mail's text, it continues
in the next turn.

    def rcpt(session, envelope):
        while session.relay.waiting or not session.relay.isReady:
            yield b""
        return (yield session.relay.rcpt(envelope))

The session has no boxes and no socket: it calls its ServerLink.

Termination: `leave()`, or an error, which is passed to `ServerLink.broke()`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from math import inf
from typing import Any, Protocol

from Kamaelia.Support.Failover import ServerAddress
from Kamaelia.Support.Protocol.SMTP.Relay import (
    BeginTLS,
    Broken,
    Ready,
    Relay,
    Send,
    StageReply,
    eventsThatCount,
)
from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SMTP.Report import MOST_OF_HEADERS

Conversation = Generator[bytes, Any, Reply]

NOT_READ = Reply(451, "4.3.0 The mail could not be read, please try again later")


class ServerLink(Protocol):
    """What a session with a real server needs."""

    deadline: float  # when `timedOut` is to be called; infinity: the session waits for nothing

    def now(self) -> float:
        """Return the time in seconds."""

    def write(self, data: bytes) -> None:
        """Send bytes to the server."""

    def beginTLS(self) -> None:
        """Begin TLS on the connection."""

    def close(self, isInOrder: bool) -> None:
        """Close the connection: after what has been written, or at once."""

    def continueSoon(self) -> None:
        """Call `goOn` in the next turn: more is to be sent."""

    def opened(self, extensions: Mapping[str, str]) -> None:
        """The server has accepted us and offers these extensions."""

    def ended(self, reply: Reply) -> None:
        """The conversation is over with this reply for the client."""

    def broke(self, broken: Broken) -> None:
        """The session has ended too early and has been left."""

    def noteToLog(self, line: str) -> None:
        """Write a line to the log of mails."""


class RelaySession:
    """RelaySession(server, relay, link) -> one session; the link's connection is being made.

    mail: the recipients of the mail that the server knows of. isInText: the text of a mail is
    passed on as it arrives. start: the beginning of that text, for a delivery report. last: its
    last piece, which is sent together with the dot.
    """

    __slots__ = (
        "conversation",
        "isInText",
        "isOurTurn",
        "last",
        "link",
        "mail",
        "relay",
        "server",
        "start",
    )

    def __init__(self, server: ServerAddress, relay: Relay, link: ServerLink) -> None:
        self.server = server
        self.relay = relay
        self.link = link
        self.mail: list[str] | None = None
        self.conversation: Conversation | None = None
        self.isOurTurn = False
        self.isInText = False
        self.start = b""
        self.last = b""

    def isAwaitingDot(self) -> bool:
        """Return whether the server has a mail with its dot and has not answered."""
        return "dot" in self.relay.waiting

    def isBusy(self) -> bool:
        """Return whether a command or a mail's text is in progress."""
        return self.conversation is not None or self.isInText or bool(self.relay.waiting)

    def begin(self) -> None:
        """Send the header that precedes the server's greeting, if there is one."""
        header = self.relay.header()
        if header:
            self.link.write(header)
        relay = self.relay
        self._allow(relay.timeoutOf("connect") + relay.timeoutOf(relay.stage))

    def ask(self, conversation: Conversation) -> None:
        """Start a conversation, whose result the link gets."""
        self.conversation = conversation
        self.goOn(None)

    def goOn(self, reply: Reply | None) -> None:
        """Continue the conversation, with the reply it waited for or without one."""
        conversation, link = self.conversation, self.link
        assert conversation is not None
        self.isOurTurn = False
        try:
            words = conversation.send(reply)
        except StopIteration as end:
            self.conversation = None
            self._expect()
            link.ended(end.value)
            return
        except OSError as error:  # from the temporary file with the text: no dot is sent
            reason = f"the text of a mail could not be read: {error}"
            self._break(self.relay.fail(reason, NOT_READ, isServers=False))
            return
        if words:
            link.write(words)
        if not self._expect() and words:
            self.isOurTurn = True
            link.continueSoon()

    def passOn(self, chunk: bytes, isLast: bool) -> None:
        """Send a piece of a mail's text as it arrives, if the server waits for it.

        The last one is kept for the dot.
        """
        if not self.isInText:
            return
        if self.relay.manner.protocol == "lmtp" and len(self.start) < MOST_OF_HEADERS:
            self.start += chunk[:MOST_OF_HEADERS]
        if isLast:
            self.last = chunk
        else:
            self.link.write(chunk)

    def leave(self, isInOrder: bool) -> None:
        """End the session. A mail in progress gets no dot. isInOrder: say QUIT if possible."""
        relay = self.relay
        isInOrder = isInOrder and not self.isBusy() and relay.isReady and relay.brokenBy is None
        if isInOrder:
            self.link.write(relay.quit())
        self.link.close(isInOrder)
        if self.conversation is not None:
            self.conversation.close()
            self.conversation = None
        self.link.deadline = inf

    # What the server does

    def receive(self, data: bytes) -> None:
        """Take bytes from the server."""
        for event in eventsThatCount(self.relay.receive(data)):
            if not isinstance(event, StageReply):
                self._take(event)
            elif self.conversation is not None:
                self.goOn(event.reply)

    def startedTLS(self) -> None:
        """Continue: TLS has begun on the connection."""
        self.link.write(self.relay.startedTLS())
        self._expect()

    def hungUp(self, error: object = None) -> None:
        """Take note that the connection has ended, or could not be made because of `error`."""
        broken = self.relay.hungUp(error)
        if broken is not None:
            self._break(broken)

    def timedOut(self) -> None:
        """Give up: the server has taken too long."""
        self._break(self.relay.timedOut())

    def _take(self, event: Send | Ready | BeginTLS | Broken) -> None:
        """Act on an event that opens or breaks the session."""
        if isinstance(event, Send):
            self.link.write(event.data)
            self._expect()
        elif isinstance(event, Ready):
            self.link.opened(event.extensions)
            if self.conversation is not None:
                self.goOn(None)
            else:
                self._expect()
        elif isinstance(event, BeginTLS):
            self._allow(self.relay.timeoutOf("TLS"))
            self.link.beginTLS()
        else:
            self._break(event)

    def _expect(self) -> bool:
        """Give the server the time of the stage in which it is. Return whether it has to answer."""
        relay, link = self.relay, self.link
        waiting = relay.waiting
        link.deadline = link.now() + relay.timeouts[waiting[0]] if waiting else inf
        return bool(waiting)

    def _allow(self, seconds: float) -> None:
        """Give the server this time."""
        self.link.deadline = self.link.now() + seconds

    def _break(self, broken: Broken) -> None:
        self.leave(isInOrder=False)
        self.link.broke(broken)
