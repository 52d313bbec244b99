"""The lines of the log in the words of Postfix, which pflogsumm and other programs read.

Example usage::

    >>> refusal = Refusal("192.0.2.1", 4711, "RCPT", "TO:<a@b>", RECIPIENT_REFUSED, "0b2bf16d7cd1")
    >>> PostfixLines("mx").ofRefusal(refusal, 0.0)  # doctest: +ELLIPSIS
    '1970-...00 mx kamaelia-grey/smtpd[...]: 0b2bf16d7cd1: reject: RCPT from unknown[192.0.2.1]:...

How does it work?

A mail that is accepted has the lines with which Postfix receives, queues and delivers a mail.
Another mail server that asks (policy service, milter) delivers its mails itself, so these have no
such line. A recipient who is deferred by greylisting has a line as in a queue: pflogsumm counts it
as deferred. Each other reply of 4xx or 5xx has a line with `reject`, as in Postfix; but the end of
the server and a timeout reject nothing.
The name in the lines differs from Postfix's, so that the two can be told apart in one file.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from Kamaelia.Support.Greylist.Keys import withoutBrackets
from Kamaelia.Support.PrintableText import printable
from Kamaelia.Support.Protocol.SMTP.Refusal import REAL_SERVER, TEXT, Refusal
from Kamaelia.Support.Protocol.SMTP.Reply import RECIPIENT_REFUSED, Reply

__all__ = ["RECIPIENT_REFUSED", "MailEnd", "PostfixLines", "RecipientEnd"]

SYSLOG_NAME = "kamaelia-grey"
PATH = re.compile(r"<[^<>]*>")
# What Postfix calls a refusal, by stage; the stage itself is in angle brackets before it.
REJECTED = {
    "CONNECT": "Client host rejected",
    "HELO": "Helo command rejected",
    "EHLO": "Helo command rejected",
    "MAIL": "Sender address rejected",
    "RCPT": "Recipient address rejected",
    "DATA": "Data command rejected",
    TEXT: "End-of-data rejected",
}
OTHER_REJECTED = "Command rejected"
STAGES = {TEXT: "END-OF-MESSAGE"}  # those whose name in Postfix is another one


class RecipientEnd(NamedTuple):
    """A recipient of a mail that has ended: its verdict and the reason, as in MailNotes."""

    path: str
    verdict: str
    reason: str


class MailEnd(NamedTuple):
    """A mail that has ended.

    relay: the real server, or "" if another mail server has asked and delivers the mail itself.
    reply: the last reply of the mail, if any. told: the last words that the client was told.
    """

    id: str
    time: float
    peer: str
    port: int
    helo: str
    sender: str
    recipients: Sequence[RecipientEnd]
    isAccepted: bool
    reply: Reply | None
    told: str
    seconds: float
    octets: int
    relay: str


class MailEndings(Protocol):
    """What the lines are made from: MailNotes."""

    def endOf(self, mail: Any, recipients: Sequence[str], now: float) -> MailEnd:
        """Return what is known of a mail that has ended."""


class PostfixLines(NamedTuple):
    """PostfixLines(hostname) -> the lines for one mail or refusal after another: a Wording."""

    hostname: str

    def ofMail(
        self, notes: MailEndings, mail: Any, recipients: Sequence[str], now: float
    ) -> Iterator[str]:
        """Generate the lines of a mail that has ended."""
        return self.ofEnd(notes.endOf(mail, recipients, now))

    def ofEnd(self, mail: MailEnd) -> Iterator[str]:
        """Generate the lines of a mail that has ended, of which this is known."""
        passed = [each for each in mail.recipients if each.verdict == "accepted"]
        if mail.isAccepted:
            yield from self._received(mail, len(passed))
        for each in mail.recipients:
            if each.verdict == "deferred" and not each.reason.startswith(REAL_SERVER):
                yield from self._deferred(mail, each)
        if not mail.isAccepted:
            return
        for each in passed:
            yield self._delivered(mail, each) if mail.relay else self._permitted(mail, each)
        if mail.relay:
            yield self._line("qmgr", mail.time, f"{mail.id}: removed")

    def ofSuspicion(self, now: float, mailId: str, words: str) -> str:
        """Return the line that states the points of a mail."""
        return self._line("smtpd", now, f"{mailId}: info: {words}")

    def ofRefusal(self, refusal: Refusal, now: float) -> str:
        """Return the line of a refusal."""
        client = _client(refusal.client, refusal.port)
        if refusal.reply is None:
            what = f"SSL_accept error from {client}: {refusal.argument or '-1'}"
            return self._line("smtpd", now, what)
        if refusal.cause == "timeout":
            stage = STAGES.get(refusal.stage, refusal.stage)
            return self._line("smtpd", now, f"timeout after {stage} from {client}")
        reply, stage = refusal.reply, refusal.stage
        isAboutPath = stage in ("MAIL", "RCPT")
        found = PATH.search(refusal.argument) if isAboutPath else None
        path = found[0] if found else f"<{'' if isAboutPath else STAGES.get(stage, stage)}>"
        cause = refusal.cause
        result = "info" if cause == "shutdown" else "reject"
        if reply.isRelayed:
            cause += f": {_oneLine(reply.text)}"
        sender = path if stage == "MAIL" else refusal.sender
        recipient = path if stage == "RCPT" else ""
        return self._line(
            "smtpd",
            now,
            f"{refusal.id or 'NOQUEUE'}: {result}: {STAGES.get(stage, stage)} from {client}:"
            f" {reply.code} {reply.status} {path}: {REJECTED.get(stage, OTHER_REJECTED)}: {cause};"
            f"{_about(sender, recipient, refusal.helo)}",
        )

    def _received(self, mail: MailEnd, count: int) -> Iterator[str]:
        client = _client(mail.peer, mail.port)
        yield self._line("smtpd", mail.time, f"{mail.id}: client={client}")
        if mail.relay:
            sender = withoutBrackets(mail.sender)
            yield self._line(
                "qmgr",
                mail.time,
                f"{mail.id}: from=<{sender}>, size={mail.octets}, nrcpt={count} (queue active)",
            )

    def _delivered(self, mail: MailEnd, recipient: RecipientEnd) -> str:
        status = mail.reply.status if mail.reply is not None else "2.0.0"
        return self._queued(mail, recipient, mail.relay, status, f"sent ({_oneLine(mail.told)})")

    def _permitted(self, mail: MailEnd, recipient: RecipientEnd) -> str:
        return self._line(
            "smtpd",
            mail.time,
            f"{mail.id}: permit: RCPT from {_client(mail.peer, mail.port)}: action=dunno for"
            f" Recipient address: {recipient.reason};"
            f"{_about(mail.sender, recipient.path, mail.helo)}",
        )

    def _deferred(self, mail: MailEnd, recipient: RecipientEnd) -> Iterator[str]:
        reply = mail.reply
        status = reply.status if reply is not None and reply.isForNow else "4.7.1"
        yield self._line(
            "smtpd",
            mail.time,
            f"{mail.id}: info: RCPT from {_client(mail.peer, mail.port)}: {_oneLine(mail.told)};"
            f"{_about(mail.sender, recipient.path, mail.helo)}",
        )
        yield self._queued(
            mail, recipient, "none", status, f"deferred (Greylisted: {recipient.reason})"
        )

    def _queued(
        self, mail: MailEnd, recipient: RecipientEnd, relay: str, status: str, result: str
    ) -> str:
        """Return the line with which Postfix ends an attempt to deliver a mail to a recipient."""
        seconds = f"{mail.seconds:.2f}"
        return self._line(
            "smtp",
            mail.time,
            f"{mail.id}: to=<{withoutBrackets(recipient.path)}>, relay={relay}, delay={seconds},"
            f" delays={seconds}/0/0/0, dsn={status}, status={result}",
        )

    def _line(self, program: str, now: float, what: str) -> str:
        name = f"{self.hostname} {SYSLOG_NAME}/{program}[{os.getpid()}]"
        return printable(f"{_stamp(now)} {name}: {what}")


def _stamp(now: float) -> str:
    """Return the time as in RFC 3339, local as in other logs, to the millisecond."""
    seconds, milliseconds = divmod(int(now * 1000), 1000)
    day, zone = _secondOf(seconds)
    return f"{day}.{milliseconds:03d}{zone}"


@lru_cache(maxsize=1)
def _secondOf(seconds: int) -> tuple[str, str]:
    zone = time.strftime("%z", time.localtime(seconds))
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds)), f"{zone[:3]}:{zone[3:]}"


def _client(peer: str, port: int) -> str:
    """Return a client as Postfix writes it with smtpd_client_port_logging."""
    return f"unknown[{peer or 'unknown'}]:{port}"


def _about(sender: str, recipient: str, helo: str) -> str:
    """Return the end of a line about a refusal, with what is known of the mail."""
    words = [f" from=<{withoutBrackets(sender)}>"] if sender else []
    words += [f" to=<{withoutBrackets(recipient)}>"] if recipient else []
    return "".join([*words, f" proto=ESMTP helo=<{helo}>" if helo else " proto=SMTP"])


def _oneLine(text: str) -> str:
    return " ".join(text.split("\n"))
