"""The answers that policy has found out for the mail in progress.

Example usage
-------------
    answers = PolicyAnswers()
    key = answers.get("spf", inTask(resolver.spf, peer, name, sender), extra=20)

How does it work?
-----------------
A policy hook is called again while it waits, so each question is asked once for each mail and
its answer is kept. The answer may be a future: while it is not done, `get` raises Later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from Kamaelia.Apps.Grey.Stores.Later import Later


class PolicyAnswers:
    """PolicyAnswers() -> the answers by question; share it within one mail."""

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: dict[Any, Any] = {}

    def get(self, question: Any, ask: Callable[[], Any], extra: float = 0.0) -> Any:
        """Return what ask() returned, or the result of the future that it returned.

        It is called once for each question. Raises Later while the future is not done.
        extra: the seconds that this wait may take beyond `policy_timeout`.
        """
        if question in self._answers:
            answer = self._answers[question]
        else:
            try:
                answer = ask()
            except Later as later:
                answer = later.future
            self._answers[question] = answer
        if not hasattr(answer, "add_done_callback"):
            return answer
        if not answer.done():
            raise Later(answer, extra)
        return answer.result()


def inTask(ask: Callable[..., Any], *about: Any) -> Callable[[], Any]:
    """Return a function that starts a task with the coroutine which ask(*about) returns."""
    return lambda: asyncio.ensure_future(ask(*about))


def after(seconds: float) -> Any:
    """Return a future that is done after so many seconds."""
    return asyncio.ensure_future(asyncio.sleep(seconds))
