"""Work with a file, in a thread, for a component."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Generator
from typing import Generic, TypeVar

from Axon.Component import component
from Kamaelia.Internet.EventLoop import eventLoopOf

T = TypeVar("T")


class FileJob(Generic[T]):
    """FileJob(process, function): a call of `function`, in a thread, for a component."""

    def __init__(self, process: component, function: Callable[[], T]) -> None:
        self._process = process
        self._future: Future[T] = eventLoopOf(process).run_in_executor(None, function)
        self._future.add_done_callback(self._wakeProcess)

    def _wakeProcess(self, future: Future[T]) -> None:
        if not future.cancelled():
            future.exception()  # otherwise asyncio logs that nothing retrieved it
        self._process.unpause()

    def result(self) -> Generator[int, None, T]:
        """`yield from` this to wait for the result of the call. Raises what the call raises."""
        process = self._process
        process.scheduler.outside += 1
        try:
            while not self._future.done():
                yield from process.waitForChange()
        finally:
            process.scheduler.outside -= 1
        return self._future.result()

    def afterwards(self, function: Callable[[], object]) -> None:
        """Call `function` when the call has ended."""
        self._future.add_done_callback(lambda _: function())
