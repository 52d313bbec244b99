"""One connection of a mail server that asks about its mails, in whatever protocol.

Example usage
-------------
    class PolicyRequestHandler(DelegationHandler): ...      # defines newReader and answerAll()

How does it work?
-----------------
The mail server sends a question and waits for its answer. Questions with the same instance are
about one mail. A mail is recorded when a question is about another one, at its end, when the
connection ends, or when nothing has been asked for RECORD_TIME. A mail that cannot be decided in
time, or because of an error, is deferred. Input that the protocol does not allow ends the
connection, and so does a peer that does not complete its request; it then opens another one.

Termination: at the end of the connection, at bad input, and after `idle_timeout`.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from math import inf
from typing import Any, Protocol

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Apps.Grey.Delegation.DelegatedMail import DelegatedMail
from Kamaelia.Apps.Grey.Delegation.PolicyService import PolicyService
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Support.Protocol.PolicyDelegation import END, Action, PolicyRequest

LOG = logging.getLogger("Kamaelia.Apps.Grey")
RECORD_TIME = 5.0  # seconds after the last question until a mail is recorded
# Seconds for all of a request, and until the first one: smtpd_policy_service_timeout. A mail server
# connects when it has a question.
REQUEST_TIME = 100.0


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

    def newReader(self) -> RequestSource:
        """Return what takes the bytes of the protocol."""
        raise NotImplementedError

    def answerAll(self) -> Generator[int, None, None]:
        """Answer all complete requests. May raise badInput."""
        raise NotImplementedError

    # The connection

    def main(self) -> Generator[int, None, None]:
        try:
            while not self.isOver and (yield from self._waitForData()):
                for data in self.Inbox():
                    self.reader.feed(data)
                    yield from self.answerAll()
        except self.badInput as error:
            LOG.warning("bad input from %s: %s", self.peer or "a Unix socket", error)
        finally:
            self._recordMail()
        self.send(producerFinished(self), "signal")

    def _waitForData(self) -> Generator[int, None, bool]:
        """Wait for data; return False if the connection is to end."""
        now = timeOf(self)
        until = self._timeLimit(now)
        recordAt = inf if self._mail is None or self._mail.isWritten else now + RECORD_TIME
        while not self.dataReady():
            if now >= until or self.dataReady("control"):
                return False
            if now >= recordAt:
                self._recordMail()
                recordAt = inf
            yield from self.waitUntil(min(until, recordAt))
            if self.dataReady():
                break
            now = timeOf(self)
        return True

    def _timeLimit(self, now: float) -> float:
        """Return until when the peer has to send something, or to complete its request."""
        complete, idleTime = self.reader.complete, self.service.idle_timeout
        if complete != self._complete:
            self._complete, self._begun = complete, now
        if self.reader.isIncomplete:
            return self._begun + REQUEST_TIME
        self._complete = -1  # the next request has not begun
        return now + (idleTime if complete else min(idleTime, REQUEST_TIME))

    # Mails

    def actionFor(self, request: PolicyRequest) -> Action | Later:
        """Return the action that answers a request, or what has to be waited for.

        A mail that has reached its end is recorded.
        """
        now, mail = timeOf(self), self._mail
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
