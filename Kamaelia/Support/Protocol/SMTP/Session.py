"""The server's side of SMTP: the order of commands, their checks and the replies (RFC 5321).

Example usage::

    session = Session(Settings(servername="mail.example.org"))
    send(session.greet("Thu, 1 Jan 2026 00:00:00 +0000"))
    session.feed(data)
    while (event := session.next()) is not None:
        ...                                # what to do with it: see Session.receive

How does it work?

COMMANDS has a row for each verb: input from the network selects a row or none. A command is
executed in two steps, so that a policy can decide between them: may() returns the refusal, if
any, and changes only `asked`; do() changes the state and returns the reply.

A new command needs a row and a method. A new rule for its argument belongs in CommandChecks, a
new parameter in Address.

Termination: once `breakConnection` is true, all further input is ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from Kamaelia.Support.Protocol.SMTP.Address import Envelope
from Kamaelia.Support.Protocol.SMTP.Chunks import CHUNK_TAKEN, ChunkScanner
from Kamaelia.Support.Protocol.SMTP.CommandChecks import (
    checkAttributes,
    checkHello,
    checkNoArgument,
    checkRecipient,
    checkSender,
)
from Kamaelia.Support.Protocol.SMTP.InputParser import (
    ChunkEnded,
    InputParser,
    InputRefused,
    TextEnded,
)
from Kamaelia.Support.Protocol.SMTP.Reply import TAKEN, TOO_MANY_ERRORS, Reply, withoutClose
from Kamaelia.Support.Protocol.SMTP.Settings import Settings
from Kamaelia.Support.Protocol.SMTP.TextScanner import TextScanner

EARLY_TALKER: Final = Reply(554, "5.5.0 The server speaks first", closes=True)
NO_EHLO: Final = Reply(500, "5.5.1 Command not understood, use HELO")
NO_HELP: Final = Reply(500, "5.5.1 HELP is not available", isMistake=True)
HELLO_FIRST: Final = Reply(503, "5.5.1 Send HELO or EHLO first")
ONE_MAIL_AT_A_TIME: Final = Reply(503, "5.5.1 The sender is known already; RSET cancels this mail")
SENDER_FIRST: Final = Reply(503, "5.5.1 Send MAIL first", isMistake=True)
RECIPIENT_FIRST: Final = Reply(503, "5.5.1 Send RCPT first", isMistake=True)
TOO_MANY_RECIPIENTS: Final = Reply(452, "4.5.3 Too many recipients")
TLS_ALREADY: Final = Reply(503, "5.5.1 TLS is already active")

SENDER_TAKEN: Final = Reply(250, "2.1.0 Sender ok")
RECIPIENT_TAKEN: Final = Reply(250, "2.1.5 Recipient ok")
GO_ON: Final = Reply(354, "End the mail with CRLF . CRLF")
FORGOTTEN: Final = Reply(250, "2.0.0 Reset")
CANNOT_VERIFY: Final = Reply(252, "2.5.2 Cannot verify the address, but will try to deliver")
BEGIN_TLS: Final = Reply(220, "2.0.0 Go ahead with TLS")
BYE: Final = Reply(221, "2.0.0 Bye", closes=True)

NOTHING_ASKED: Final = Envelope("", {})


class Session(InputParser):
    """Session(settings): the state of one client's session.

    `sender` and `recipients` keep their brackets. `parameters` are those of MAIL, and
    `recipientParameters` those of each RCPT by its path.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self.isStrict = self.settings.strict
        self.isTrusted = False
        self.isEncrypted = False
        self.errors = 0
        self._forgetClient()

    def _forgetClient(self) -> None:
        self.seenHelo = False
        self.isExtended = False
        self.mayPipeline = False
        self.remotename = ""
        self.reset()

    def reset(self) -> None:
        """Drop the mail in progress: at RSET and hello. Call this after the final dot, too."""
        self.seenMail = False
        self.seenRcpt = False
        self.acceptingMail = False
        self.gettingdata = False
        self.sender = ""
        self.recipients: list[str] = []
        self.parameters: dict[str, str] = {}
        self.recipientParameters: dict[str, dict[str, str]] = {}
        self.asked = NOTHING_ASKED

    def trust(self) -> None:
        """Trust the client: it may send to anybody, and some deviations are accepted from it."""
        self.isTrusted = True
        self.mayEndWithLF = self.settings.normalize_bare_lf

    def distrust(self) -> None:
        """Trust the client no more: it is another one."""
        self.isTrusted = self.mayEndWithLF = False

    @property
    def awaited(self) -> str:
        """What the client has to send next: "TLS", "text", "hello" or "command"."""
        if self.gettingdata:
            return "text"
        if not self.isOpen:
            return "TLS"
        return "command" if self.seenHelo else "hello"

    # Replies

    def greet(self, date: str) -> Reply:
        """Return the greeting with this date, or the refusal of a client that has not waited."""
        self.isOpen = True
        if self.spokeEarly:
            self.breakConnection = True
            return EARLY_TALKER
        return greeting(self.settings.servername, self.settings.serverid, date)

    def may(self, verb: str, words: list[str]) -> Reply | None:
        """Return the refusal of a command, or None if it is allowed now.

        MAIL and RCPT store their path and parameters in `asked`.
        """
        command = COMMANDS[verb]
        for isSo, otherwise in command.guards:
            if not isSo(self):
                return otherwise
        check = command.check
        return None if check is None else check(self, words)

    def do(self, verb: str, words: list[str]) -> Reply:
        """Execute the command that may() has just allowed."""
        execute = COMMANDS[verb].do
        return execute(self, words)

    def say(self, verb: str, words: list[str]) -> Reply:
        """Call may() and do(), if no policy decides between them."""
        refusal = self.may(verb, words)
        return self.do(verb, words) if refusal is None else refusal

    def answer(self, reply: Reply) -> Reply:
        """Return the reply to send: `reply`, or another one after too many errors.

        Note whether it closes the connection. Input from now on arrives after the reply.
        """
        self.mustWait = False
        if reply.isMistake and not self.isStrict:
            reply = withoutClose(reply)
        if reply.code >= 500 and not reply.closes:
            self.errors += 1
            if 0 < self.settings.max_errors <= self.errors:
                reply = TOO_MANY_ERRORS
        if reply.closes:
            self.breakConnection = True
        return reply

    @property
    def isBeginningTLS(self) -> bool:
        """Whether STARTTLS has been accepted and the handshake is not done."""
        return not self.isOpen and self.stage == "STARTTLS"

    def startedTLS(self) -> None:
        """Note the end of the handshake, and restart the session (RFC 3207 section 4.2)."""
        self.isOpen = True
        self.isEncrypted = True
        self.spokeEarly = False
        self.forget()
        self._forgetClient()

    def receive(self, data: bytes) -> list[Reply]:
        """Return the replies to these bytes if every mail is accepted, as a model and for tests."""
        self.feed(data)
        replies = []
        while (event := self.next()) is not None:
            match event:
                case list() as words:
                    verb = words[0].upper()
                    reply = self.say(verb, words)
                    if verb == "BDAT" and reply.isPositive:
                        continue  # the answer is due after the chunk
                case InputRefused(refusal):
                    reply = refusal
                case bytes():
                    continue
                case ChunkEnded(refused):
                    reply = refused or CHUNK_TAKEN
                    if refused is not None:
                        self.reset()
                case TextEnded(refusal=refused):
                    reply = refused or TAKEN
                    self.reset()
            replies.append(self.answer(reply))
        return replies

    # Called by InputParser

    def mayFollow(self, verb: str) -> bool | None:
        """Return whether bytes may follow this line at once; None for an unknown verb."""
        command = COMMANDS.get(verb)
        if command is None or (command.extension and not self.settings.offers(command.extension)):
            return None
        return command.isFollowed or (not command.isLast and self.mayPipeline)

    # The conditions in the table

    def isGreeted(self) -> bool:
        return self.seenHelo

    def isBetweenMails(self) -> bool:
        return not self.seenMail

    def isInMail(self) -> bool:
        return self.seenMail

    def hasRecipient(self) -> bool:
        return self.seenRcpt

    def hasRoomForRecipient(self) -> bool:
        return not 0 < self.settings.max_recipients <= len(self.recipients)

    def isExtensible(self) -> bool:
        return self.settings.esmtp

    def isInTheClear(self) -> bool:
        return not self.isEncrypted

    # The commands in the table

    def helo(self, words: list[str]) -> Reply:
        return self._hello(words, isExtended=False)

    def ehlo(self, words: list[str]) -> Reply:
        return self._hello(words, isExtended=True)

    def _hello(self, words: list[str], isExtended: bool) -> Reply:
        self.reset()
        self.seenHelo = True
        self.isExtended = isExtended
        self.mayPipeline = isExtended and self.settings.offers("PIPELINING")  # RFC 2920
        self.remotename = words[1]
        if not isExtended:
            return self.settings.helloReply
        return self.settings.encryptedReply if self.isEncrypted else self.settings.extendedReply

    def mail(self, words: list[str]) -> Reply:
        self.seenMail = True
        self.sender, self.parameters = self.asked.path, self.asked.parameters
        return SENDER_TAKEN

    def rcpt(self, words: list[str]) -> Reply:
        self.seenRcpt = True
        path = self.asked.path
        self.recipients.append(path)
        self.recipientParameters[path] = self.asked.parameters
        return RECIPIENT_TAKEN

    def data(self, words: list[str]) -> Reply:
        self.acceptingMail = True
        self.gettingdata = True
        kind = TextScanner if self.chunk is None else ChunkScanner
        limit = self.settings.max_message_size or float("inf")
        self.text = kind(limit, normalizes=self.mayEndWithLF)
        return GO_ON

    def bdat(self, words: list[str]) -> Reply:
        """Expect the chunk; the reply is that to all of it."""
        if not self.gettingdata:
            self.data(words)
        return CHUNK_TAKEN

    def rset(self, words: list[str]) -> Reply:
        self.reset()
        return FORGOTTEN

    def noop(self, words: list[str]) -> Reply:
        return TAKEN

    def vrfy(self, words: list[str]) -> Reply:
        return CANNOT_VERIFY

    def help(self, words: list[str]) -> Reply:
        return NO_HELP

    def startTLS(self, words: list[str]) -> Reply:
        self.isOpen = False
        self.forget()
        return BEGIN_TLS

    def xclient(self, words: list[str]) -> Reply:
        """Restart the session: the next reply is a greeting for another client."""
        self._forgetClient()
        return TAKEN

    def quit(self, words: list[str]) -> Reply:
        return BYE


@lru_cache(maxsize=16)
def greeting(servername: str, serverid: str, date: str) -> Reply:
    """Return the greeting; it is cached, because the date changes once a second."""
    return Reply(220, f"{servername} ESMTP {serverid} {date}")


Deed = Callable[[Session, list[str]], Reply]
ArgumentCheck = Callable[[Session, list[str]], "Reply | None"]
Guard = tuple[Callable[[Session], bool], Reply]


@dataclass(frozen=True, slots=True)
class Command:
    """A row: the method, the conditions with their refusals, and the check of the argument.

    isLast: clients wait for the reply even with PIPELINING (RFC 2920 section 3.1). isFollowed:
    what follows the command at once belongs to it or is ignored, so it is no mistake. extension:
    the one that has to be offered.
    """

    do: Deed
    guards: tuple[Guard, ...] = ()
    check: ArgumentCheck | None = None
    isLast: bool = False
    isFollowed: bool = False
    extension: str = ""


COMMANDS: Final = {
    "HELO": Command(Session.helo, (), checkHello, isLast=True),
    "EHLO": Command(Session.ehlo, ((Session.isExtensible, NO_EHLO),), checkHello, isLast=True),
    "STARTTLS": Command(
        Session.startTLS,
        ((Session.isInTheClear, TLS_ALREADY), (Session.isGreeted, HELLO_FIRST)),
        checkNoArgument,
        isFollowed=True,
        extension="STARTTLS",
    ),
    "MAIL": Command(
        Session.mail,
        ((Session.isGreeted, HELLO_FIRST), (Session.isBetweenMails, ONE_MAIL_AT_A_TIME)),
        checkSender,
    ),
    "RCPT": Command(
        Session.rcpt,
        ((Session.isInMail, SENDER_FIRST), (Session.hasRoomForRecipient, TOO_MANY_RECIPIENTS)),
        checkRecipient,
    ),
    "DATA": Command(
        Session.data, ((Session.hasRecipient, RECIPIENT_FIRST),), checkNoArgument, isLast=True
    ),
    "BDAT": Command(
        Session.bdat,
        ((Session.hasRecipient, RECIPIENT_FIRST),),
        isFollowed=True,
        extension="CHUNKING",
    ),
    "RSET": Command(Session.rset),
    "NOOP": Command(Session.noop),
    "VRFY": Command(Session.vrfy),
    "HELP": Command(Session.help),
    "XCLIENT": Command(
        Session.xclient,
        ((Session.isBetweenMails, ONE_MAIL_AT_A_TIME),),
        checkAttributes,
        isLast=True,
        extension="XCLIENT",
    ),
    "XFORWARD": Command(
        Session.noop,
        ((Session.isGreeted, HELLO_FIRST), (Session.isBetweenMails, ONE_MAIL_AT_A_TIME)),
        checkAttributes,
        extension="XFORWARD",
    ),
    "QUIT": Command(Session.quit, isFollowed=True),
}
