"""One connection of a mail server that asks about its mails, in whatever protocol.

Example usage
-------------
    class PolicyRequestHandler(DelegationHandler): ...      # defines newReader and answerAll()

How does it work?
-----------------
The mail server sends a question and waits for its answer. A question that can be answered at once
is answered within the call that receives its bytes. What takes longer, such as a store that
answers later or many questions in one piece, is done in turns of main(); meanwhile no more data is
read. Questions with the same instance are about one mail. A mail is recorded when a question is
about another one, at its end, when the connection ends, or when nothing has been asked for
RECORD_TIME. A mail that cannot be decided in time, or because of an error, is deferred. Input that
the protocol does not allow ends the connection, and so does a peer that does not complete its
request or does not read the answers; it then opens another one.

Termination: at the end of the connection, at bad input, and after `idle_timeout`.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from math import inf
from typing import Any, Protocol

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.WriteGate import WriteGate
from Kamaelia.Apps.Grey.Delegation.DelegatedMail import DelegatedMail
from Kamaelia.Apps.Grey.Delegation.PolicyService import PolicyService
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Internet.OutgoingData import discard
from Kamaelia.Support.Protocol.PolicyDelegation import END, Action, PolicyRequest

LOG = logging.getLogger("Kamaelia.Apps.Grey")
RECORD_TIME = 5.0  # seconds after the last question until a mail is recorded
# Seconds for all of a request, and until the first one: smtpd_policy_service_timeout. A mail server
# connects when it has a question.
REQUEST_TIME = 100.0
UNREAD = "questions arrive, but the answers to earlier ones are not read"


def _failing(error: Exception) -> Generator[int, None, None]:
    """Raise an error in the turn of main()."""
    yield from ()
    raise error


class RequestSource(Protocol):
    """What takes the bytes of a protocol."""

    @property
    def isIncomplete(self) -> bool:
        """Whether a request has begun that is not complete."""

    @property
    def complete(self) -> int:
        """How many requests, or other packets, have been complete."""

    def feed(self, data: bytes) -> None:
        """Take bytes."""


class DelegationHandler(component):
    """DelegationHandler(service=...) -> answers the questions of one connection.

    service: a PolicyService. peer: the other end, for the log. A subclass defines the protocol.
    """

    Inboxes = {
        "inbox": "bytes of questions",
        "control": "producerFinished or shutdownMicroprocess: the connection ends",
    }
    Outboxes = {
        "outbox": "bytes of answers",
        "signal": "producerFinished: close the connection",
    }

    service: PolicyService
    peer = ""
    badInput: type[Exception] = ValueError  # what answerAll() raises
    isOver = False  # whether the peer has ended the session

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self._mail: DelegatedMail | None = None
        self.reader = self.newReader()
        self._complete = -1  # as many requests were complete when the present one began,
        self._begun = 0.0  # at this time
        self._lastAt = 0.0  # when data arrived
        self._wakesAt = inf  # main() sleeps until this time at most
        self._work: Generator[int, None, None] | None = None  # what main() has to do
        self._gate = WriteGate(self)

    def newReader(self) -> RequestSource:
        """Return what takes the bytes of the protocol."""
        raise NotImplementedError

    def answerAll(self) -> Generator[int, None, None]:
        """Answer all complete requests. May raise badInput."""
        raise NotImplementedError

    # The connection

    def main(self) -> Generator[int, None, None]:
        self._lastAt = timeOf(self)
        try:
            for data in self.Inbox():  # that came before the first turn
                self.reader.feed(data)
                yield from self.answerAll()
            self.takeDirectly("inbox", self._take)
            while (work := (yield from self._waitForWork())) is not None:
                yield from work
                self._work = None
                self._gate.open()
        except self.badInput as error:
            LOG.warning("bad input from %s: %s", self.peer or "a Unix socket", error)
        finally:
            self.takeDirectly("inbox", discard)
            self._recordMail()
        self.send(producerFinished(self), "signal")

    def _take(self, data: bytes) -> WriteGate | None:
        """Answer the questions in `data` within this call; leave to main() what takes longer."""
        self._lastAt = timeOf(self)
        self.reader.feed(data)
        if self._work is None:
            work = _failing(self.badInput(UNREAD)) if self.isHeld() else self.answerAll()
            try:
                isDone = next(work, None) is None
            except Exception as error:  # noqa: BLE001 - main() raises it
                isDone, work = False, _failing(error)
            if isDone:
                if self.isOver or self.reader.isIncomplete or self._recordTime() < self._wakesAt:
                    self.unpause()  # main() ends, or sleeps for less time
                return None
            self._work = work
            self.unpause()
        self._gate.shut()
        return self._gate

    def _waitForWork(self) -> Generator[int, None, Generator[int, None, None] | None]:
        """Wait for what main() has to do, and return it; None if the connection is to end."""
        while self._work is None:
            now = timeOf(self)
            until, recordAt = self._timeLimit(now), self._recordTime()
            if now >= until or self.isOver or self.dataReady("control"):
                return None
            if now >= recordAt:
                self._recordMail()
                recordAt = inf
            self._wakesAt = min(until, recordAt)
            yield from self.waitUntil(self._wakesAt)
        return self._work

    def _recordTime(self) -> float:
        """Return when the mail is to be recorded, if no other question comes."""
        isRecorded = self._mail is None or self._mail.isWritten
        return inf if isRecorded else self._lastAt + RECORD_TIME

    def _timeLimit(self, now: float) -> float:
        """Return until when the peer has to send something, or to complete its request."""
        complete, idleTime = self.reader.complete, self.service.idle_timeout
        if self.reader.isIncomplete:
            if complete != self._complete:
                self._complete, self._begun = complete, now
            return self._begun + REQUEST_TIME
        self._complete = -1  # the next request has not begun
        return self._lastAt + (idleTime if complete else min(idleTime, REQUEST_TIME))

    # Mails

    def actionFor(self, request: PolicyRequest) -> Action | Later:
        """Return the action that answers a request, or what has to be waited for.

        A mail that has reached its end is recorded.
        """
        now, mail = self._lastAt, self._mail
        if mail is None or not mail.isAbout(request):
            self._recordMail()  # the mail before it
            mail = self._mail = DelegatedMail(self.service, request, now)
        action = self._ask(mail, request, now)
        if request.stage == END and isinstance(action, Action):
            self._recordMail()
        return action

    def actionAfter(self, later: Later, request: PolicyRequest) -> Generator[int, None, Action]:
        """Wait until actionFor() can return the action for the same request, and return it."""
        mail = self._mail
        assert mail is not None  # actionFor() has noted it
        answer: Action | Later = later
        until = timeOf(self) + (self.service.policy_timeout or inf)
        while isinstance(answer, Later):
            until += answer.extra
            if (yield from self._waitFor(answer.future, until)):
                answer = self._ask(mail, request, timeOf(self))
                continue
            if not self.dataReady("control"):  # Postfix still waits
                LOG.error("no decision in time about a mail from %s", mail.sender)
            answer = mail.failed()
        if request.stage == END:
            self._recordMail()
        return answer

    def noteAnswer(self, action: Action, words: str) -> None:
        """Note for the record of the mail in which words the mail server is told an action."""
        if self._mail is not None:
            self._mail.noteAnswer(action, words)

    def _recordMail(self) -> None:
        if self._mail is not None:
            self._mail.write()

    def _ask(self, mail: DelegatedMail, request: PolicyRequest, now: float) -> Action | Later:
        """Return the action, or what has to be waited for: a store, the DNS or a pause."""
        try:
            return mail.actionFor(request, now)
        except Later as later:
            return later
        except Exception:
            LOG.exception("no decision about a mail from %s", mail.sender)
            return mail.failed()

    def _waitFor(self, future: Any, until: float) -> Generator[int, None, bool]:
        """Return True when a future is done. Cancel it, and return False, if that takes too long
        or the connection ends.
        """
        future.add_done_callback(lambda _: self.unpause())
        while not future.done():
            left = until - timeOf(self)
            if left <= 0 or self.dataReady("control"):
                future.cancel()
                return False
            yield from self.waitForChange(left if left < inf else None)
        return True


__kamaelia_components__ = (DelegationHandler,)
