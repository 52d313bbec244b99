"""A FIFO (a named pipe) that is opened for writing as soon as another program reads it.

How does it work?
-----------------
The system has no event for "a process has opened this FIFO for reading"; it only lets os.open()
block until then. So that call runs in a thread of its own; it may last forever, and would block one
of the event loop's threads. To end it early, this module opens the FIFO for reading.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import suppress
from threading import Lock, Thread

from Axon.AxonExceptions import normalShutdown
from Axon.Component import component
from Kamaelia.File.Descriptor import Path
from Kamaelia.Util.SendWithRoom import isToStop


def isFIFO(path: Path) -> bool:
    """Return whether `path` is that of a FIFO."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):  # os.open() raises it, too
        return False


def openForWriter(process: component, path: Path) -> Generator[int, None, int]:
    """`yield from` this to open a FIFO when it has a reader; return the descriptor.

    Raises OSError, and normalShutdown if a shutdownMicroprocess waits in "control".
    """
    opening = _Opening(process, path)
    process.scheduler.outside += 1
    try:
        while not opening.isDone:
            if isToStop(process):
                raise normalShutdown("a shutdownMicroprocess has arrived")
            yield from process.waitForChange()
        return opening.result()
    finally:
        process.scheduler.outside -= 1
        opening.cancel()


class _Opening:
    """A call of os.open() in a thread that may block until it is cancelled."""

    def __init__(self, process: component, path: Path) -> None:
        self._process = process
        self._path = path
        self._lock = Lock()
        self._descriptor: int | None = None
        self._reader: int | None = None  # opened by cancel(), so that the call returns
        self._error: OSError | None = None
        self._isCancelled = False
        self.isDone = False
        Thread(target=self._open, name=f"opens {path!r}", daemon=True).start()

    def _open(self) -> None:
        descriptor = error = None
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
            os.set_blocking(descriptor, False)
        except OSError as raised:
            error = raised
        with self._lock:
            self._descriptor, self._error = descriptor, error
            self.isDone = True
            if self._isCancelled:
                self._closeAll()
                return
        self._process.unpause()

    def result(self) -> int:
        """Return the descriptor, which the caller closes, or raise the error."""
        if self._error is not None:
            raise self._error
        descriptor, self._descriptor = self._descriptor, None
        assert descriptor is not None
        return descriptor

    def cancel(self) -> None:
        """End the call, and close its descriptor unless result() has returned it."""
        with self._lock:
            self._isCancelled = True
            if self.isDone:
                self._closeAll()
                return
            with suppress(OSError):  # it has been removed: the thread ends with the program
                self._reader = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def _closeAll(self) -> None:
        for descriptor in (self._descriptor, self._reader):
            if descriptor is not None:
                os.close(descriptor)
        self._descriptor = self._reader = None
