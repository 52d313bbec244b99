"""What is said to the real server about a mail: see Kamaelia.Apps.Grey.Backend.RelaySession."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Generator, Iterable
from email.utils import formatdate
from typing import Any

from Kamaelia.Apps.Grey.Backend.MailText import PIECE, MailText
from Kamaelia.Apps.Grey.Backend.RelaySession import Conversation, Relaying
from Kamaelia.Support.Protocol.SMTP.Address import Envelope
from Kamaelia.Support.Protocol.SMTP.LMTP import notTo, outcomeOf
from Kamaelia.Support.Protocol.SMTP.ReplayOutcome import needsOf, refusalFor, verdictOn
from Kamaelia.Support.Protocol.SMTP.Reply import NOT_REACHED, Reply
from Kamaelia.Support.Protocol.SMTP.Report import (
    MOST_OF_HEADERS,
    deliveryReport,
    dotStuffed,
    hasReturnAddress,
    headersOf,
)
from Kamaelia.Support.Protocol.SMTP.Session import Session

Refused = list[tuple[str, Reply]]


def begin(
    relaying: Relaying,
    session: Session,
    first: Envelope,
    parameters: Iterable[tuple[str, str]] = (),
) -> Conversation:
    """Name the first recipient, and the sender before it if the real server does not have it.

    Both in one write if the real server offers PIPELINING (RFC 2920). parameters: those of the
    other recipients. Returns the refusal of the mail, or the answer to the recipient: then
    `relaying.mail` is this mail.
    """
    relay = relaying.relay
    while relay.waiting or not relay.isReady:
        yield b""
    given = [*session.parameters.items(), *first.parameters.items(), *parameters]
    refusal = lacking(given, relaying)
    if refusal is not None:
        return refusal
    if relaying.mail is session.recipients:
        answer: Reply = yield relay.rcpt(first)
        return answer
    if relaying.mail is not None:  # the client has begun anew since
        relaying.mail = None
        yield relay.reset()
    for line in relay.forwarding():
        answer = yield relay.forward(line)
        if not answer.isPositive:
            return notForwarded(relaying, answer)
    sender = relay.mail(Envelope(session.sender, session.parameters))
    isPipelined = "PIPELINING" in relay.extensions
    answer = yield sender + relay.rcpt(first) if isPipelined else sender
    if not answer.isPositive:  # what comes behind it, if anything does, is not waited for
        return answer
    relaying.mail = session.recipients
    answer = yield b"" if isPipelined else relay.rcpt(first)
    return answer


def notForwarded(relaying: Relaying, answer: Reply) -> Reply:
    """The server does not let us say who the client is: our fault, not the client's."""
    reason = f"the mail server refuses us at XFORWARD: {answer.code} {answer.text}"
    relaying.owner.noteToLog(f"real server {relaying.server}: {reason}")
    return NOT_REACHED


def lacking(parameters: Collection[tuple[str, str]], relaying: Relaying) -> Reply | None:
    """Return the refusal of a mail that needs what the real server does not offer, or None."""
    if not parameters:
        return None
    return refusalFor(needsOf(parameters), relaying.relay.extensions)


# Live: a short one for each thing that the client says


def recipient(relaying: Relaying, session: Session) -> Conversation:
    """The recipient that was asked for last."""
    return begin(relaying, session, session.asked)


def text(relaying: Relaying) -> Conversation:
    """DATA: the text may follow if the answer is positive."""
    relaying.start = relaying.last = b""
    reply: Reply = yield relaying.relay.data()
    relaying.isInText = reply.isPositive
    return reply


def end(relaying: Relaying, session: Session) -> Conversation:
    """The last piece of the text and the dot, in one write."""
    replies = yield from dot(relaying, relaying.last)
    relaying.isInText = False
    return (yield from conclude(relaying, session, session.recipients, replies, [], relaying.start))


def dot(relaying: Relaying, last: bytes) -> Generator[bytes, Any, list[Reply]]:
    """The dot behind the last of the text: the answers to it, which are several in LMTP."""
    words = last + relaying.relay.dot()
    owed = relaying.relay.waiting.count("dot")
    replies = [(yield words)]
    while len(replies) < owed:
        answer = yield b""
        replies.append(answer)
    relaying.mail = None
    return replies


def conclude(
    relaying: Relaying,
    session: Session,
    paths: list[str],
    replies: list[Reply],
    refused: Refused,
    start: bytes,
) -> Conversation:
    """What the client hears. paths: who was accepted before the dot; refused: who was not."""
    reply = replies[0]
    if len(replies) > 1:
        reply, late, isMixed = outcomeOf(list(zip(paths, replies, strict=True)))
        refused = [*refused, *late]
        if isMixed:
            relaying.owner.noteToLog(
                f"a mail from {session.sender} was taken for some of {', '.join(paths)}, and"
                f" refused for now for others: a retry doubles it for those who have it"
            )
    if reply.isPositive and refused:
        return (yield from report(relaying, session, refused, start)) or reply
    return reply


# Replay: one for the whole mail


def replay(relaying: Relaying, session: Session, mailText: MailText) -> Conversation:
    """Send a mail that is complete; report the recipients that are refused for good."""
    parameters = session.recipientParameters
    names = {pair for each in parameters.values() for pair in each.items()}
    first, *others = [Envelope(path, parameters.get(path, {})) for path in session.recipients]
    reply: Reply = yield from begin(relaying, session, first, names)
    if relaying.mail is not session.recipients:
        return reply
    answers = [(first.path, reply)]
    for envelope in others:
        reply = yield relaying.relay.rcpt(envelope)
        answers.append((envelope.path, reply))
    relaying.owner.heardOfRecipients(answers)
    verdict = verdictOn(answers)
    if verdict.reply is not None:
        return verdict.reply
    for path, answer in verdict.refused:
        relaying.owner.noteUnheard(path, answer)
    paths = [path for path, answer in answers if answer.isPositive]
    replies = yield from send(relaying, mailText)
    if len(replies) == 1 and not verdict.refused:
        return replies[0]
    start = mailText.start(MOST_OF_HEADERS)
    return (yield from conclude(relaying, session, paths, replies, verdict.refused, start))


def send(relaying: Relaying, mailText: MailText) -> Generator[bytes, Any, list[Reply]]:
    """DATA, the text and the dot; a small text goes out in one write with the dot."""
    relay = relaying.relay
    reply: Reply = yield relay.data()
    if not reply.isPositive:
        return [reply]
    last = b""
    for chunk in mailText.chunks():
        if len(last) + len(chunk) <= PIECE:
            last += chunk
        else:
            yield last
            last = chunk
    return (yield from dot(relaying, last))


def report(
    relaying: Relaying, session: Session, refused: Refused, start: bytes
) -> Generator[bytes, Any, Reply | None]:
    """Tells the sender, through the real server, who was refused for good.

    Returns what the client hears instead of the mail's own answer: nothing, if the
    report was taken. If it was not (a server of LMTP takes mail for its own people
    alone, one that takes us for the client perhaps as well), the client itself is
    told. If the session broke, which is in `relay.brokenBy`, it may try again: that
    makes a duplicate for some, and without it others would never hear.
    """
    relay, sender, owner = relaying.relay, session.sender, relaying.owner
    if relay.brokenBy is not None:
        return relay.brokenBy.reply
    if not hasReturnAddress(sender):
        return None
    written = MailText()
    headers = headersOf(start)
    boundary = f"{secrets.token_hex(12)}.report"
    written.add(
        dotStuffed(
            deliveryReport(
                owner.servername, sender, refused, headers, formatdate(localtime=True), boundary
            )
        )
    )
    reply: Reply = yield relay.mail(Envelope("<>", {}))
    if reply.isPositive:
        relaying.mail = []
        reply = yield relay.rcpt(Envelope(sender, {}))
    if reply.isPositive:
        (reply,) = yield from send(relaying, written)
    if reply.isPositive:
        return None
    owner.noteToLog(f"no report to {sender}: {reply.code} {reply.text}")
    return notTo(refused)
