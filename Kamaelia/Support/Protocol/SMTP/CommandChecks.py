"""The checks of the arguments of SMTP commands (RFC 5321 section 4.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from Kamaelia.Support.Protocol.SMTP.Address import (
    MAIL_PARAMETERS,
    NULL_PATH,
    RCPT_PARAMETERS,
    STRICT,
    BadParameter,
    BadPath,
    LongPath,
    Parameter,
    PathSyntax,
    readEnvelope,
)
from Kamaelia.Support.Protocol.SMTP.ClientAttributes import readAttributes
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

if TYPE_CHECKING:
    from Kamaelia.Support.Protocol.SMTP.Session import Session

ONE_NAME: Final = Reply(501, "5.5.4 HELO and EHLO require one argument, your name", isMistake=True)
NO_ARGUMENT: Final = Reply(501, "5.5.4 No argument is allowed here")
SENDER_SYNTAX: Final = Reply(501, "5.5.4 Syntax: MAIL FROM:<address>", isMistake=True)
RECIPIENT_SYNTAX: Final = Reply(501, "5.5.4 Syntax: RCPT TO:<address>", isMistake=True)
BAD_SENDER: Final = Reply(501, "5.1.7 Bad sender address", isMistake=True)
BAD_RECIPIENT: Final = Reply(501, "5.1.3 Bad recipient address", isMistake=True)
LONG_SENDER: Final = Reply(501, "5.1.7 The path has more than 256 octets", isMistake=True)
LONG_RECIPIENT: Final = Reply(501, "5.1.3 The path has more than 256 octets", isMistake=True)
NO_RECIPIENT: Final = Reply(501, "5.1.3 The null address cannot be a recipient")
BAD_ATTRIBUTE: Final = Reply(501, "5.5.4 Bad attribute of the client", isMistake=True)
BAD_PARAMETER: Final = Reply(501, "5.5.4 Bad parameter", isMistake=True)
NOT_OFFERED: Final = Reply(555, "5.5.4 A parameter that is not offered")
TOO_BIG: Final = Reply(552, "5.3.4 The mail is too big")

LENIENT: Final = PathSyntax(mayOmitBrackets=True)
TRUSTED: Final = PathSyntax(mayOmitBrackets=True, mayOmitDomain=True)


def checkHello(session: Session, words: list[str]) -> Reply | None:
    """Check that there is exactly one argument, which is printable ASCII."""
    if len(words) == 2 and words[1].isascii() and words[1].isprintable():
        return None
    return ONE_NAME


def checkNoArgument(session: Session, words: list[str]) -> Reply | None:
    """Check that there is no argument."""
    return None if len(words) == 1 else NO_ARGUMENT


def checkAttributes(session: Session, words: list[str]) -> Reply | None:
    """Check the arguments of XCLIENT and XFORWARD."""
    return BAD_ATTRIBUTE if readAttributes(words) is None else None


def checkSender(session: Session, words: list[str]) -> Reply | None:
    """Check MAIL FROM:<path> and its parameters, and store both in session.asked."""
    argument = argumentAfter("FROM:", words)
    if argument is None:
        return SENDER_SYNTAX
    refusal = readInto(session, argument, MAIL_PARAMETERS, BAD_SENDER, LONG_SENDER)
    if refusal is not None:
        return refusal
    path, parameters = session.asked.path, session.asked.parameters
    if "@" not in path and path != NULL_PATH and not mayOmitDomain(session):
        return BAD_SENDER
    if not path.isascii() and "SMTPUTF8" not in parameters:
        return BAD_SENDER
    size = int(parameters.get("SIZE", 0))
    return TOO_BIG if 0 < session.settings.max_message_size < size else None


def checkRecipient(session: Session, words: list[str]) -> Reply | None:
    """Check RCPT TO:<path> and its parameters, and store both in session.asked."""
    argument = argumentAfter("TO:", words)
    if argument is None:
        return RECIPIENT_SYNTAX
    refusal = readInto(session, argument, RCPT_PARAMETERS, BAD_RECIPIENT, LONG_RECIPIENT)
    if refusal is not None:
        return refusal
    path = session.asked.path
    if path == NULL_PATH:
        return NO_RECIPIENT
    return None if path.isascii() or "SMTPUTF8" in session.parameters else BAD_RECIPIENT


def argumentAfter(keyword: str, words: list[str]) -> str | None:
    """Return what follows FROM: or TO:, or None if the keyword is missing."""
    argument = words[1] if len(words) == 2 else " ".join(words[1:])
    start = len(keyword)
    return argument[start:] if argument[:start].upper() == keyword else None


def mayOmitDomain(session: Session) -> bool:
    """Return whether a path may consist of a local part alone, such as <root>."""
    return session.isTrusted and not session.settings.strict


def readInto(
    session: Session, argument: str, rows: dict[str, Parameter], bad: Reply, long: Reply
) -> Reply | None:
    """Store path and parameters in session.asked; return the refusal if one is malformed.

    bad, long: the refusals of a path that is malformed, and of one that is too long.
    """
    syntax = STRICT if session.settings.strict else TRUSTED if session.isTrusted else LENIENT
    try:
        session.asked = readEnvelope(argument, rows, syntax)
    except LongPath:
        return long
    except BadPath:
        return bad
    except BadParameter:
        return BAD_PARAMETER
    for name in session.asked.parameters:
        row = rows.get(name)
        if row is None or not session.settings.offers(row.extension):
            return NOT_OFFERED
    return None
