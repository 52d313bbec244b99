"""Components that read from and write to the file handles of pipes.

Example usage
-------------
    Pipeline(FromFileHandle(pipe), LineReader(), ConsoleEchoer())

How does it work?
-----------------
The handles are made non-blocking, and the event loop reports when they are ready. A message is
taken from the inbox only when the pipe has accepted the one before it.

Termination: FromFileHandle ends at the end of the data; at a producerFinished, when the pipe is
empty; or at a shutdownMicroprocess. ToFileHandle ends at a producerFinished, when all is written;
at a shutdownMicroprocess; or when nothing reads the pipe any more. Both close the handle.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

from Axon.AxonExceptions import normalShutdown
from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.File.Descriptor import Path
from Kamaelia.File.FIFO import openForWriter
from Kamaelia.File.FileComponent import filecomponent, fileconsumer
from Kamaelia.File.OutputFile import OutputFile, bytesOf
from Kamaelia.File.Waits import waitForDescriptor
from Kamaelia.Util.SendWithRoom import STOP, isToStop

__all__ = ["FromFileHandle", "ToFileHandle", "ToNamedPipe", "makeNonBlocking"]


def makeNonBlocking(fd: Any) -> None:
    """Make a descriptor, or an object that has one, non-blocking."""
    os.set_blocking(_numberOf(fd), False)


def _numberOf(handle: Any) -> int:
    return handle if isinstance(handle, int) else int(handle.fileno())


class FromFileHandle(filecomponent):
    """FromFileHandle(fileHandle[, maxReadChunkSize]): sends what can be read from a handle.

    fileHandle: a descriptor, or an object that has one, which this component closes.
    """

    Inboxes = {
        "inbox": "not used",
        "control": "producerFinished: end when nothing is left; shutdownMicroprocess: end now",
        "ready": "not used",
    }
    Outboxes = {
        "outbox": "bytes",
        "signal": "producerFinished, or the shutdownMicroprocess from control",
        "selector": "not used",
    }

    def __init__(self, fileHandle: Any, maxReadChunkSize: int = 32768) -> None:
        super().__init__()
        makeNonBlocking(fileHandle)
        self.fh = fileHandle
        self.maxReadChunkSize = maxReadChunkSize if maxReadChunkSize > 0 else 32768

    def work(self) -> Generator[int, None, None]:
        number = _numberOf(self.fh)
        while not isToStop(self):
            try:
                chunk = os.read(number, self.maxReadChunkSize)
            except BlockingIOError:
                if _isTold(self):
                    return
                yield from self._waitForData(number)
            else:
                if not chunk:
                    return
                yield from self.deliverWithRoom(chunk)

    def _waitForData(self, number: int) -> Generator[int, None, None]:
        try:
            yield from waitForDescriptor(self, number, mayStop=_isTold)
        except normalShutdown:
            return  # look once more whether there is data

    def release(self) -> None:
        _close(self.fh)


class ToFileHandle(fileconsumer):
    """ToFileHandle(fileHandle): writes the messages that it receives to a handle.

    fileHandle: a descriptor, or an object that has one, which this component closes.
    """

    Inboxes = {
        "inbox": "bytes, or text, which is written as UTF-8",
        "control": "producerFinished: end when all is written; shutdownMicroprocess: end now",
        "ready": "not used",
    }
    Outboxes = {
        "outbox": "not used",
        "signal": "the shutdown message from control, or producerFinished with an OSError",
        "selector": "not used",
        "error": "errorInformation: a message that cannot be written",
    }

    def __init__(self, fileHandle: Any) -> None:
        super().__init__()
        if fileHandle is not None:
            makeNonBlocking(fileHandle)
        self.fh = fileHandle

    def work(self) -> Generator[int, None, None]:
        yield from self.openHandle()
        file = OutputFile(self, None)
        file.useDescriptor(_numberOf(self.fh), "the pipe", isOwned=False)
        try:
            while not isToStop(self):
                if self.dataReady():
                    if (data := self._dataOf(self.recv())) is not None:
                        yield from file.write(data)
                elif self.isInputOver():
                    return
                else:
                    yield from self.waitForMessage()
        except BrokenPipeError as error:  # the reader wants no more, as with `head`
            self.error = error

    def openHandle(self) -> Generator[int, None, None]:
        """`yield from` this to open the handle, if that is necessary."""
        yield from ()

    def _dataOf(self, message: Any) -> bytes | None:
        try:
            return bytesOf(message)
        except (TypeError, ValueError) as error:
            self.reportError(error, message)
            return None

    def release(self) -> None:
        if self.fh is not None:
            _close(self.fh)


class ToNamedPipe(ToFileHandle):
    """ToNamedPipe(path): writes to a named pipe, as soon as another program reads it."""

    def __init__(self, path: Path) -> None:
        super().__init__(None)
        self.path = path

    def openHandle(self) -> Generator[int, None, None]:
        """`yield from` this to wait for a reader of the pipe."""
        self.fh = yield from openForWriter(self, self.path)


def _isTold(process: component) -> bool:
    """Return whether "control" holds a message that ends a reader."""
    return any(isinstance(each, (producerFinished, *STOP)) for each in process.inboxes["control"])


def _close(handle: Any) -> None:
    if isinstance(handle, int):
        os.close(handle)
    else:
        handle.close()


__kamaelia_components__ = (FromFileHandle, ToFileHandle, ToNamedPipe)
