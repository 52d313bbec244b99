"""The event loop and the clock of a component, and waits for coroutines.

Example usage
-------------
    def main(self):
        transport, _ = yield from waitForCoroutine(self, self.connect)
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine, Generator
from math import inf
from typing import Any, TypeVar

from Axon.Browser import checkOperatingSystem
from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess

T = TypeVar("T")


def eventLoopOf(process: component) -> AbstractEventLoop:
    """Return the event loop on which `process` runs. Raises RuntimeError if there is none."""
    loop: AbstractEventLoop | None = process.scheduler.loop
    if loop is None:
        raise RuntimeError(
            f"{process.name} needs an event loop: use run(), runThreads() or runAsync()"
            " instead of stepping the scheduler by hand"
        )
    checkOperatingSystem(process.name)
    return loop


def timeOf(process: component) -> float:
    """Return the time of the clock of the scheduler, in seconds. It never goes back."""
    return float(process.scheduler.timers.clock.now())


def isShutdownReceived(process: component) -> bool:
    """Return whether a shutdownMicroprocess waits in the inbox "control"."""
    return any(isinstance(each, shutdownMicroprocess) for each in process.inboxes["control"])


def waitForCoroutine(
    process: component,
    work: Callable[[AbstractEventLoop], Coroutine[Any, Any, T]],
    mayStop: Callable[[component], bool] = isShutdownReceived,
    timeout: float | None = None,
) -> Generator[int, None, T | None]:
    """`yield from` this to run the coroutine `work(loop)` and return its result.

    The coroutine is cancelled, and None is returned, when mayStop(process) is true. Raises what
    the coroutine raises, and TimeoutError after `timeout` seconds.
    """
    loop = eventLoopOf(process)
    until = inf if timeout is None else timeOf(process) + timeout
    task = loop.create_task(work(loop))
    task.add_done_callback(lambda _: process.unpause())
    try:
        while not task.done() and not mayStop(process):
            left = until - timeOf(process)
            if left <= 0:
                raise TimeoutError(f"it took more than {timeout:g} seconds")
            yield from process.waitForChange(left if left < inf else None)
    finally:
        task.cancel()
    return task.result() if task.done() else None
