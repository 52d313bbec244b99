"""The record of one refusal: the client, the stage, the reply and the reason.

Example usage::

    >>> refusal = Refusal("192.0.2.1", 4711, "RCPT", "TO:<a@b>", RECIPIENT_REFUSED, "0b2bf16d7cd1")
    >>> refusal.counter
    ('refusals', 'RCPT', 'recipient refused')
    >>> refusal.line("20261121075616.935")  # doctest: +ELLIPSIS
    '20261121075616.935 refused client=[192.0.2.1]:4711 stage=RCPT reason="recipient refused" ...

How does it work?

The component fills in a Refusal. The log line, the JSON object and the name of the
counter are made from it here. A new reply of our own needs a row in REASONS.

The client's own words are shortened and written as JSON strings, so that no control
character, quote or line end of a hostile client gets into a log. The words of an unknown
command are never kept: they may be a password (AUTH) or the text of a mail.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple, Protocol

from Kamaelia.Support.Protocol.SMTP.Reply import RECIPIENT_REFUSED, Reply

__all__ = ["RECIPIENT_REFUSED", "Refusal", "argumentOf", "reasonOf"]

LONGEST_ARGUMENT: Final = 320  # characters of the client's words that are kept

# Stages that are not verbs
CONNECT: Final = "CONNECT"
UNKNOWN_COMMAND: Final = "UNKNOWN"
TEXT: Final = "TEXT"
REAL_SERVER: Final = "real server"

# The reason for a reply of our own, by its code and enhanced status (RFC 3463).
REASONS: Final = {
    (421, "4.3.2"): "shutdown",
    (421, "4.4.2"): "timeout",
    (421, "4.7.0"): "limit",
    (421, "4.7.1"): "connection rate",
    (450, "4.7.0"): "unknown recipient rate",
    (450, "4.7.1"): "mail rate",
    (451, "4.3.0"): "local error",
    (451, "4.4.1"): "real server not reached",
    (451, "4.4.2"): "real server hung up",
    (451, "4.7.1"): "greylisted",
    (452, "4.3.1"): "no room",
    (452, "4.5.3"): "too many recipients",
    (452, "4.7.1"): "recipient rate",
    (500, "5.5.1"): "unknown command",
    (500, "5.5.2"): "malformed line",
    (503, "5.5.0"): "pipelining not offered",
    (550, "5.5.2"): "bare line end or NUL",
    (550, "5.7.1"): "recipient refused",
    (552, "5.3.4"): "size",
    (554, "5.5.0"): "early talker",
    (554, "5.7.1"): "block list",
    (555, "5.5.4"): "parameter not offered",
}
# The reason for other replies of our own, by their code.
OTHER_REASONS: Final = {
    421: "limit",
    450: "local error",
    451: "local error",
    452: "no room",
    500: "unknown command",
    501: "malformed",
    502: "unknown command",
    503: "out of order",
    504: "malformed",
    552: "size",
    554: "extension not offered",
    555: "parameter not offered",
}

# The verbs whose argument is an address, a name or a mistake, and never a secret.
SHOWN: Final = frozenset({"HELO", "EHLO", "MAIL", "RCPT", "DATA", "STARTTLS"})


class Heard(Protocol):
    """The attributes of a session that are read: the stage, and the line of the client."""

    stage: str
    heard: bytes


class Refusal(NamedTuple):
    """One refusal. `reply` is None if the connection ended without a reply (TLS).

    stage: the verb that was refused, CONNECT (before any command), TEXT (the text of a mail
    or its final dot), TLS (the handshake) or UNKNOWN. id: that of the mail, or else that of
    the session. reason: given if it differs from that of the reply. sender, helo: what the
    client has said before, if anything.
    """

    client: str
    port: int
    stage: str
    argument: str
    reply: Reply | None
    id: str
    reason: str = ""
    sender: str = ""
    helo: str = ""

    @property
    def cause(self) -> str:
        """The reason in a few words from a table, for counters and filters."""
        return self.reason or reasonOf(self.reply)

    @property
    def words(self) -> str:
        """The reply in one string, or "" if there was none."""
        return wordsOf(self.reply)

    @property
    def counter(self) -> tuple[str, str, str]:
        """The counter to increase: its name, the stage and the reason."""
        return ("refusals", self.stage, self.cause)

    def line(self, stamp: str) -> str:
        """Return the line for the log, which begins with the time."""
        return (
            f"{stamp} refused client=[{self.client}]:{self.port} stage={self.stage}"
            f' reason="{self.cause}" id={self.id or "-"}'
            f" argument={json.dumps(self.argument)} reply={json.dumps(self.words)}"
        )

    def record(self, now: float) -> dict[str, Any]:
        """Return the JSON object: text and numbers."""
        return {
            "event": "refusal",
            "id": self.id,
            "time": round(now, 3),
            "client": self.client,
            "port": self.port,
            "stage": self.stage,
            "reason": self.cause,
            "argument": self.argument,
            "reply": self.words,
        }


def wordsOf(reply: Reply | None) -> str:
    """Return a reply in one string, its code and its text, or "" for None."""
    return f"{reply.code} {reply.text}" if reply is not None else ""


def reasonOf(reply: Reply | None) -> str:
    """Return the reason for a refusal with this reply."""
    if reply is None:
        return "no answer"
    if reply.isRelayed:
        return REAL_SERVER
    status = reply.text.partition(" ")[0]
    return REASONS.get((reply.code, status)) or OTHER_REASONS.get(reply.code, "policy")


def argumentOf(session: Heard) -> str:
    """Return the client's words after the verb, or "" if they may not be shown."""
    if session.stage not in SHOWN:
        return ""
    argument = session.heard.decode("utf-8", "surrogateescape").strip()[len(session.stage) :]
    return argument.strip()[:LONGEST_ARGUMENT]
