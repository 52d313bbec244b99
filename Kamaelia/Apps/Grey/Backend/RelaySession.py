"""One session with a real server, from the connection to QUIT.

How does it work?
-----------------
A Relay (Kamaelia.Support.Protocol.SMTP.Relay) knows which command each reply
answers. A conversation decides what is sent, see ConversationLoop. The session
passes bytes and replies between the two.

The session has no boxes and no socket: it calls its ServerLink. While the
ConnectionPool keeps it, it has none.

Termination: `leave()`, or an error, which is passed to `ServerLink.broke()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, Final, Protocol

from Kamaelia.Apps.Grey.Backend.ConversationLoop import Conversation, conversationLoop
from Kamaelia.Support.Failover import ServerAddress
from Kamaelia.Support.Protocol.SMTP.Relay import (
    BeginTLS,
    Broken,
    Ready,
    Relay,
    RelayEvent,
    Send,
)
from Kamaelia.Support.Protocol.SMTP.Reply import Reply
from Kamaelia.Support.Protocol.SMTP.Report import MOST_OF_HEADERS

NO_LINK: Final[Any] = None  # of a session that the ConnectionPool keeps
NOT_READ: Final = Reply(451, "4.3.0 The mail could not be read, please try again later")


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
    """RelaySession(server, relay, link, settings) -> one session; its connection is being made.

    settings: SESSION_SETTINGS. mail: the recipients of the mail that the server knows of.
    isTalking: a conversation is held. isInText: the text of a mail is passed on as it arrives.
    start: the beginning of that text, for a delivery report. last: its last piece, which is sent
    together with the dot.
    For the ConnectionPool: since, when it was opened; connection, on which the session is; until,
    how long it may stay idle.
    """

    __slots__ = (
        "_conversations",
        "connection",
        "isInText",
        "isOurTurn",
        "isTalking",
        "last",
        "link",
        "mail",
        "relay",
        "server",
        "settings",
        "since",
        "start",
        "until",
    )

    def __init__(
        self, server: ServerAddress, relay: Relay, link: ServerLink, settings: tuple[str, ...]
    ) -> None:
        self.server = server
        self.relay = relay
        self.link = link
        self.settings = settings
        self.mail: list[str] | None = None
        self.isTalking = False
        self.isOurTurn = False
        self.isInText = False
        self.start = b""
        self.last = b""
        self.since = self.until = link.now()
        self.connection: Any = None  # a ServerConnection
        self._conversations = conversationLoop()
        next(self._conversations)

    def isAwaitingDot(self) -> bool:
        """Return whether the server has a mail with its dot and has not answered."""
        return "dot" in self.relay.waiting

    def isBusy(self) -> bool:
        """Return whether a command or a mail's text is in progress."""
        return self.isTalking or self.isInText or bool(self.relay.waiting)

    def begin(self) -> None:
        """Send the header that precedes the server's greeting, if there is one."""
        header = self.relay.header()
        if header:
            self.link.write(header)
        relay = self.relay
        self._allow(relay.timeoutOf("connect") + relay.timeoutOf(relay.stage))

    def ask(self, conversation: Conversation) -> None:
        """Start a conversation, whose result the link gets."""
        self.isTalking = True
        self.goOn(conversation)

    def goOn(self, given: Conversation | Reply | None) -> None:
        """Continue the conversation, with the reply it waited for or without one."""
        link = self.link
        self.isOurTurn = False
        try:
            words = self._conversations.send(given)
        except OSError as error:  # from the temporary file with the text: no dot is sent
            reason = f"the text of a mail could not be read: {error}"
            self._break(self.relay.fail(reason, NOT_READ, isServers=False))
            return
        if isinstance(words, Reply):
            self.isTalking = False
            self._expect()
            link.ended(words)
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
        self._conversations.close()
        self.isTalking = False
        self.link.deadline = inf

    # What the server does

    def receive(self, data: bytes) -> None:
        """Take bytes from the server."""
        for event in self.relay.receive(data):
            if not isinstance(event, Reply):
                self._take(event)
            elif self.isTalking:
                self.goOn(event)

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

    def _take(self, event: RelayEvent) -> None:
        """Act on an event that opens or breaks the session."""
        if isinstance(event, Send):
            self.link.write(event.data)
            self._expect()
        elif isinstance(event, Ready):
            self.link.opened(event.extensions)
            if self.isTalking:
                self.goOn(None)
            else:
                self._expect()
        elif isinstance(event, BeginTLS):
            self._allow(self.relay.timeoutOf("TLS"))
            self.link.beginTLS()
        elif isinstance(event, Broken):
            self._break(event)

    def _expect(self) -> bool:
        """Give the server the time of the stage in which it is. Return whether it has to answer."""
        link = self.link
        deadline = link.deadline = self.relay.deadline(link.now())
        return deadline != inf

    def _allow(self, seconds: float) -> None:
        """Give the server this time."""
        self.link.deadline = self.link.now() + seconds

    def _break(self, broken: Broken) -> None:
        self.leave(isInOrder=False)
        self.link.broke(broken)
