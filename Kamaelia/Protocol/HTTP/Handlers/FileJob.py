"""Work in a thread, such as with a file, for a component.

Example usage
-------------
    data = yield from FileJob(self, path.read_bytes).result()
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Generator
from concurrent.futures import Executor
from typing import Generic, TypeVar

from Axon.Component import component
from Kamaelia.Internet.EventLoop import eventLoopOf

T = TypeVar("T")


class FileJob(Generic[T]):
    """FileJob(process, function[, pool]): a call of `function`, in a thread, for a component.

    pool: the executor with the threads; None: that of the event loop.
    """

    def __init__(
        self, process: component, function: Callable[[], T], pool: Executor | None = None
    ) -> None:
        self._process = process
        self._future: Future[T] = eventLoopOf(process).run_in_executor(pool, function)
        self._future.add_done_callback(self._wakeProcess)

    def _wakeProcess(self, future: Future[T]) -> None:
        if not future.cancelled():
            future.exception()  # otherwise asyncio logs that nothing retrieved it
        self._process.unpause()

    def result(self, meanwhile: Callable[[], object] | None = None) -> Generator[int, None, T]:
        """`yield from` this to wait for the result of the call. Raises what the call raises.

        meanwhile: called whenever the component is woken, and once at the end.
        """
        process = self._process
        process.scheduler.outside += 1
        try:
            while True:
                isDone = self._future.done()
                if meanwhile is not None:
                    meanwhile()
                if isDone:
                    return self._future.result()
                yield from process.waitForChange()
        finally:
            process.scheduler.outside -= 1

    def afterwards(self, function: Callable[[], object]) -> None:
        """Call `function` when the call has ended."""
        self._future.add_done_callback(lambda _: function())
