"""The server's side of SMTP: which command may be said when, and what is answered (RFC 5321).

Example usage::

    session = Session(Settings(servername="mail.example.org"))
    send(session.greet("Thu, 1 Jan 2026 00:00:00 +0000"))
    session.feed(data)
    while (event := session.next()) is not None:
        ...                                # what to do with it: see Session.receive

How does it work?

COMMANDS has a row for each verb: what a stranger writes chooses a row or
nothing. A command is answered in two steps, so that policy can stand between
them: may() gives the refusal, if there is one, and changes nothing but
`asked`; do() changes the state and gives the answer.

A new command is a row and a deed; a new rule for its argument is a check
(CommandChecks), for a parameter a row in Address.

Termination: once `breakConnection` is true nothing more is heard.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from Kamaelia.Support.Protocol.SMTP.Address import Envelope
from Kamaelia.Support.Protocol.SMTP.CommandChecks import (
    checkHello,
    checkNoArgument,
    checkRecipient,
    checkSender,
)
from Kamaelia.Support.Protocol.SMTP.InputParser import (
    CommandReceived,
    InputParser,
    InputRefused,
    TextEnded,
    TextReceived,
)
from Kamaelia.Support.Protocol.SMTP.Reply import TAKEN, TOO_MANY_ERRORS, Reply, withoutClose
from Kamaelia.Support.Protocol.SMTP.Settings import Settings
from Kamaelia.Support.Protocol.SMTP.TextScanner import TextScanner

EARLY_TALKER = Reply(554, "5.5.0 The server speaks first", closes=True)
NO_EHLO = Reply(500, "5.5.1 Command not understood, say HELO")
NO_HELP = Reply(500, "5.5.1 There is no help", isMistake=True)
HELLO_FIRST = Reply(503, "5.5.1 Send hello first")
ONE_MAIL_AT_A_TIME = Reply(503, "5.5.1 One sender to a mail, RSET begins anew")
SENDER_FIRST = Reply(503, "5.5.1 MAIL first", isMistake=True)
RECIPIENT_FIRST = Reply(503, "5.5.1 RCPT first", isMistake=True)
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3 Too many recipients")
TLS_ALREADY = Reply(503, "5.5.1 TLS has begun already")

SENDER_TAKEN = Reply(250, "2.1.0 Sender ok")
RECIPIENT_TAKEN = Reply(250, "2.1.5 Recipient ok")
GO_ON = Reply(354, "End the mail with CRLF . CRLF")
FORGOTTEN = Reply(250, "2.0.0 Begin anew")
CANNOT_VERIFY = Reply(252, "2.5.2 Send a mail and see")
BEGIN_TLS = Reply(220, "2.0.0 Go ahead with TLS")
BYE = Reply(221, "2.0.0 Bye", closes=True)

NOTHING_ASKED = Envelope("", {})


class Session(InputParser):
    """Session(settings) -> what one client has said so far, and what may come next.

    `sender` and `recipients` keep their brackets; `parameters` are those of
    MAIL, `recipientParameters` those of each RCPT by its path.
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
        """No mail is under way: after RSET, after hello, and (call it) after the final dot."""
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

    @property
    def awaited(self) -> str:
        """What the client has to send next: "TLS", "text", "hello" or "command"."""
        if self.gettingdata:
            return "text"
        if not self.isOpen:
            return "TLS"
        return "command" if self.seenHelo else "hello"

    # What is answered.

    def greet(self, date: str) -> Reply:
        """The first word; the caller brings the date. Whoever spoke before it is turned away."""
        self.isOpen = True
        if self.spokeEarly:
            self.breakConnection = True
            return EARLY_TALKER
        return greeting(self.settings.servername, self.settings.serverid, date)

    def may(self, verb: str, words: list[str]) -> Reply | None:
        """Why this may not be said now; None when it may.

        MAIL and RCPT leave the path and parameters in `asked`.
        """
        command = COMMANDS[verb]
        for isSo, otherwise in command.guards:
            if not isSo(self):
                return otherwise
        return command.check(self, words) if command.check else None

    def do(self, verb: str, words: list[str]) -> Reply:
        """Do what may() has just allowed."""
        return COMMANDS[verb].do(self, words)

    def say(self, verb: str, words: list[str]) -> Reply:
        """may() and do() in one, where no policy stands between them."""
        return self.may(verb, words) or self.do(verb, words)

    def answer(self, reply: Reply) -> Reply:
        """Return the reply to send where `reply` is due: another one after too many errors.

        Note whether it closes. What arrives from now on came after the answer.
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
        """The handshake is done: what came before it is forgotten (RFC 3207 section 4.2)."""
        self.isOpen = True
        self.isEncrypted = True
        self.spokeEarly = False
        self.forget()
        self._forgetClient()

    def receive(self, data: bytes) -> list[Reply]:
        """The answers to these bytes, if every mail is taken: for tests, and as a model."""
        self.feed(data)
        replies = []
        while (event := self.next()) is not None:
            match event:
                case CommandReceived(verb, words):
                    reply = self.say(verb, words)
                case InputRefused(refusal):
                    reply = refusal
                case TextReceived():
                    continue
                case TextEnded(refused):
                    reply = refused or TAKEN
                    self.reset()
            replies.append(self.answer(reply))
        return replies

    # What the listener asks.

    def mayFollow(self, verb: str) -> bool | None:
        """Whether bytes may stand behind this line unanswered; None for an unknown verb."""
        command = COMMANDS.get(verb)
        if command is None or (verb == "STARTTLS" and not self.settings.offers(verb)):
            return None
        return command.silences or (not command.isLast and self.mayPipeline)

    # The questions of the table, and its deeds.

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
        self.sender, self.parameters = self.asked
        return SENDER_TAKEN

    def rcpt(self, words: list[str]) -> Reply:
        self.seenRcpt = True
        path, parameters = self.asked
        self.recipients.append(path)
        self.recipientParameters[path] = parameters
        return RECIPIENT_TAKEN

    def data(self, words: list[str]) -> Reply:
        self.acceptingMail = True
        self.gettingdata = True
        self.text = TextScanner(
            self.settings.max_message_size or float("inf"), normalizes=self.mayEndWithLF
        )
        return GO_ON

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

    def quit(self, words: list[str]) -> Reply:
        return BYE


@lru_cache(maxsize=16)
def greeting(servername: str, serverid: str, date: str) -> Reply:
    """All who connect within a second are greeted with the same."""
    return Reply(220, f"{servername} ESMTP {serverid} {date}")


Deed = Callable[[Session, list[str]], Reply]
ArgumentCheck = Callable[[Session, list[str]], "Reply | None"]
Guard = tuple[Callable[[Session], bool], Reply]


class Command(NamedTuple):
    """A row: its deed, the questions that must be so (else: the answer), the check of its words.

    `isLast`: even with PIPELINING the answer is waited for (RFC 2920 section
    3.1). `silences`: what follows it is not heard, so that it may stand there.
    """

    do: Deed
    guards: tuple[Guard, ...] = ()
    check: ArgumentCheck | None = None
    isLast: bool = False
    silences: bool = False


COMMANDS = {
    "HELO": Command(Session.helo, (), checkHello, isLast=True),
    "EHLO": Command(Session.ehlo, ((Session.isExtensible, NO_EHLO),), checkHello, isLast=True),
    "STARTTLS": Command(
        Session.startTLS,
        ((Session.isInTheClear, TLS_ALREADY), (Session.isGreeted, HELLO_FIRST)),
        checkNoArgument,
        silences=True,
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
    "RSET": Command(Session.rset),
    "NOOP": Command(Session.noop),
    "VRFY": Command(Session.vrfy),
    "HELP": Command(Session.help),
    "QUIT": Command(Session.quit, silences=True),
}
