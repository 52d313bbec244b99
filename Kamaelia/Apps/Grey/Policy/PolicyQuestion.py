"""Questions to policy, which may need time to answer.

Example usage
-------------
    class AskTheDirectory(ConcreteMailHandler):
        async def shouldWeAcceptRecipient(self, recipient):
            return await lookUp(recipient)

How does it work?
-----------------
The handler asks a hook, and PolicyHooks judges the result: True and False are answers
(1, 0 and None count as True, False and False), an awaitable is awaited, and anything else
is an error. A hook may also raise Later with a future itself. While the handler waits, it
reads nothing from its client and other clients are served. When the future is done, it asks
the same question again.

If the hook has answered the client itself (error, netPrint), its result is ignored. An
error, or no answer within `policy_timeout`, means 451. The futures of a question are
cancelled when it ends.
"""

from __future__ import annotations

import logging
from asyncio import CancelledError
from collections.abc import Callable
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from Kamaelia.Apps.Grey.Policy.PolicyHooks import Pending, failedHook, judgeHooks
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Greylist.Answers import judged
from Kamaelia.Support.Protocol.SMTP.Reply import POLICY_FAILED, Reply

__all__ = ["Asking", "Later"]

LOG = logging.getLogger("Kamaelia.Apps.Grey")


class Asking:
    """The part of a mail handler that asks its policy."""

    policy_timeout: float = 10  # seconds that policy may need for one answer; 0: no limit

    dueByOthers: float
    mailStatus: str
    isWaiting: bool
    hasSpoken: bool
    _waitsFor: Any = None  # the future that policy waits for
    _again: Callable[[], None] | None = None  # asks the question again when the future is done
    _question = ""  # what is asked about, for the log
    _deadline = inf  # when the question ends

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        judgeHooks(cls)

    def __init__(self, **argd: Any) -> None:
        judgeHooks(type(self))  # a hook may have been assigned to the class since
        self.pendingHooks: dict[Any, Pending] = {}  # by hook and arguments, what is awaited
        super().__init__(**argd)

    def ask(
        self, question: Callable[[], Any], then: Callable[[bool], None], about: str, whom: str
    ) -> None:
        """Call `then` with the answer, now or later, unless policy answers the client itself.

        about, whom: for the log, if policy fails.
        """
        self.hasSpoken = False
        self._question = f"{about} {whom}"
        self._deadline = self.now() + self.policy_timeout if self.policy_timeout else inf
        self._ask(question, then)

    def _ask(self, question: Callable[[], Any], then: Callable[[bool], None]) -> None:
        try:
            answer = judged(question(), "question")
        except Later as later:
            self._waitForAnswer(later, partial(self._ask, question, then))
            return
        except (Exception, CancelledError) as error:  # whatever it is, the mail is not accepted
            hook = failedHook(error)
            where = f" in {hook}()" if hook else ""
            LOG.exception("policy failed%s %s: %s", where, self._question, error)
            self._endQuestion()
            self.policyFailed()
            return
        self._endQuestion()
        if not (self.hasSpoken or self.isOver()):
            then(answer)

    def policyFailed(self) -> None:
        """Policy gave no answer. Called if it raised an error or took too long."""
        self.mailStatus = "DEFERRED"
        self.answer(POLICY_FAILED)

    def heedPolicy(self) -> None:
        """Ask again if the future that policy waits for is done."""
        again = self._again
        if again is not None and self._waitsFor.done():
            self._endWait()
            again()

    def isPolicyLate(self) -> bool:
        """Return whether policy has taken too long; if so, the client has been told."""
        if self._waitsFor is None:
            return False
        hooks = [each.name for each in self.pendingHooks.values() if not each.task.done()]
        late = f": {', '.join(hooks)}" if hooks else ""
        self._giveUp()
        what = "policy gave no answer %s in %g seconds%s"
        LOG.error(what, self._question, self.policy_timeout, late)
        self.policyFailed()
        return True

    def _waitForAnswer(self, later: Later, again: Callable[[], None]) -> None:
        self._waitsFor, self._again = later.future, again
        self.isWaiting = True
        self.allowLonger(later.extra)
        later.future.add_done_callback(lambda _: self.unpause())

    def allowLonger(self, seconds: float) -> None:
        """Extend the time for the question by that of a wait which has a limit of its own."""
        self._deadline += seconds
        self.dueByOthers = self._deadline

    def isAsking(self) -> bool:
        """Return whether the handler waits for policy, until `dueByOthers`."""
        return self._waitsFor is not None

    def cleanUp(self) -> None:
        """The connection has ended, perhaps before policy has answered."""
        if self._waitsFor is not None:
            self._giveUp()
        self._endQuestion()
        super().cleanUp()  # type: ignore[misc]

    def _giveUp(self) -> None:
        self._waitsFor.cancel()
        self._endWait()
        self._endQuestion()

    def _endQuestion(self) -> None:
        """Cancel what is still awaited for a question that has its answer."""
        if self.pendingHooks:
            pending, self.pendingHooks = self.pendingHooks, {}
            for each in pending.values():
                each.task.cancel()

    def _endWait(self) -> None:
        self._waitsFor = self._again = None
        self.isWaiting = False
        self.dueByOthers = inf

    if TYPE_CHECKING:  # the handler's methods

        def answer(self, reply: Reply) -> None: ...
        def isOver(self) -> bool: ...
        def now(self) -> float: ...
        def unpause(self) -> None: ...
