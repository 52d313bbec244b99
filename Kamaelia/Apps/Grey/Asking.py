"""Questions to policy, which may need time to answer.

Example usage
-------------
    class AskTheDirectory(ConcreteMailHandler):
        answer = None

        def shouldWeAcceptRecipient(self, recipient):
            self.answer = self.answer or asyncio.ensure_future(lookUp(recipient))
            if not self.answer.done():
                raise Later(self.answer)
            return self.answer.result()

How does it work?
-----------------
A policy that has to wait raises Later, with a future. The client is not heard
meanwhile; others are. When the future is done the same question is asked again.
What a policy says by itself (by error, netPrint) stands instead of its answer,
and whatever else it raises means: please try again later. A future that nobody
waits for any more, since it took too long or the client has gone, is cancelled.
"""

from __future__ import annotations

import logging
from asyncio import CancelledError
from collections.abc import Callable
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from Kamaelia.Support.Protocol.SMTPReply import POLICY_FAILED, Reply

LOG = logging.getLogger("Kamaelia.Apps.Grey")


class Later(Exception):
    """Later(future) -> raised by policy: ask me again when this future is done."""

    def __init__(self, future: Any) -> None:
        super().__init__("policy needs time to answer")
        self.future = future


class Asking:
    """What a mail handler does to ask its policy."""

    policy_timeout: float = 60  # seconds that policy may need for one answer; 0: no limit

    dueByOthers: float
    mailStatus: str
    isWaiting: bool
    hasSpoken: bool
    _waitsFor: Any = None  # the future that policy waits for
    _again: Callable[[], None] | None = None  # how it is asked again then

    def ask(
        self, question: Callable[[], Any], then: Callable[[bool], None], about: str, whom: str
    ) -> None:
        """Calls `then` with the answer, now or later, unless policy has spoken for itself.

        about, whom: for the log, should policy fail.
        """
        self.hasSpoken = False
        try:
            isSo = bool(question())
        except Later as later:
            self._waitForAnswer(later.future, partial(self.ask, question, then, about, whom))
        except (Exception, CancelledError):  # whatever it is, the mail is not accepted
            LOG.exception("policy failed %s %s", about, whom)
            self.policyFailed()
        else:
            if not (self.hasSpoken or self.isOver()):
                then(isSo)

    def policyFailed(self) -> None:
        """Policy gave no answer. Called where it raised an error, or has taken too long."""
        self.mailStatus = "DEFERRED"
        self.answer(POLICY_FAILED)

    def heedPolicy(self) -> None:
        """Asks again, if what policy waited for is there."""
        again = self._again
        if again is not None and self._waitsFor.done():
            self._endWait()
            again()

    def isPolicyLate(self) -> bool:
        """Whether it is policy that has taken too long, of which the client is told."""
        if self._waitsFor is None:
            return False
        self._giveUp()
        LOG.error("policy gave no answer in %g seconds", self.policy_timeout)
        self.policyFailed()
        return True

    def _waitForAnswer(self, future: Any, again: Callable[[], None]) -> None:
        self._waitsFor, self._again = future, again
        self.isWaiting = True
        self.dueByOthers = self.now() + (self.policy_timeout or inf)
        future.add_done_callback(lambda _: self.unpause())

    def isAsking(self) -> bool:
        """Whether policy is waited for: then `dueByOthers` is the end of its time."""
        return self._waitsFor is not None

    def cleanUp(self) -> None:
        """The connection has ended, perhaps before policy has answered."""
        if self._waitsFor is not None:
            self._giveUp()
        super().cleanUp()  # type: ignore[misc]

    def _giveUp(self) -> None:
        self._waitsFor.cancel()
        self._endWait()

    def _endWait(self) -> None:
        self._waitsFor = self._again = None
        self.isWaiting = False
        self.dueByOthers = inf

    if TYPE_CHECKING:  # what the handler has

        def answer(self, reply: Reply) -> None: ...
        def isOver(self) -> bool: ...
        def now(self) -> float: ...
        def unpause(self) -> None: ...
