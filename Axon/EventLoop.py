"""Which event loop: uvloop where it is installed, asyncio's own elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from Axon.Timers import Clock, VirtualClock


def newLoop(clock: Clock | None = None) -> asyncio.AbstractEventLoop:
    """A new event loop, the fastest that there is; on a virtual clock, one of its time."""
    if isinstance(clock, VirtualClock):
        return _VirtualLoop(clock)
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()  # type: ignore[no-any-return, unused-ignore]


def runOnNewLoop(coroutine: Coroutine[Any, Any, None], clock: Clock) -> None:
    """Runs `coroutine` to its end on a loop of its own; SIGINT cancels it, and is raised then."""
    if asyncio._get_running_loop() is not None:
        coroutine.close()
        raise RuntimeError(
            "an event loop runs in this thread: await runAsync() within it instead of runThreads()"
        )
    with asyncio.Runner(loop_factory=lambda: newLoop(clock)) as runner:
        runner.run(coroutine)


class _VirtualLoop(asyncio.SelectorEventLoop):
    """Never waits for time to pass: when nothing else is to be done, it is later at once."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock
        selector: Any = self._selector  # type: ignore[attr-defined]
        select = selector.select

        def skip(timeout: float | None = None) -> Any:
            if timeout is None:
                return select(None)
            events = select(0)
            if not events and timeout > 0:
                clock.advanceTo(clock.now() + timeout)
            return events

        selector.select = skip

    def time(self) -> float:
        return self._clock.now()
