"""One question to policy, which may take time to answer.

Example usage
-------------
    class AskTheDirectory(ConcreteMailHandler):
        async def shouldWeAcceptRecipient(self, recipient):
            return await lookUp(recipient)

How does it work?
-----------------
A PolicyQuestion calls a hook. PolicyHooks judges the result: True and False are answers (1, 0
and None count as True, False and False), an awaitable is awaited, and anything else is an
error. A hook may also raise Later with a future. While the question is pending, the handler
reads nothing from its client and other clients are served. When the future is done, the hook is
called again.

If the hook has answered the client itself (error, netPrint), its result is ignored. An
error, or no answer within `policy_timeout`, means 451.

Termination: with the answer, `timedOut()` or `cancel()`, which cancel the futures.
"""

from __future__ import annotations

import logging
from asyncio import CancelledError
from collections.abc import Callable
from math import inf
from typing import Any, Protocol

from Kamaelia.Apps.Grey.Policy.PolicyHooks import Pending, noteHook
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Greylist.Answers import judged

__all__ = ["Later", "PolicyHandler", "PolicyQuestion"]

LOG = logging.getLogger("Kamaelia.Apps.Grey")


class PolicyHandler(Protocol):
    """What a question may ask of its handler."""

    policy_timeout: float
    repliesSent: int  # to the client, in this connection

    sender: Any  # of the mail in progress
    hasPlainHooks: bool  # see PolicyHook

    def now(self) -> float:
        """Return the time in seconds."""

    def isOver(self) -> bool:
        """Return whether the client hears nothing more."""

    def suspendForPolicy(self) -> None:
        """Read nothing more from the client."""

    def resumeClient(self) -> None:
        """Read from the client again."""

    def endPolicyQuestion(self) -> None:
        """Drop the question, and read from the client again."""

    def policyFailed(self) -> None:
        """Answer the client: policy gave no answer."""

    def unpause(self) -> None:
        """Take a turn."""


class PolicyQuestion:
    """PolicyQuestion(handler, hook, about, then) -> calls `then` with the answer, now or later.

    about: what the hook is called with. deadline: when the question times out, in seconds of
    the handler's clock; infinity while it is not pending. pendingHooks: what is awaited, by hook
    and arguments.
    """

    __slots__ = (
        "_about",
        "_endsAt",
        "_future",
        "_handler",
        "_hook",
        "_repliesBefore",
        "_then",
        "deadline",
        "pendingHooks",
    )

    def __init__(
        self,
        handler: PolicyHandler,
        hook: Callable[..., Any],
        about: tuple[Any, ...],
        then: Callable[[bool], None],
    ) -> None:
        self._handler = handler
        self._hook = hook
        self._about = about
        self._then = then
        self._repliesBefore = handler.repliesSent
        self._future: Any = None
        self._endsAt = inf
        self.deadline = inf
        self.pendingHooks: dict[Any, Pending] | None = None

    def ask(self) -> None:
        """Call the hook, and act on its answer if there is one."""
        handler = self._handler
        try:
            answer = judged(self._hook(*self._about), "question")
        except Later as later:
            self._waitFor(later)
            return
        except (Exception, CancelledError) as error:  # in any case the mail is not accepted
            hook = noteHook(error)
            where = f" in {hook}()" if hook else ""
            LOG.exception("policy failed%s %s: %s", where, self.subject, error)
            self._end()
            handler.policyFailed()
            return
        self._end()
        if handler.repliesSent == self._repliesBefore and not handler.isOver():
            self._then(answer)

    @property
    def subject(self) -> str:
        """What is asked about, for the log."""
        if self._about:
            return f"about the recipient {self._about[0]}"
        return f"about a mail from {self._handler.sender}"

    def resume(self) -> None:
        """Call the hook again if the future that it waits for is done."""
        if self._future is not None and self._future.done():
            self._future = None
            self.deadline = inf
            self._handler.resumeClient()
            self.ask()

    def allowLonger(self, seconds: float) -> None:
        """Extend the time of the question, for a wait that has a limit of its own."""
        self._startTime()
        self._endsAt += seconds
        self.deadline = self._endsAt

    def waitAlsoFor(self, key: Any, pending: Pending) -> None:
        """Keep what a hook awaits, by hook and arguments; it is cancelled with the question."""
        if self.pendingHooks is None:
            self.pendingHooks = {}
        self.pendingHooks[key] = pending
        self._handler.hasPlainHooks = False

    def timedOut(self) -> None:
        """Give up, and answer the client."""
        pending = self.pendingHooks or {}
        hooks = [each.name for each in pending.values() if not each.task.done()]
        late = f": {', '.join(hooks)}" if hooks else ""
        subject = self.subject
        self.cancel()
        what = "policy gave no answer %s in %g seconds%s"
        LOG.error(what, subject, self._handler.policy_timeout, late)
        self._handler.policyFailed()

    def cancel(self) -> None:
        """Give up: cancel what is awaited."""
        if self._future is not None:
            self._future.cancel()
        self._end()

    def _waitFor(self, later: Later) -> None:
        self._future = later.future
        self._handler.suspendForPolicy()
        self.allowLonger(later.extra)
        later.future.add_done_callback(lambda _: self._handler.unpause())

    def _startTime(self) -> None:
        """Start the time of the question when it first has to wait."""
        timeout = self._handler.policy_timeout
        if self._endsAt == inf and timeout:
            self._endsAt = self._handler.now() + timeout

    def _end(self) -> None:
        """Forget what is awaited; the handler drops this question."""
        if self.pendingHooks is not None:
            for each in self.pendingHooks.values():
                each.task.cancel()
            self.pendingHooks = None
        self._handler.endPolicyQuestion()
