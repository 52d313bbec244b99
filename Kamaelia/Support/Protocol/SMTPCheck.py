"""The arguments of SMTP's commands: why they are refused, if they are (RFC 5321 section 4.1.1)."""

from __future__ import annotations

from typing import Protocol

from Kamaelia.Support.Protocol.SMTPAddress import (
    MAIL_PARAMETERS,
    NULL_PATH,
    RCPT_PARAMETERS,
    BadParameter,
    BadPath,
    Envelope,
    Parameter,
    readEnvelope,
)
from Kamaelia.Support.Protocol.SMTPReply import Reply
from Kamaelia.Support.Protocol.SMTPSettings import Settings

ONE_NAME = Reply(501, "5.5.4 Hello takes one argument, your name", closes=True)
NO_ARGUMENT = Reply(501, "5.5.4 No argument is allowed here")
SENDER_SYNTAX = Reply(501, "5.5.4 Syntax: MAIL FROM:<address>", closes=True)
RECIPIENT_SYNTAX = Reply(501, "5.5.4 Syntax: RCPT TO:<address>", closes=True)
BAD_SENDER = Reply(501, "5.1.7 Bad address of the sender", closes=True)
BAD_RECIPIENT = Reply(501, "5.1.3 Bad address of the recipient", closes=True)
NO_RECIPIENT = Reply(501, "5.1.3 The null address receives no mail")
BAD_PARAMETER = Reply(501, "5.5.4 Bad parameter", closes=True)
NOT_OFFERED = Reply(555, "5.5.4 A parameter that is not offered")
TOO_BIG = Reply(552, "5.3.4 The mail is too big")


class Asking(Protocol):
    """What a check needs to know of a session."""

    settings: Settings
    parameters: dict[str, str]
    asked: Envelope


def checkHello(session: Asking, words: list[str]) -> Reply | None:
    """Exactly one argument, and that of printable ASCII."""
    if len(words) == 2 and words[1].isascii() and words[1].isprintable():
        return None
    return ONE_NAME


def checkNoArgument(session: Asking, words: list[str]) -> Reply | None:
    """The verb stands alone."""
    return None if len(words) == 1 else NO_ARGUMENT


def checkSender(session: Asking, words: list[str]) -> Reply | None:
    """MAIL FROM:<path> and parameters, which are left in session.asked."""
    argument = argumentAfter("FROM:", words)
    if argument is None:
        return SENDER_SYNTAX
    refusal = readInto(session, argument, MAIL_PARAMETERS, BAD_SENDER)
    if refusal is not None:
        return refusal
    path, parameters = session.asked
    if "@" not in path and path != NULL_PATH:
        return BAD_SENDER
    if not path.isascii() and "SMTPUTF8" not in parameters:
        return BAD_SENDER
    size = int(parameters.get("SIZE", 0))
    return TOO_BIG if 0 < session.settings.max_message_size < size else None


def checkRecipient(session: Asking, words: list[str]) -> Reply | None:
    """RCPT TO:<path> and parameters, which are left in session.asked."""
    argument = argumentAfter("TO:", words)
    if argument is None:
        return RECIPIENT_SYNTAX
    refusal = readInto(session, argument, RCPT_PARAMETERS, BAD_RECIPIENT)
    if refusal is not None:
        return refusal
    path = session.asked.path
    if path == NULL_PATH:
        return NO_RECIPIENT
    return None if path.isascii() or "SMTPUTF8" in session.parameters else BAD_RECIPIENT


def argumentAfter(keyword: str, words: list[str]) -> str | None:
    """What stands behind FROM: or TO:, None when it does not stand there."""
    argument = " ".join(words[1:])
    start = len(keyword)
    return argument[start:] if argument[:start].upper() == keyword else None


def readInto(
    session: Asking, argument: str, rows: dict[str, Parameter], otherwise: Reply
) -> Reply | None:
    """Leave path and parameters in session.asked; the refusal if one of them is not good."""
    try:
        session.asked = readEnvelope(argument, rows)
    except BadPath:
        return otherwise
    except BadParameter:
        return BAD_PARAMETER
    for name in session.asked.parameters:
        row = rows.get(name)
        if row is None or not session.settings.offers(row.extension):
            return NOT_OFFERED
    return None
