"""The client's side of SMTP, and of LMTP: a session with the real server (RFC 5321, RFC 2033).

Example usage::

    relay = Relay("mail.example.org")
    for event in relay.receive(data):      # Send, BeginTLS, Ready, a Reply or Broken
        ...
    send(relay.mail(envelope))             # then wait for its Reply
    send(relay.rcpt(recipient)); send(relay.data())
    send(chunk); send(relay.dot()); send(relay.quit())

How does it work?

Each command that is sent is put in a queue, and each reply belongs to the oldest command
there, so a late reply is never taken for that of another command. A reply without a command,
or one that arrives before its command was sent, is an error. STAGES has a row for each stage:
the first digit of a positive reply, and the timeout. The opening (Opening) proceeds by
itself. A failure of the session is a Broken event, with the reply for the client. The refusal
of a mail is a Reply.

Termination: after Broken, nothing more is read, and nothing may be sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final, NamedTuple

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


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: the first digit of a positive reply, and the timeout in seconds."""

    good: int
    timeout: float


# RFC 5321 section 4.5.3.2 requires at least 5 minutes for the greeting, MAIL and RCPT, 2 for DATA,
# 3 for each block of text, and 10 after the dot. These are shorter, because a client of the proxy
# waits meanwhile and the real server is near. A timeout after the dot may cause a duplicate.
STAGES: Final[Mapping[str, Stage]] = {
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
TIMEOUTS: Final[Mapping[str, float]] = {name: stage.timeout for name, stage in STAGES.items()}
# Parameters that only announce something; the mail is the same without them.
OPTIONAL: Final = {"SIZE": "SIZE", "BODY": "8BITMIME"}


class Send(NamedTuple):
    """Send these bytes to the real server."""

    data: bytes


class BeginTLS(NamedTuple):
    """Begin the handshake now; call startedTLS() when it is done."""


class Ready(NamedTuple):
    """The session is open: mail may be sent. `extensions` maps names to their arguments."""

    extensions: Mapping[str, str]


class Broken(NamedTuple):
    """The session ended too early. `reply` is the reply for the client, `reason` is for the log.

    isServers: the server failed; if false, the server may have refused the client.
    hint: the setting that may be wrong, if the server refused the proxy.
    """

    reply: Reply
    reason: str
    isServers: bool = True
    hint: str = ""

    @property
    def explanation(self) -> str:
        """The reason with the hint, for an administrator."""
        return f"{self.reason}: {self.hint}" if self.hint else self.reason


RelayEvent = Send | BeginTLS | Ready | Reply | Broken  # a Reply: to the oldest command without one


class Relay:
    """Relay(helo, tls="no"): one session with the real server, from its greeting on.

    timeouts: the seconds for stages that differ from STAGES. tls, manner: see Opening.Manner.
    dots, resets: how many have been sent. hasRefused: whether the server has refused a command
    or a mail since the opening.
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
        self.accepted = 0  # recipients of the mail in progress
        self.isInText = False  # between a 354 and the dot
        self.dots = self.resets = 0
        self.hasRefused = False
        self.opening = begin(self.manner, self.extensions)
        self.at = next(self.opening)[0]  # the last stage of the opening
        self.waiting: deque[str] = deque([self.at])
        self.reader = ReplyReader()

    # Input from the component

    def receive(self, data: bytes) -> list[RelayEvent]:
        """Take bytes from the real server; return the events that follow, in order.

        If the session breaks in these bytes, nothing more can be sent to the server, and earlier
        replies are void. Only a reply to the dot still counts.
        """
        if self.brokenBy is not None:
            return []
        events: list[RelayEvent] = []
        dots: list[RelayEvent] = []  # those that still count
        owed = len(self.waiting)  # commands that are sent from now on have not reached the server
        try:
            for reply in self.reader.take(data):
                isOfDot = self.stage == "dot"
                event = self._take(reply) if owed else self._takeUnasked(reply)
                if isinstance(event, Broken):
                    return [*dots, event]
                events.append(event)
                if isOfDot:
                    dots.append(event)
                owed -= 1
        except GarbageReply as garbage:
            return [*dots, self.fail(f"garbage from the mail server: {garbage}")]
        if owed == 0 and self.reader.isAmidReply:
            return [*dots, self.fail("the mail server began a reply before it was asked")]
        return events

    def hungUp(self, error: object = None) -> Broken | None:
        """Note that the connection has ended, or with an error, that it failed.

        Return None if no reply was expected, because QUIT was sent before.
        """
        if self.brokenBy is not None or self.stage == "QUIT":
            return None
        if error and self.stage == "greeting":
            return self.fail(f"no connection to the mail server: {error}", mayHint=False)
        isBetween = self.isReady and not self.waiting
        where = "between mails" if isBetween else f"at {self.stage or 'TLS'}"
        reason = f"the mail server hung up {where}"
        return self.fail(f"{reason}: {error}" if error else reason, mayHint=not error)

    def timedOut(self) -> Broken:
        """Note that the timeout of this stage has expired."""
        at = self.stage or ("the text" if self.isReady else "TLS")
        return self.fail(f"the mail server took too long at {at}")

    def fail(
        self,
        reason: str,
        otherwise: Reply = NOT_REACHED,
        isServers: bool = True,
        mayHint: bool = True,
    ) -> Broken:
        """End the session; the client is told to try again, or receives `otherwise`.

        After the dot, a retry may cause a duplicate, which is better than a loss. mayHint: the
        server may have refused the proxy, so a setting may be the cause.
        """
        if self.brokenBy is None:
            owed = HUNG_UP_AFTER_DOT if "dot" in self.waiting else otherwise
            hint = hintFor(self.manner, self.at) if mayHint and not self.isReady else ""
            self.brokenBy = Broken(owed, reason, isServers, hint)
            self.waiting.clear()
        return self.brokenBy

    def startedTLS(self) -> bytes:
        """Note the end of the handshake, and restart the session (RFC 3207 section 4.2)."""
        self.reader = ReplyReader()
        return self._say(*self.opening.send(None))

    @property
    def stage(self) -> str:
        """The stage whose reply is expected next, or "" if none is expected."""
        return self.waiting[0] if self.waiting else ""

    @property
    def timeout(self) -> float | None:
        """The timeout of this stage in seconds, or None if no reply is expected."""
        return self.timeoutOf(self.stage) if self.waiting else None

    def deadline(self, now: float) -> float:
        """Return when the reply that is expected next is late; infinity if none is expected."""
        return now + self.timeouts[self.waiting[0]] if self.waiting else inf

    def timeoutOf(self, stage: str) -> float:
        """Return how many seconds a stage may last.

        This includes stages without a reply: "connect", "TLS" and "text" (for each block).
        """
        return self.timeouts[stage]

    def isClean(self) -> bool:
        """Return whether the server cannot tell the session from one that was opened now.

        A server counts the refusals in a session and then delays its replies or closes it
        (smtpd_soft_error_limit of Postfix), so one client would pay for another.
        """
        isIdle = self.isReady and not self.waiting and not self.isInText
        return isIdle and self.brokenBy is None and not self.hasRefused and self.manner.isShareable

    # Commands: each method returns the bytes to send

    def header(self) -> bytes:
        """Return the PROXY header, which precedes the greeting, or nothing."""
        client = self.manner.client
        isProxied = self.manner.telling == "proxy"
        return blockFor(client.origin if client is not None else None) if isProxied else b""

    def forwarding(self) -> list[str]:
        """Return the XFORWARD lines to send before each MAIL: they apply to one mail."""
        client = self.manner.client
        if self.manner.telling != "xforward" or client is None:
            return []
        return linesFor("XFORWARD", client, self.extensions["XFORWARD"].split())

    def forward(self, line: str) -> bytes:
        """Return one line of forwarding()."""
        return self._say("XFORWARD", line)

    def mail(self, envelope: Envelope) -> bytes:
        """Return MAIL FROM. Parameters in OPTIONAL are omitted if they are not offered."""
        self.accepted = 0
        return self._say("MAIL", "MAIL FROM:" + withParameters(envelope, self.extensions))

    def rcpt(self, envelope: Envelope) -> bytes:
        """Return RCPT TO."""
        return self._say("RCPT", "RCPT TO:" + withParameters(envelope, self.extensions))

    def data(self) -> bytes:
        """Return DATA. The text may only follow after a 354."""
        return self._say("DATA", "DATA")

    def dot(self) -> bytes:
        """Return the end of a text whose last line is complete.

        An LMTP server answers it for each accepted recipient (RFC 2033 section 4.2).
        """
        self.dots += 1
        self.isInText = False
        if self.manner.protocol == "lmtp":
            self.waiting.extend(["dot"] * (self.accepted - 1))
        return self._say("dot", ".")

    def reset(self) -> bytes:
        """Return RSET, which drops the mail."""
        self.resets += 1
        return self._say("RSET", "RSET")

    def quit(self) -> bytes:
        """Return QUIT. A closed connection is no error afterwards."""
        return self._say("QUIT", "QUIT")

    def _say(self, stage: str, line: str) -> bytes:
        if self.brokenBy is not None:
            raise ValueError(f"{stage} cannot be sent: {self.brokenBy.reason}")
        self.waiting.append(stage)
        return f"{line}\r\n".encode()

    # The replies of the real server

    def _take(self, reply: Reply) -> RelayEvent:
        stage, code = self.waiting[0], reply.code
        # RFC 5321 section 3.8: the server closes the connection, whatever the command was
        if code == 421 and stage != "QUIT":
            return self.fail(
                f"the mail server closes at {stage}: {reply.text}",
                isServers=not self.speaksForClient,
            )
        if code < 400 and code // 100 != STAGES[stage].good:
            return self.fail(f"{reply.code} {reply.text} is not a valid reply to {stage}")
        self.waiting.popleft()
        if not self.isReady:
            return self._goOn(reply)
        if stage == "RCPT" and reply.isPositive:
            self.accepted += 1
        self.isInText = stage == "DATA" and reply.isPositive
        self.hasRefused |= not reply.isPositive
        return reply

    def _takeUnasked(self, reply: Reply) -> Broken:
        """End the session. The refusal of a text before its dot is passed on to the client.

        It ends the session, too, because not all servers then read the rest up to the dot.
        """
        if self.isInText and not reply.isPositive and reply.code != 421:
            reason = f"the mail server refuses a text before its end: {reply.code} {reply.text}"
            return self.fail(reason, reply, isServers=False)
        return self.fail(f"the mail server said {reply.code} {reply.text} unasked")

    def _goOn(self, reply: Reply) -> RelayEvent:
        """Continue the opening."""
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


def withParameters(envelope: Envelope, extensions: Mapping[str, str]) -> str:
    """Return the path and its parameters, without OPTIONAL ones that are not offered."""
    words = [envelope.path]
    for name, value in envelope.parameters.items():
        if OPTIONAL.get(name, name) in extensions or name not in OPTIONAL:
            words.append(f"{name}={value}" if value else name)
    return " ".join(words)
