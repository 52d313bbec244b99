"""The limit on a turn of a learner's program: a loop that does not end is interrupted.

Example usage
-------------
    limit = TurnLimit(isInterrupted=lambda: False)
    limit.watch(code)       # a code object, before it runs
    limit.restart()         # whenever the page hears something

How does it work?
-----------------
Python calls back at each jump in the watched code (`sys.monitoring`, Python 3.12), and every 256
jumps the time is compared. The interpreter's own way, SIGINT, does not reach code that the loop of
a browser has called, and needs memory that the page shares. Where Python itself loops, as in
`sum(count())`, no jump occurs: the page then replaces the worker.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from Docs.playground.attempt import Interrupted

SECONDS = 4.0  # less than the page's SILENCE (python.js)
JUMPS = 256  # between two looks at the clock
NAME = "playground"


class TurnLimit:
    """TurnLimit(isInterrupted[, seconds, clock]): raises Interrupted in loops of the watched code.

    isInterrupted(): whether the page wants the turn to end now.
    """

    def __init__(
        self,
        isInterrupted: Callable[[], bool],
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._isInterrupted = isInterrupted
        self._seconds = seconds
        self._clock = clock
        self._jumps = 0
        self._until = clock() + seconds
        self._monitoring: Any = getattr(sys, "monitoring", None)
        if self._monitoring is not None:
            self._begin(self._monitoring)

    def _begin(self, monitoring: Any) -> None:
        self._tool = monitoring.DEBUGGER_ID
        if monitoring.get_tool(self._tool) is None:
            monitoring.use_tool_id(self._tool, NAME)
        monitoring.register_callback(self._tool, monitoring.events.JUMP, self._jumped)

    def watch(self, code: CodeType) -> None:
        """Watch the code of a program, with all functions that it defines."""
        if self._monitoring is not None:
            for each in _withFunctions(code):
                self._monitoring.set_local_events(self._tool, each, self._monitoring.events.JUMP)

    def restart(self) -> None:
        """Begin again: the program has let others act."""
        self._until = self._clock() + self._seconds

    def _jumped(self, code: CodeType, offset: int, destination: int) -> None:
        self._jumps += 1
        if self._jumps % JUMPS == 0 and (self._clock() > self._until or self._isInterrupted()):
            self.restart()
            raise Interrupted()

    def close(self) -> None:
        """Watch nothing any more."""
        if self._monitoring is not None:
            self._monitoring.free_tool_id(self._tool)


def _withFunctions(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _withFunctions(each)
