"""The client's side of SMTP: a session with the real server (RFC 5321).

Example usage::

    relay = Relay("mail.example.org")
    for event in relay.receive(data):      # Send, BeginTLS, Ready, Answer or Broken
        ...
    send(relay.mail(envelope))             # then wait for its Answer
    send(relay.rcpt(recipient)); send(relay.data())
    send(chunk); send(relay.dot()); send(relay.quit())

How does it work?

Each command sent is put in a queue, and each reply is for the oldest in it:
so a late answer is never taken for another's, and a reply that nobody waits
for is a fault. STAGES has a row for each thing to wait for, with the first
digit of a good answer and the seconds to wait. The opening (greeting, EHLO or
HELO, STARTTLS) goes by itself. Whatever fails on the way to the real server is
Broken, with what the client hears; refusals of a mail are Answers.

Termination: after Broken nothing more is read, and nothing may be said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from Kamaelia.Support.Protocol.SMTPAddress import Envelope
from Kamaelia.Support.Protocol.SMTPReply import (
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
    "HELO": Stage(2, 30),
    "STARTTLS": Stage(2, 30),
    "TLS": Stage(2, 30),
    "MAIL": Stage(2, 60),
    "RCPT": Stage(2, 60),
    "DATA": Stage(3, 60),
    "text": Stage(3, 60),
    "dot": Stage(2, 300),
    "RSET": Stage(2, 30),
    "QUIT": Stage(2, 5),
}
# Parameters that announce something and ask for nothing: the mail is the same without them.
OPTIONAL = {"SIZE": "SIZE", "BODY": "8BITMIME"}
OPENING = ("greeting", "EHLO", "HELO", "STARTTLS")


class Send(NamedTuple):
    """Send these bytes to the real server."""

    data: bytes


class BeginTLS(NamedTuple):
    """Begin the handshake now; call startedTLS() once it is done."""


class Ready(NamedTuple):
    """The opening is over: mail may be sent. `extensions` maps names to their arguments."""

    extensions: Mapping[str, str]


class Answer(NamedTuple):
    """The reply to the oldest command that waited for one; `stage` is its row in STAGES."""

    stage: str
    reply: Reply


class Broken(NamedTuple):
    """The session ended too early. `reply` is what the client hears, `reason` is for the log."""

    reply: Reply
    reason: str


Event = Send | BeginTLS | Ready | Answer | Broken


class Relay:
    """Relay(helo, tls="no") -> one session with the real server, from its greeting on.

    `tls` is "no", "may" (where it is offered) or "must". `timeouts` maps
    stages to seconds, where they differ from STAGES.
    """

    def __init__(
        self, helo: str, tls: str = "no", timeouts: Mapping[str, float] | None = None
    ) -> None:
        if tls not in ("no", "may", "must"):
            raise ValueError(f'tls is "no", "may" or "must", not {tls!r}')
        self.helo = helo
        self.tls = tls
        self.timeouts = timeouts or {}
        self.extensions: dict[str, str] = {}
        self.isReady = False
        self.isEncrypted = False
        self.brokenBy: Broken | None = None
        self.waiting: deque[str] = deque(["greeting"])
        self.reader = ReplyReader()

    # What the component tells.

    def receive(self, data: bytes) -> list[Event]:
        """The real server has sent this: what follows from it, in order."""
        events: list[Event] = []
        if self.brokenBy is not None:
            return events
        try:
            for reply in self.reader.take(data):
                events.append(self._take(reply))
                if self.brokenBy is not None or isinstance(events[-1], BeginTLS):
                    break
        except GarbageReply as garbage:
            events.append(self.fail(f"garbage from the mail server: {garbage}"))
        return events

    def hungUp(self) -> Broken | None:
        """The connection has ended, or never began.

        None when nobody is owed anything: QUIT was said before.
        """
        if self.brokenBy is not None or self.stage == "QUIT":
            return None
        return self.fail(f"the mail server hung up at {self.stage}")

    def timedOut(self) -> Broken:
        """The time of this stage has passed."""
        return self.fail(f"the mail server took too long at {self.stage}")

    def fail(self, reason: str) -> Broken:
        """The session is over, and the client hears that it may try again.

        A duplicate is possible after the dot; a loss would be worse.
        """
        if self.brokenBy is None:
            owed = HUNG_UP_AFTER_DOT if "dot" in self.waiting else NOT_REACHED
            self.brokenBy = Broken(owed, reason)
            self.waiting.clear()
        return self.brokenBy

    def startedTLS(self) -> bytes:
        """The handshake is done: what was known before it is forgotten (RFC 3207 section 4.2)."""
        self.isEncrypted = True
        self.extensions = {}
        self.reader = ReplyReader()
        return self._say("EHLO", f"EHLO {self.helo}")

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
        return self.timeouts.get(stage, STAGES[stage].timeout)

    # What is said: each returns the bytes to send.

    def mail(self, envelope: Envelope) -> bytes:
        """MAIL FROM; parameters that only announce are left out where they are not offered."""
        return self._say("MAIL", "MAIL FROM:" + withParameters(envelope, self.extensions))

    def rcpt(self, envelope: Envelope) -> bytes:
        """RCPT TO."""
        return self._say("RCPT", "RCPT TO:" + withParameters(envelope, self.extensions))

    def data(self) -> bytes:
        """DATA; the text may follow only after a 354."""
        return self._say("DATA", "DATA")

    def dot(self) -> bytes:
        """The end of a text whose last line is complete."""
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

    def _take(self, reply: Reply) -> Event:
        if not self.waiting:
            return self.fail(f"the mail server said {reply.code} {reply.text} unasked")
        stage = self.waiting[0]
        if (
            reply.code == 421 and stage != "QUIT"
        ):  # RFC 5321 section 3.8: it closes, whatever it was asked
            return self.fail(f"the mail server closes at {stage}: {reply.text}")
        if reply.code < 400 and reply.code // 100 != STAGES[stage].good:
            return self.fail(f"{reply.code} {reply.text} is no answer to {stage}")
        self.waiting.popleft()
        return self._open(stage, reply) if stage in OPENING else Answer(stage, reply)

    def _open(self, stage: str, reply: Reply) -> Event:
        if stage == "greeting" and reply.isPositive:
            return Send(self._say("EHLO", f"EHLO {self.helo}"))
        if stage == "EHLO" and reply.isForGood and not self.isEncrypted and self.tls != "must":
            return Send(self._say("HELO", f"HELO {self.helo}"))
        if stage == "STARTTLS" and reply.isPositive:
            return self._beginTLS()
        if stage == "STARTTLS" and self.tls == "may":
            return self._ready()
        if reply.code >= 400:
            return self.fail(f"the mail server refuses us at {stage}: {reply.code} {reply.text}")
        if stage == "EHLO":
            self.extensions = extensionsOf(reply)
        if self.tls == "no" or self.isEncrypted:
            return self._ready()
        return self._askForTLS()

    def _askForTLS(self) -> Event:
        if "STARTTLS" in self.extensions:
            return Send(self._say("STARTTLS", "STARTTLS"))
        return (
            self._ready() if self.tls == "may" else self.fail("the mail server offers no STARTTLS")
        )

    def _beginTLS(self) -> Event:
        if self.reader.isAmidReply:
            return self.fail("the mail server went on in the clear after it had agreed to TLS")
        return BeginTLS()

    def _ready(self) -> Ready:
        self.isReady = True
        return Ready(self.extensions)


def extensionsOf(reply: Reply) -> dict[str, str]:
    """The extensions in an answer to EHLO: names in capitals, and what stands behind them."""
    lines = reply.text.split("\n")[1:]
    pairs = (line.strip().partition(" ") for line in lines)
    return {name.upper(): argument for name, _, argument in pairs if name}


def withParameters(envelope: Envelope, extensions: Mapping[str, str]) -> str:
    """The path and its parameters as written, without OPTIONAL ones that are not offered."""
    path, parameters = envelope
    words = [path]
    for name, value in parameters.items():
        if OPTIONAL.get(name, name) in extensions or name not in OPTIONAL:
            words.append(f"{name}={value}" if value else name)
    return " ".join(words)
