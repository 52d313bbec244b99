"""An SMTP server that is strict: each command is answered as the table of SMTP says.

Example usage
-------------
    class BlackHole(StrictMailHandler):
        def shouldWeAcceptMail(self):
            return self.sender.endswith("@example.org>")

    ServerCore(protocol=BlackHole, port=1025).run()

How does it work?
-----------------
The Session says what may be said now; policy is asked after that, and the
Session does it. What becomes of a mail is for a subclass to say: beginMail,
takeText and endMail. Here it is taken and dropped.

Termination: as MailHandler.
"""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache, partial
from time import time

from Kamaelia.Apps.Grey.MailHandler import MailHandler
from Kamaelia.Apps.Grey.Policy.PolicyQuestion import Asking
from Kamaelia.Support.Protocol.SMTP.InputParser import InputRefused, TextEnded
from Kamaelia.Support.Protocol.SMTP.Reply import (
    DEFERRED,
    RECIPIENT_REFUSED,
    SESSION_TOO_LONG,
    TAKEN,
    TOO_MANY_CONNECTIONS,
    Reply,
)
from Kamaelia.Support.Protocol.SMTP.Session import GO_ON


class StrictMailHandler(Asking, MailHandler):
    """StrictMailHandler(**settings) -> answers its client; policy is two questions to override.

    Either may raise Later, see Asking.
    """

    refusal = TOO_MANY_CONNECTIONS.wire  # what a ServerCore says where there are too many

    # Policy

    def shouldWeAcceptMail(self) -> bool:
        """Asked at DATA, when `sender` and `recipients` are known. False: please try again later.

        An error means the same, and is logged. May answer by itself, too (error, netPrint).
        """
        return False

    def shouldWeAcceptRecipient(self, recipient: str) -> bool:
        """Asked at each RCPT, before `recipient` joins `recipients`. False: see RelayError.

        An error means: please try again later.
        """
        return True

    def acceptMail(self) -> None:
        """Policy said yes: the text may follow."""
        self.gettingdata = True
        self.acceptingMail = True

    def deferMail(self) -> None:
        """Policy said no, for now."""
        self.mailStatus = "DEFERRED"
        self.answer(DEFERRED)

    def RelayError(self) -> None:
        """Policy said no to a recipient, for good."""
        self.answer(RECIPIENT_REFUSED)

    def error(self, message: str) -> None:
        """Says `message`, a whole line such as "550 5.7.1 No", and closes."""
        self.netPrint(message)
        self.breakConnection = True

    # What becomes of a mail

    def takeRecipient(self, command: list[str]) -> None:
        """A recipient that may be said, and that policy takes; to be answered."""
        self.say(command)

    def beginMail(self) -> None:
        """The text may follow; to be answered."""
        self.answer(GO_ON)

    def endMail(self, event: TextEnded) -> None:
        """The final dot has come; to be answered, by settle()."""
        self.settle(event.refusal or TAKEN)

    def settle(self, reply: Reply) -> None:
        """Answers the final dot, and notes what became of the mail. Another may follow."""
        self.mailStatus = statusOf(reply)
        self.answer(reply)
        self._isLogged = True
        self.logResult()
        self.session.reset()

    # The commands

    def say(self, command: list[str]) -> Reply:
        """Answers as the table says, and gives that answer."""
        verb = command[0].upper()
        reply = self.session.say(verb, command)
        self.answer(reply)
        return reply

    def handleConnect(self) -> None:
        self.answer(self.session.greet(dateAt(int(time()))))

    def handleHelo(self, command: list[str]) -> None:
        self.say(command)

    handleEhlo = handleRset = handleNoop = handleVrfy = handleHelp = handleQuit = handleHelo

    def handleMail(self, command: list[str]) -> None:
        now = self.now()
        if self.deadlines.isSessionOver(now):
            self.answer(SESSION_TOO_LONG)
        elif self.say(command).isPositive:
            self.deadlines.beginMail(now)
            self.mailStatus = ""
            self._isLogged = False

    def handleRcpt(self, command: list[str]) -> None:
        refusal = self.session.may("RCPT", command)
        if refusal is not None:
            self.answer(refusal)
        else:
            recipient = self.session.asked.path
            question = partial(self.shouldWeAcceptRecipient, recipient)
            then = partial(self._heardOfWelcome, command)
            self.ask(question, then, "about the recipient", recipient)

    def _heardOfWelcome(self, command: list[str], isWelcome: bool) -> None:
        if isWelcome:
            self.takeRecipient(command)
        else:
            self.callHook("RelayError")

    def handleData(self, command: list[str]) -> None:
        refusal = self.session.may("DATA", command)
        if refusal is not None:
            self.answer(refusal)
        else:
            self.ask(self.shouldWeAcceptMail, self._heardOfMail, "about a mail from", self.sender)

    def _heardOfMail(self, isWanted: bool) -> None:
        if isWanted:
            self.callHook("acceptMail")
        else:
            self.callHook("deferMail")

    def heedOthers(self) -> None:
        if self._waitsFor is not None:
            wasGetting = self.session.gettingdata
            self.heedPolicy()
            if self.session.gettingdata and not wasGetting:
                self.beginMail()

    def othersAreLate(self) -> None:
        self.isPolicyLate()

    def handleStartTLS(self, command: list[str]) -> None:
        if self.say(command).isPositive:
            self.send(self.starttls, "makessl")

    def handleRefused(self, event: InputRefused) -> None:
        self.answer(event.reply)


@lru_cache(maxsize=1)
def dateAt(second: int) -> str:
    """As in a Date header. All who connect within a second are greeted with the same."""
    return formatdate(second, localtime=True)


def statusOf(reply: Reply) -> str:
    """What an answer to the final dot makes of the mail."""
    if reply.isPositive:
        return "ACCEPTED"
    return "DEFERRED" if reply.isForNow else "REFUSED"


__kamaelia_components__ = (StrictMailHandler,)
