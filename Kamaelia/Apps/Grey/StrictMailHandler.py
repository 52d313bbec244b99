"""An SMTP server that is strict: each command is answered as the table of SMTP says.

Example usage
-------------
    class BlackHole(StrictMailHandler):
        def shouldWeAcceptMail(self):
            return self.sender.endswith("@example.org>")

    ServerCore(protocol=BlackHole, port=1025).run()

How does it work?
-----------------
For each command, the Session first decides whether it is allowed now, and executes it. Between
the two, policy is asked at RCPT (shouldWeAcceptRecipient) and at DATA (shouldWeAcceptMail):

    RCPT       handleRcpt -> ask -> takeRecipient, or RelayError if policy says False
    DATA       handleData -> ask -> acceptMail, then beginMail; or deferMail
    text       takeText, for each piece
    final dot  endMail -> settle

A subclass answers the two questions, and decides in beginMail, takeText and endMail what happens
to a mail. Here it is dropped and the client gets 250.

Termination: as MailHandler.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache, partial
from math import inf
from time import time
from typing import Any

from Kamaelia.Apps.Grey.MailHandler import MailHandler
from Kamaelia.Apps.Grey.Policy.PolicyHooks import answersAtOnce, judgeHooks
from Kamaelia.Apps.Grey.Policy.PolicyQuestion import PolicyQuestion
from Kamaelia.Apps.Grey.Session.ClientRates import ClientRates
from Kamaelia.Apps.Grey.Session.DeclaredClient import DeclaredClient
from Kamaelia.Apps.Grey.Session.Phase import CLIENT, POLICY
from Kamaelia.Support.Protocol.SMTP.Chunks import CHUNK_TAKEN
from Kamaelia.Support.Protocol.SMTP.ClientAttributes import readAttributes
from Kamaelia.Support.Protocol.SMTP.InputParser import ChunkEnded, InputRefused, TextEnded
from Kamaelia.Support.Protocol.SMTP.Reply import (
    DEFERRED,
    POLICY_FAILED,
    RECIPIENT_REFUSED,
    SESSION_TOO_LONG,
    TAKEN,
    TOO_MANY_CONNECTIONS,
    Reply,
)
from Kamaelia.Support.Protocol.SMTP.Session import GO_ON


class StrictMailHandler(MailHandler):
    """StrictMailHandler(**settings) -> answers its client; a subclass overrides two questions.

    Both questions may be asynchronous or raise Later, see PolicyQuestion.
    policy_timeout: seconds within which policy has to answer; 0 means no limit. rates: limits for
    networks, which do not apply to trusted clients.
    """

    refusal = TOO_MANY_CONNECTIONS.wire  # what ServerCore sends to clients above its limits
    policy_timeout: float = 10
    rates: ClientRates | None = None

    policyQuestion: PolicyQuestion | None = None  # the question that is being asked
    hasPlainHooks = True  # as PolicyHook expects; a keyword argument may change it

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        judgeHooks(cls)

    def __init__(self, **argd: Any) -> None:
        judgeHooks(type(self))  # a hook may have been assigned to the class since
        self.policyQuestion = None
        super().__init__(**argd)

    # Policy

    @answersAtOnce
    def shouldWeAcceptMail(self) -> bool:
        """Called at DATA, when `sender` and `recipients` are known. False: try again later.

        An error means the same, and is logged. It may answer the client itself (error, netPrint).
        """
        return False

    @answersAtOnce
    def shouldWeAcceptRecipient(self, recipient: str) -> bool:
        """Called at RCPT, before `recipient` is added to `recipients`. False: see RelayError.

        An error means: try again later.
        """
        return True

    def acceptMail(self) -> None:
        """Called when policy accepts the mail: the text may follow."""
        self.gettingdata = True
        self.session.acceptingMail = True

    def deferMail(self) -> None:
        """Called when policy does not accept the mail for now."""
        self.mailStatus = "DEFERRED"
        self.answer(DEFERRED)

    def RelayError(self) -> None:
        """Called when policy refuses a recipient for good."""
        self.answer(RECIPIENT_REFUSED)

    def policyFailed(self) -> None:
        """Called when policy raised an error or took too long."""
        self.mailStatus = "DEFERRED"
        self.answer(POLICY_FAILED)

    def error(self, message: str) -> None:
        """Send `message`, a whole line such as "550 5.7.1 No", and close the connection."""
        self.netPrint(message)
        self.breakConnection = True

    # The question to policy

    def ask(self, hook: Callable[..., Any], then: Callable[[bool], None], *about: Any) -> None:
        """Call `then` with the answer, now or later, unless policy answers the client itself."""
        question = self.policyQuestion = PolicyQuestion(self, hook, about, then)
        question.ask()

    def suspendForPolicy(self) -> None:
        """Stop reading from the client until resumeClient()."""
        self.enter(POLICY)

    def endPolicyQuestion(self) -> None:
        """Drop the question, and read from the client again."""
        self.policyQuestion = None
        self.resumeClient()

    def resumeClient(self) -> None:
        """Read from the client again if policy or the real server was asked."""
        if self.phase.isWaiting:
            self.enter(CLIENT)

    def takeAnswers(self) -> None:
        if self.policyQuestion is not None:
            wasGetting = self.session.gettingdata
            self.policyQuestion.resume()
            if self.session.gettingdata and not wasGetting:
                self.beginMail()

    def answerDeadline(self) -> float:
        question = self.policyQuestion
        return inf if question is None else question.deadline

    def handleLateAnswer(self) -> None:
        if self.policyQuestion is not None:
            self.policyQuestion.timedOut()

    def cleanUp(self) -> None:
        if self.policyQuestion is not None:
            self.policyQuestion.cancel()
        super().cleanUp()

    # One mail

    def takeRecipient(self, command: list[str]) -> None:
        """Called with an RCPT that policy accepts; the answer is due."""
        self.say(command)

    def beginMail(self) -> None:
        """Called when the text may follow; the answer to DATA is due. See textMayFollow."""
        self.textMayFollow(GO_ON)

    def textMayFollow(self, reply: Reply) -> None:
        """Answer DATA with `reply`; the answer to BDAT is due when its chunk has arrived."""
        if self.session.text.isChunked:
            self.heardAt = None
        else:
            self.answer(reply)

    def endChunk(self, event: ChunkEnded) -> None:
        """Answer BDAT. The first failure ends the mail."""
        refusal = event.refusal or self.textFailure()
        if refusal is None:
            self.answer(CHUNK_TAKEN)
        else:
            self.refuseMail(refusal)

    def textFailure(self) -> Reply | None:
        """Return the refusal of a text that could not be kept or passed on, or None."""
        return None

    def refuseMail(self, refusal: Reply) -> None:
        """Answer a text, or a part of it, with its refusal."""
        self.settle(refusal)

    def endMail(self, event: TextEnded) -> None:
        """Called after the final dot; the answer is due, see settle()."""
        self.settle(event.refusal or TAKEN)

    def settle(self, reply: Reply) -> None:
        """Answer the final dot, and log the mail. Another one may follow."""
        self.mailStatus = statusOf(reply)
        self.answer(reply)
        self._isLogged = True
        self.logResult()
        self.session.reset()

    # The commands

    def say(self, command: list[str]) -> Reply:
        """Carry out a command, answer as the table says, and return that answer."""
        verb = command[0].upper()
        reply = self.session.say(verb, command)
        self.answer(reply)
        return reply

    def handleConnect(self) -> None:
        refusal = None if self.rates is None else self._refusalByRate("connections")
        self.answer(refusal or self.session.greet(dateAt(int(time()))))

    def _refusalByRate(self, name: str) -> Reply | None:
        """Return the refusal of a client whose network is above the limit, or None."""
        session = self.session
        isHost = name == "connections" and session.settings.offers("XCLIENT")
        if self.rates is None or session.isTrusted or isHost:
            return None
        return self.rates.refusal(name, self.peer, self.now())

    def handleHelo(self, command: list[str]) -> None:
        self.say(command)

    handleEhlo = handleRset = handleNoop = handleVrfy = handleHelp = handleQuit = handleHelo

    def handleMail(self, command: list[str]) -> None:
        if self.deadlines.isSessionOver(self.now()):
            self.answer(SESSION_TOO_LONG)
        elif self.rates is not None and (refusal := self._refusalByRate("mails")) is not None:
            self.answer(refusal)
        else:
            self.beginEnvelope(command)

    def beginEnvelope(self, command: list[str]) -> None:
        """Called with a MAIL that no limit refuses; the answer is due."""
        if self.say(command).isPositive:
            self.deadlines.beginMail(self.now())
            if self.declaredClient is not None:
                self.declaredClient.beginMail()
            self.mailStatus = ""
            self._isLogged = False

    def handleRcpt(self, command: list[str]) -> None:
        refusal = self.session.may("RCPT", command)
        if refusal is None and self.rates is not None:
            refusal = self._refusalByRate("recipients")
        if refusal is not None:
            self.answer(refusal)
        else:
            then = partial(self._recipientIsJudged, command)
            self.ask(self.shouldWeAcceptRecipient, then, self.session.asked.path)

    def _recipientIsJudged(self, command: list[str], isAccepted: bool) -> None:
        if isAccepted:
            self.takeRecipient(command)
        else:
            self.callHook("RelayError")

    def handleData(self, command: list[str]) -> None:
        refusal = self.session.may("DATA", command)
        if refusal is not None:
            self.answer(refusal)
        else:
            self.ask(self.shouldWeAcceptMail, self._mailIsJudged)

    def handleBdat(self, command: list[str]) -> None:
        refusal = self.session.may("BDAT", command)
        if refusal is not None:
            self.answer(refusal)
        elif not self.session.gettingdata:
            self.ask(self.shouldWeAcceptMail, self._mailIsJudged)

    def _mailIsJudged(self, isAccepted: bool) -> None:
        self.callHook("acceptMail" if isAccepted else "deferMail")

    def handleXclient(self, command: list[str]) -> None:
        refusal = self.session.may("XCLIENT", command)
        if refusal is None:
            self._declared().replace(readAttributes(command) or {})
            self.session.do("XCLIENT", command)
            refusal = self.session.greet(dateAt(int(time())))
        self.answer(refusal)

    def handleXforward(self, command: list[str]) -> None:
        if self.say(command).isPositive:
            self._declared().forward(readAttributes(command) or {})

    def _declared(self) -> DeclaredClient:
        if self.declaredClient is None:
            self.declaredClient = DeclaredClient(self)
        return self.declaredClient

    def handleStartTLS(self, command: list[str]) -> None:
        if self.say(command).isPositive:
            self.send(self.starttls, "makessl")

    def handleRefused(self, event: InputRefused) -> None:
        self.answer(event.reply)


@lru_cache(maxsize=1)
def dateAt(second: int) -> str:
    """Return the date as in a Date header; connections within a second share it."""
    return formatdate(second, localtime=True)


def statusOf(reply: Reply) -> str:
    """Return the mailStatus that an answer to the final dot means."""
    if reply.isPositive:
        return "ACCEPTED"
    return "DEFERRED" if reply.isForNow else "REFUSED"


__kamaelia_components__ = (StrictMailHandler,)
