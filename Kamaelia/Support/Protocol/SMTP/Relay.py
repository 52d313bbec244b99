"""The client's side of SMTP, and of LMTP: a session with the real server (RFC 5321, RFC 2033).

Example usage::

    relay = Relay("mail.example.org")
    for event in relay.receive(data):      # Send, BeginTLS, Ready, Answer or Broken
        ...
    send(relay.mail(envelope))             # then wait for its Answer
    send(relay.rcpt(recipient)); send(relay.data())
    send(chunk); send(relay.dot()); send(relay.quit())

How does it work?

Each command sent is put in a queue, and each reply is for the oldest in it:
so a late answer is never taken for another's. A reply that nobody waits for,
or that came before its command was said, is a fault. STAGES has a row for each
thing to wait for, with the first digit of a good answer and the seconds to wait.
The opening (SMTPOpening) goes by itself. Whatever fails on the way to the real
server is Broken, with what the client hears; refusals of a mail are Answers.

Termination: after Broken nothing more is read, and nothing may be said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from Kamaelia.Support.Protocol.ProxyHeader import blockFor
from Kamaelia.Support.Protocol.SMTP.Address import Envelope
from Kamaelia.Support.Protocol.SMTP.ClientAddress import linesFor
from Kamaelia.Support.Protocol.SMTP.Opening import OpeningRefused, begin, hintFor, mannerOf
from Kamaelia.Support.Protocol.SMTP.Reply import (
    HUNG_UP_AFTER_DOT,
    NOT_REACHED,
    GarbageReply,
    Reply,
    ReplyReader,
)


class Stage(NamedTuple):
    """What may be waited for: the first digit of a good reply, and the most seconds to wait."""

    good: int
    timeout: float


# RFC 5321 section 4.5.3.2 gives at least: 5 minutes for the greeting, MAIL and RCPT, 2 for DATA,
# 3 for each block of text, 10 after the dot. Ours are shorter, because our own client waits
# meanwhile, and the real server is near; after the dot a timeout may cost a duplicate.
STAGES: Mapping[str, Stage] = {
    "connect": Stage(2, 30),
    "greeting": Stage(2, 60),
    "EHLO": Stage(2, 30),
    "LHLO": Stage(2, 30),
    "HELO": Stage(2, 30),
    "STARTTLS": Stage(2, 30),
    "TLS": Stage(2, 30),
    "XCLIENT": Stage(2, 30),
    "XFORWARD": Stage(2, 30),
    "MAIL": Stage(2, 60),
    "RCPT": Stage(2, 60),
    "DATA": Stage(3, 60),
    "text": Stage(3, 60),
    "dot": Stage(2, 300),
    "RSET": Stage(2, 30),
    "QUIT": Stage(2, 5),
}
TIMEOUTS: Mapping[str, float] = {name: stage.timeout for name, stage in STAGES.items()}
# Parameters that announce something and ask for nothing: the mail is the same without them.
OPTIONAL = {"SIZE": "SIZE", "BODY": "8BITMIME"}


class Send(NamedTuple):
    """Send these bytes to the real server."""

    data: bytes


class BeginTLS(NamedTuple):
    """Begin the handshake now; call startedTLS() once it is done."""


class Ready(NamedTuple):
    """The opening is over: mail may be sent. `extensions` maps names to their arguments."""

    extensions: Mapping[str, str]


class StageReply(NamedTuple):
    """The reply to the oldest command that waited for one; `stage` is its row in STAGES."""

    stage: str
    reply: Reply


class Broken(NamedTuple):
    """The session ended too early. `reply` is what the client hears, `reason` is for the log.

    `isServers`: it is the server that failed; else it may be the client whom it does not want.
    `hint`: which setting may be wrong, if the server refused the proxy itself.
    """

    reply: Reply
    reason: str
    isServers: bool = True
    hint: str = ""

    @property
    def explanation(self) -> str:
        """The reason with the hint, for an administrator."""
        return f"{self.reason}: {self.hint}" if self.hint else self.reason


RelayEvent = Send | BeginTLS | Ready | StageReply | Broken


class Relay:
    """Relay(helo, tls="no") -> one session with the real server, from its greeting on.

    `timeouts` maps stages to seconds, where they differ from STAGES. `tls`, and what
    is in `manner`: see SMTPOpening.Manner.
    """

    def __init__(
        self,
        helo: str,
        tls: str = "no",
        timeouts: Mapping[str, float] | None = None,
        **manner: Any,
    ) -> None:
        self.manner = mannerOf(helo, tls, **manner)
        self.timeouts = {**TIMEOUTS, **timeouts} if timeouts else TIMEOUTS
        self.extensions: dict[str, str] = {}
        self.isReady = False
        self.speaksForClient = self.manner.telling == "proxy"
        self.brokenBy: Broken | None = None
        self.accepted = 0  # recipients of the mail under way
        self.isInText = False  # from a 354 to the dot
        self.dots = 0
        self.opening = begin(self.manner, self.extensions)
        self.at = next(self.opening)[0]  # the stage of the opening that was reached
        self.waiting: deque[str] = deque([self.at])
        self.reader = ReplyReader()

    # What the component tells.

    def _isBroken(self) -> bool:
        return self.brokenBy is not None

    def receive(self, data: bytes) -> list[RelayEvent]:
        """The real server has sent this: what follows from it, in order."""
        events: list[RelayEvent] = []
        if self.brokenBy is not None:
            return events
        owed = len(self.waiting)  # what is said from now on has not reached the server yet
        try:
            for reply in self.reader.take(data):
                events.append(self._take(reply) if owed else self._takeUnasked(reply))
                owed -= 1
                if self._isBroken():
                    return events
        except GarbageReply as garbage:
            events.append(self.fail(f"garbage from the mail server: {garbage}"))
        if owed == 0 and self.brokenBy is None and self.reader.isAmidReply:
            events.append(self.fail("the mail server began a reply before it was asked"))
        return events

    def hungUp(self, error: object = None) -> Broken | None:
        """Note that the connection has ended, or with an error, that it failed.

        Returns None if nobody is owed anything: QUIT was said before.
        """
        if self.brokenBy is not None or self.stage == "QUIT":
            return None
        isBetween = self.isReady and not self.waiting
        where = "between mails" if isBetween else f"at {self.stage or 'TLS'}"
        reason = f"the mail server hung up {where}"
        return self.fail(f"{reason}: {error}" if error else reason, mayHint=not error)

    def timedOut(self) -> Broken:
        """The time of this stage has passed."""
        at = self.stage or ("the text" if self.isReady else "TLS")
        return self.fail(f"the mail server took too long at {at}")

    def fail(
        self,
        reason: str,
        otherwise: Reply = NOT_REACHED,
        isServers: bool = True,
        mayHint: bool = True,
    ) -> Broken:
        """End the session; the client hears that it may try again, or `otherwise`.

        A duplicate is possible after the dot; a loss would be worse. mayHint: the server may have
        refused the proxy, so that a setting may be the cause.
        """
        if self.brokenBy is None:
            owed = HUNG_UP_AFTER_DOT if "dot" in self.waiting else otherwise
            hint = hintFor(self.manner, self.at) if mayHint and not self.isReady else ""
            self.brokenBy = Broken(owed, reason, isServers, hint)
            self.waiting.clear()
        return self.brokenBy

    def startedTLS(self) -> bytes:
        """The handshake is done: what was known before it is forgotten (RFC 3207 section 4.2)."""
        self.reader = ReplyReader()
        return self._say(*self.opening.send(None))

    @property
    def stage(self) -> str:
        """What is waited for, or "" when it is our turn."""
        return self.waiting[0] if self.waiting else ""

    @property
    def timeout(self) -> float | None:
        """How many seconds to wait at this stage; None when nothing is waited for."""
        return self.timeoutOf(self.stage) if self.waiting else None

    def timeoutOf(self, stage: str) -> float:
        """How many seconds a stage may last.

        Also those that no reply ends: "connect", "TLS" and "text" (each block of it).
        """
        return self.timeouts[stage]

    # What is said: each returns the bytes to send.

    def header(self) -> bytes:
        """The very first bytes, before any greeting: who the client is, or nothing."""
        client = self.manner.client
        isProxied = self.manner.telling == "proxy"
        return blockFor(client.origin if client is not None else None) if isProxied else b""

    def forwarding(self) -> list[str]:
        """What forward() has to say before each MAIL: the server forgets it after the mail."""
        client = self.manner.client
        if self.manner.telling != "xforward" or client is None:
            return []
        return linesFor("XFORWARD", client, self.extensions["XFORWARD"].split())

    def forward(self, line: str) -> bytes:
        """One line of forwarding()."""
        return self._say("XFORWARD", line)

    def mail(self, envelope: Envelope) -> bytes:
        """MAIL FROM; parameters that only announce are left out where they are not offered."""
        self.accepted = 0
        return self._say("MAIL", "MAIL FROM:" + withParameters(envelope, self.extensions))

    def rcpt(self, envelope: Envelope) -> bytes:
        """RCPT TO."""
        return self._say("RCPT", "RCPT TO:" + withParameters(envelope, self.extensions))

    def data(self) -> bytes:
        """DATA; the text may follow only after a 354."""
        return self._say("DATA", "DATA")

    def dot(self) -> bytes:
        """The end of a text whose last line is complete.

        LMTP answers it for each recipient that it has accepted (RFC 2033 section 4.2).
        """
        self.dots += 1
        self.isInText = False
        if self.manner.protocol == "lmtp":
            self.waiting.extend(["dot"] * (self.accepted - 1))
        return self._say("dot", ".")

    def reset(self) -> bytes:
        """RSET: the mail is dropped."""
        return self._say("RSET", "RSET")

    def quit(self) -> bytes:
        """QUIT: nobody is owed anything more."""
        return self._say("QUIT", "QUIT")

    def _say(self, stage: str, line: str) -> bytes:
        if self.brokenBy is not None:
            raise ValueError(f"{stage} cannot be said: {self.brokenBy.reason}")
        self.waiting.append(stage)
        return f"{line}\r\n".encode()

    # What the real server's replies mean.

    def _take(self, reply: Reply) -> RelayEvent:
        stage, code = self.waiting[0], reply.code
        # RFC 5321 section 3.8: it closes, whatever it was asked
        if code == 421 and stage != "QUIT":
            return self.fail(
                f"the mail server closes at {stage}: {reply.text}",
                isServers=not self.speaksForClient,
            )
        if code < 400 and code // 100 != STAGES[stage].good:
            return self.fail(f"{reply.code} {reply.text} is no answer to {stage}")
        self.waiting.popleft()
        if not self.isReady:
            return self._goOn(reply)
        if stage == "RCPT" and reply.isPositive:
            self.accepted += 1
        self.isInText = stage == "DATA" and reply.isPositive
        return StageReply(stage, reply)

    def _takeUnasked(self, reply: Reply) -> Broken:
        """Only the refusal of a text may come before its dot: it is the client's to hear.

        The session ends with it, since servers differ in whether they read on to the dot.
        """
        if self.isInText and not reply.isPositive and reply.code != 421:
            reason = f"the mail server refuses a text before its end: {reply.code} {reply.text}"
            return self.fail(reason, reply, isServers=False)
        return self.fail(f"the mail server said {reply.code} {reply.text} unasked")

    def _goOn(self, reply: Reply) -> RelayEvent:
        """The opening goes on."""
        try:
            stage, line = self.opening.send(reply)
        except StopIteration:
            self.isReady = True
            return Ready(self.extensions)
        except OpeningRefused as refused:
            return self.fail(str(refused), refused.reply, not refused.isForClient)
        if stage == "TLS":
            return BeginTLS()
        self.speaksForClient |= stage == "XCLIENT"
        self.at = stage
        return Send(self._say(stage, line))


def eventsThatCount(events: list[RelayEvent]) -> list[RelayEvent]:
    """Return the events to act on, of those that one receive() returned.

    If the session broke in the same bytes, nothing can be said to the server any more, and an
    answer that it gave before is void. Only an answer to the dot still counts.
    """
    if not events or not isinstance(events[-1], Broken):
        return events
    taken = [each for each in events if isinstance(each, StageReply) and each.stage == "dot"]
    return [*taken, events[-1]]


def withParameters(envelope: Envelope, extensions: Mapping[str, str]) -> str:
    """The path and its parameters as written, without OPTIONAL ones that are not offered."""
    path, parameters = envelope
    words = [path]
    for name, value in parameters.items():
        if OPTIONAL.get(name, name) in extensions or name not in OPTIONAL:
            words.append(f"{name}={value}" if value else name)
    return " ".join(words)
