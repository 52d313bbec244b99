"""The conversations about a mail in a session with the real server: see ConversationLoop."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Generator
from email.utils import formatdate
from typing import Any, Protocol

from Kamaelia.Apps.Grey.Backend.ConversationLoop import Conversation
from Kamaelia.Apps.Grey.Backend.MailText import PIECE, MailText
from Kamaelia.Apps.Grey.Backend.RelaySession import RelaySession
from Kamaelia.Support.Protocol.SMTP.Address import Envelope
from Kamaelia.Support.Protocol.SMTP.LMTP import Answers, notTo, outcomeOf
from Kamaelia.Support.Protocol.SMTP.ReplayOutcome import needsOf, refusalFor, verdictOn
from Kamaelia.Support.Protocol.SMTP.Reply import NOT_REACHED, Reply
from Kamaelia.Support.Protocol.SMTP.Report import (
    MOST_OF_HEADERS,
    deliveryReport,
    dotStuffed,
    hasReturnAddress,
    headersOf,
    wantsReport,
)
from Kamaelia.Support.Protocol.SMTP.Session import Session

Refused = list[tuple[str, Reply]]


def begin(
    relaySession: RelaySession,
    session: Session,
    first: Envelope,
    parameters: Collection[tuple[str, str]] = (),
) -> Conversation:
    """Send RCPT for the first recipient, after MAIL if the real server does not know the mail.

    Both are one write if the real server offers PIPELINING (RFC 2920). parameters: those of the
    other recipients. Return the refusal of the mail, or the answer to the recipient; in the
    second case `relaySession.mail` is this mail.
    """
    relay = relaySession.relay
    while relay.waiting or not relay.isReady:
        yield b""
    if session.parameters or first.parameters or parameters:
        given = [*session.parameters.items(), *first.parameters.items(), *parameters]
        refusal = refusalFor(needsOf(given), relay.extensions)
        if refusal is not None:
            return refusal
    if relaySession.mail is session.recipients:
        answer: Reply = yield relay.rcpt(first)
        return answer
    if relaySession.mail is not None:  # the client has begun another mail since
        relaySession.mail = None
        yield relay.reset()
    for line in relay.forwarding():
        answer = yield relay.forward(line)
        if not answer.isPositive:
            return notForwarded(relaySession, answer)
    sender = relay.mail(Envelope(session.sender, session.parameters))
    isPipelined = "PIPELINING" in relay.extensions
    answer = yield sender + relay.rcpt(first) if isPipelined else sender
    if not answer.isPositive:  # the answer to RCPT, if it was sent, is not used
        return answer
    relaySession.mail = session.recipients
    answer = yield b"" if isPipelined else relay.rcpt(first)
    return answer


def notForwarded(relaySession: RelaySession, answer: Reply) -> Reply:
    """Return the reply for a server that does not accept XFORWARD: our fault, not the client's."""
    reason = f"the mail server refuses us at XFORWARD: {answer.code} {answer.text}"
    relaySession.link.noteToLog(f"real server {relaySession.server}: {reason}")
    return NOT_REACHED


def reset(relaySession: RelaySession) -> Conversation:
    """Send RSET for a mail that was begun. If it is refused, the session is not kept."""
    relaySession.mail = None
    answer: Reply = yield relaySession.relay.reset()
    return answer


# Live: one for each command of the client


def recipient(relaySession: RelaySession, session: Session) -> Conversation:
    """Send the recipient that the client named last."""
    return begin(relaySession, session, session.asked)


def text(relaySession: RelaySession) -> Conversation:
    """Send DATA; the text may follow if the answer is positive."""
    relaySession.start = relaySession.last = b""
    reply: Reply = yield relaySession.relay.data()
    relaySession.isInText = reply.isPositive
    return reply


def end(relaySession: RelaySession, session: Session) -> Conversation:
    """Send the last piece of the text and the dot, in one write."""
    replies = yield from dot(relaySession, relaySession.last)
    relaySession.isInText = False
    if len(replies) == 1:
        return replies[0]
    return (
        yield from conclude(
            relaySession, session, session.recipients, replies, [], relaySession.start
        )
    )


def dot(relaySession: RelaySession, last: bytes) -> Generator[bytes, Any, list[Reply]]:
    """Send the end of the text and the dot; return the answers, of which LMTP has several."""
    words = last + relaySession.relay.dot()
    owed = relaySession.relay.waiting.count("dot")
    replies = [(yield words)]
    while len(replies) < owed:
        answer = yield b""
        replies.append(answer)
    relaySession.mail = None
    return replies


def conclude(
    relaySession: RelaySession,
    session: Session,
    paths: list[str],
    replies: list[Reply],
    refused: Refused,
    start: bytes,
) -> Conversation:
    """Return the reply for the client.

    paths: the recipients that were accepted before the dot; refused: the others.
    """
    reply = replies[0]
    if len(replies) > 1:
        reply, late, isMixed = outcomeOf(list(zip(paths, replies, strict=True)))
        refused = [*refused, *late]
        if isMixed:
            relaySession.link.noteToLog(
                f"a mail from {session.sender} was accepted for some of {', '.join(paths)}, and"
                f" refused temporarily for others: a retry causes duplicates for the former"
            )
    if reply.isPositive and refused:
        return (yield from report(relaySession, session, refused, start)) or reply
    return reply


# Replay: one conversation for a whole mail


class RecipientListener(Protocol):
    """An object that is told, in replay, the real server's reply for each recipient."""

    def noteRecipientReplies(self, answers: Answers) -> None:
        """Take the replies for all recipients."""

    def noteSilentRefusal(self, recipient: str, reply: Reply) -> None:
        """Note a recipient that is refused although the client receives 250."""


def replay(
    relaySession: RelaySession, session: Session, mailText: MailText, listener: RecipientListener
) -> Conversation:
    """Send a complete mail; report the recipients that are refused permanently."""
    parameters = session.recipientParameters
    names = {pair for each in parameters.values() for pair in each.items()}
    first, *others = [Envelope(path, parameters.get(path, {})) for path in session.recipients]
    reply: Reply = yield from begin(relaySession, session, first, names)
    if relaySession.mail is not session.recipients:
        return reply
    answers = [(first.path, reply)]
    for envelope in others:
        reply = yield relaySession.relay.rcpt(envelope)
        answers.append((envelope.path, reply))
    listener.noteRecipientReplies(answers)
    verdict = verdictOn(answers)
    if verdict.reply is not None:
        return verdict.reply
    for path, answer in verdict.refused:
        listener.noteSilentRefusal(path, answer)
    paths = [path for path, answer in answers if answer.isPositive]
    replies = yield from send(relaySession, mailText)
    if len(replies) == 1 and not verdict.refused:
        return replies[0]
    start = mailText.start(MOST_OF_HEADERS)
    return (yield from conclude(relaySession, session, paths, replies, verdict.refused, start))


def send(relaySession: RelaySession, mailText: MailText) -> Generator[bytes, Any, list[Reply]]:
    """DATA, the text and the dot; a small text goes out in one write with the dot."""
    relay = relaySession.relay
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
    return (yield from dot(relaySession, last))


def report(
    relaySession: RelaySession, session: Session, refused: Refused, start: bytes
) -> Generator[bytes, Any, Reply | None]:
    """Report permanently refused recipients to the sender, through the real server.

    Those whose NOTIFY excludes failures are left out.

    Return None if the server has accepted the report, or else the reply for the client in place
    of the mail's own. If the server refuses the report (many LMTP servers accept mail for their
    own users only), the client gets the refusals. If the session broke, the client may try
    again: some recipients then get a duplicate, but the sender learns about the others.
    """
    relay, sender, name = relaySession.relay, session.sender, session.settings.servername
    if relay.brokenBy is not None:
        return relay.brokenBy.reply
    parameters = session.recipientParameters
    refused = [each for each in refused if wantsReport(parameters.get(each[0], {}))]
    if not refused or not hasReturnAddress(sender):
        return None
    written = MailText()
    headers = headersOf(start)
    boundary = f"{secrets.token_hex(12)}.report"
    written.add(
        dotStuffed(
            deliveryReport(name, sender, refused, headers, formatdate(localtime=True), boundary)
        )
    )
    reply: Reply = yield relay.mail(Envelope("<>", {}))
    if reply.isPositive:
        relaySession.mail = []
        reply = yield relay.rcpt(Envelope(sender, {}))
    if reply.isPositive:
        (reply,) = yield from send(relaySession, written)
    if reply.isPositive:
        return None
    relaySession.link.noteToLog(f"no report to {sender}: {reply.code} {reply.text}")
    return notTo(refused)
