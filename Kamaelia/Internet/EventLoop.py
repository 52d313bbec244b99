"""Run coroutines on the event loop from within a component's turns.

Example usage
-------------
    def main(self):
        loop = eventLoopOf(self)
        yield from waitForCoroutine(self, lambda loop: loop.create_connection(...))
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import inf
from typing import Any

from Axon.Ipc import shutdownMicroprocess


def eventLoopOf(process: Any) -> Any:
    """The event loop on which `process` runs. RuntimeError when it is stepped by hand."""
    loop = process.scheduler.loop
    if loop is None:
        raise RuntimeError(
            f"{process.name} needs an event loop: use run(), runThreads() or runAsync()"
            " instead of stepping the scheduler by hand"
        )
    return loop


def isShutdownReceived(process: Any) -> bool:
    """Whether a shutdownMicroprocess waits on "control"."""
    return any(isinstance(each, shutdownMicroprocess) for each in process.inboxes["control"])


def waitForCoroutine(
    process: Any,
    work: Callable[[Any], Any],
    mayGiveUp: Callable[[Any], bool] = isShutdownReceived,
    timeout: float | None = None,
) -> Generator[int, None, None]:
    """`yield from` this until the coroutine `work(loop)` has ended; raises what it raises.

    It is cancelled when mayGiveUp(process) is true, and after `timeout` seconds, which is a
    TimeoutError.
    """
    loop, clock = eventLoopOf(process), process.scheduler.timers.clock
    until = inf if timeout is None else clock.now() + timeout
    job = loop.create_task(work(loop))
    job.add_done_callback(lambda _: process.unpause())
    try:
        while not job.done() and not mayGiveUp(process):
            left = until - clock.now()
            if left <= 0:
                raise TimeoutError(f"it took more than {timeout:g} seconds")
            yield from process.waitForChange(left if left < inf else None)
    finally:
        job.cancel()
    if job.done():
        job.result()
