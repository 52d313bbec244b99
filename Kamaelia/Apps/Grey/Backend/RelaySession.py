"""The component side of a session with the real server: who is asked what, and who waits for it.

How does it work?
-----------------
A Relay (Kamaelia.Support.Protocol.SMTP.Relay) says what a reply is for. What is
to be said, in which order, is a *conversation*: a generator that yields the
bytes to say, is sent each answer, and returns the Reply that the client hears.
With b"" it waits for what comes next: the end of the opening, or an answer that
is still due. When what it yields needs no answer, such as a piece of text, it
goes on in its owner's next turn.

    def rcpt(relay, envelope):
        while relay.waiting or not relay.isReady:
            yield b""
        return (yield relay.rcpt(envelope))

The owner is a ConcreteMailHandler: its tcp boxes lead to the real server. When a
session breaks, what it was asked is asked of the next server, if there is one and
nobody has been promised anything: no dot was said, and the asker allows it.

Termination: `leave()`; or what breaks the session, of which the owner's
`relayBroke` hears.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from math import inf
from typing import Any

from Axon.Ipc import producerFinished, shutdownMicroprocess
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

Conversation = Generator[bytes, Any, Reply]

NOT_READ = Reply(451, "4.3.0 The mail could not be read, please try again later")


class Relaying:
    """Relaying(owner) -> one connection to `owner.server`, which the owner is asked to make."""

    __slots__ = (
        "_dots",
        "_given",
        "_make",
        "_mayMove",
        "_tried",
        "conversation",
        "isInText",
        "isOurTurn",
        "last",
        "mail",
        "owner",
        "relay",
        "server",
        "start",
        "then",
    )

    def __init__(self, owner: Any) -> None:
        self.owner = owner
        self.server = owner.server
        self.relay = Relay(
            owner.smtp_helo or owner.servername,
            owner.smtp_tls,
            owner.smtp_timeouts,
            protocol=owner.smtp_protocol,
            telling=owner.smtp_client_address,
            client=owner.realClient() if owner.smtp_client_address != "no" else None,
        )
        self.mail: list[str] | None = None  # the recipients of the mail that it is about
        self.conversation: Conversation | None = None
        self.then: Callable[[Reply], None] = _unasked
        self.isOurTurn = False
        self.isInText = False  # a text is passed on: from the 354 to the answer to the dot
        self.start = b""  # what a text that is passed on began with, for a report
        self.last = b""  # and the last of it, which goes out with the dot
        owner.connectToRealSMTPServer()
        header = self.relay.header()
        if header:
            owner.send(header, "tcp_outbox")
        self._expect(self.relay.timeoutOf("connect"))

    # What the owner says

    def ask(
        self,
        make: Callable[..., Conversation],
        then: Callable[[Reply], None],
        *given: Any,
        mayMove: bool = False,
        tried: Sequence[ServerAddress] = (),
    ) -> None:
        """Holds the conversation make(self, *given), and calls `then` with what it returns.

        mayMove: it may begin anew with the next server, as long as it has said no dot, but
        with none of those that it has `tried`.
        """
        self._make, self.then, self._given = make, then, given
        self._mayMove, self._tried = mayMove, tried
        self._dots = self.relay.dots
        self.conversation = make(self, *given)
        self.owner.isWaiting = True
        self.goOn(None)

    def goOn(self, reply: Reply | None) -> None:
        """The conversation goes on: with the answer it waited for, or because it is its turn."""
        assert self.conversation is not None
        self.isOurTurn = False
        try:
            words = self.conversation.send(reply)
        except StopIteration as end:
            self.conversation = None
            self._expect()
            self.owner.isWaiting = False
            self.then(end.value)
            return
        except OSError as error:  # from the temporary file with the text: no dot is sent
            reason = f"the text of a mail could not be read: {error}"
            self._break(self.relay.fail(reason, NOT_READ, isServers=False))
            return
        if words:
            self.owner.send(words, "tcp_outbox")
            self.isOurTurn = self.owner.hasMore = not self.relay.waiting
        self._expect()

    def heed(self) -> None:
        """Take what came from the real server, then continue a text.

        In this order, so that a reply that came too early is not taken for the answer to a dot
        that is sent after it.
        """
        owner, boxes = self.owner, self.owner.inboxes
        hasMoreToSay = self.isOurTurn
        while boxes["tcp_inbox"] and owner.relaying is self:
            for event in eventsThatCount(self.relay.receive(owner.recv("tcp_inbox"))):
                if not isinstance(event, StageReply):
                    self._take(event)
                elif self.conversation is not None:
                    self.goOn(event.reply)
        if hasMoreToSay and owner.relaying is self and not boxes["tcp_control"]:
            self.goOn(None)
        while "tcp_sslready" in boxes and boxes["tcp_sslready"] and owner.relaying is self:
            owner.recv("tcp_sslready")
            owner.send(self.relay.startedTLS(), "tcp_outbox")
            self._expect()
        while boxes["tcp_control"] and owner.relaying is self:
            ended = owner.recv("tcp_control")
            if isinstance(ended, producerFinished | shutdownMicroprocess):
                self.hungUp(getattr(ended, "message", None))

    def hungUp(self, error: object = None) -> None:
        """The connection has ended, or could not be made because of `error`."""
        broken = self.relay.hungUp(error)
        if broken is not None:
            self._break(broken)

    def timedOut(self) -> None:
        """It takes too long."""
        self._break(self.relay.timedOut())

    def leave(self, isInOrder: bool) -> None:
        """Ends it. Not in order: the connection is dropped, and a mail under way gets no dot."""
        relay, owner = self.relay, self.owner
        isBusy = self.conversation is not None or self.isInText or bool(relay.waiting)
        if isInOrder and not isBusy and relay.isReady and relay.brokenBy is None:
            owner.send(relay.quit(), "tcp_outbox")
            owner.send(producerFinished(owner), "tcp_signal")
        else:
            owner.send(shutdownMicroprocess(), "tcp_signal")
        if self.conversation is not None:
            self.conversation.close()
            self.conversation = None
        if not owner.isAsking():
            owner.dueByOthers = inf

    # What the real server says

    def _take(self, event: Send | Ready | BeginTLS | Broken) -> None:
        """The session opens, or has broken."""
        if isinstance(event, Send):
            self.owner.send(event.data, "tcp_outbox")
            self._expect()
        elif isinstance(event, Ready):
            self.owner.smtp_health.worked(self.server)
            self.owner.smtp_offers.record(self.server, event.extensions)
            if self.conversation is not None:
                self.goOn(None)
            else:
                self._expect()
        elif isinstance(event, BeginTLS):
            self.owner.dueByOthers = self.owner.now() + self.relay.timeoutOf("TLS")
            self.owner.send(self.owner.smtp_ssl or True, "tcp_makessl")
        else:
            self._break(event)

    def _expect(self, more: float = 0) -> None:
        """From now on the real server has the time of this stage, and `more`."""
        relay, owner = self.relay, self.owner
        if relay.waiting:
            owner.dueByOthers = owner.now() + relay.timeoutOf(relay.waiting[0]) + more
        else:
            owner.dueByOthers = inf

    def _break(self, broken: Broken) -> None:
        owner, wasAsked = self.owner, self.conversation is not None
        self.leave(isInOrder=False)
        if wasAsked and broken.isServers:
            owner.smtp_health.failed(self.server, owner.now())
        owner.relayBroke(broken)
        if not wasAsked:
            return
        mayMove = self._mayMove and broken.isServers and self.relay.dots == self._dots
        tried = (*self._tried, self.server)
        others = [each for each in owner.serversInOrder() if each not in tried] if mayMove else []
        if others:
            following = owner.connectTo(others[0])
            following.ask(self._make, self.then, *self._given, mayMove=True, tried=tried)
        else:
            owner.isWaiting = False
            self.then(broken.reply)


def _unasked(reply: Reply) -> None:
    """Nobody waits for a reply."""
