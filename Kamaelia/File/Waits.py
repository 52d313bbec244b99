"""Waits of a component for work in a thread, and for a file descriptor.

Example usage
-------------
    def main(self):
        data = yield from inThread(self, path.read_bytes)
        yield from waitForDescriptor(self, pipe)            # until `pipe` can be read

How does it work?
-----------------
A call that may block runs in a thread of the event loop's default executor. It should end by
itself: reading a disk does, reading a pipe need not. The event loop watches pipes and devices.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Generator
from concurrent.futures import Executor
from typing import Generic, TypeVar

from Axon.AxonExceptions import normalShutdown
from Axon.Component import component
from Kamaelia.Internet.EventLoop import eventLoopOf
from Kamaelia.Util.SendWithRoom import isToStop

T = TypeVar("T")


class Job(Generic[T]):
    """Job(process, function[, pool]): a call of `function`, in a thread, for `process`.

    process: a component. pool: the executor with the threads; None: that of the event loop.
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

    def isDone(self) -> bool:
        """Return whether the call has ended."""
        return self._future.done()

    def result(self, meanwhile: Callable[[], object] | None = None) -> Generator[int, None, T]:
        """`yield from` this to wait for the result of the call. Raises what the call raises.

        meanwhile: called whenever the component is woken, and once more when the call has ended.
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
        """Call `function` when the call has ended, even if the component has ended before."""
        self._future.add_done_callback(lambda _: function())


def inThread(process: component, function: Callable[[], T]) -> Generator[int, None, T]:
    """`yield from` this to call `function()` in a thread and return its result."""
    return (yield from Job(process, function).result())


def waitForDescriptor(
    process: component,
    descriptor: int,
    isForWriting: bool = False,
    mayStop: Callable[[component], bool] = isToStop,
) -> Generator[int, None, None]:
    """`yield from` this to wait until `descriptor` can be read, or written.

    It returns at once for a file that the system cannot watch, because that is always ready.
    Raises normalShutdown when mayStop(process) is true; by default if "control" holds a
    shutdownMicroprocess.
    """
    loop = eventLoopOf(process)
    add, remove = loop.add_reader, loop.remove_reader
    if isForWriting:
        add, remove = loop.add_writer, loop.remove_writer
    isReady = False

    def report() -> None:
        nonlocal isReady
        isReady = True
        remove(descriptor)
        process.unpause()

    try:
        add(descriptor, report)
    except PermissionError:
        return
    process.scheduler.outside += 1
    try:
        while not isReady:
            if mayStop(process):
                raise normalShutdown("a shutdown message has arrived")
            yield from process.waitForChange()
    finally:
        process.scheduler.outside -= 1
        if not isReady:
            remove(descriptor)
