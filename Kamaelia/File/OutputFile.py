"""A file that a component writes without blocking others: a regular file, a pipe or a device.

Example usage
-------------
    file = OutputFile(self, "data", "wb")
    try:
        yield from file.open()
        yield from file.write(b"...")
        yield from file.finish()
    finally:
        file.close()

How does it work?
-----------------
A regular file is written in a thread. A pipe or a device is written when the event loop reports
that it accepts data. A FIFO is opened when another program has opened it for reading.

Termination: a wait for a pipe or a device raises normalShutdown at a shutdownMicroprocess.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Kamaelia.File.Descriptor import Descriptor, Path, checkedPath, openFile
from Kamaelia.File.FIFO import isFIFO, openForWriter
from Kamaelia.File.Waits import inThread, waitForDescriptor

FLAGS = {
    "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    "x": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    "r+": os.O_WRONLY,
}


class OutputFile:
    """OutputFile(process, path[, mode]): a file that the component `process` writes.

    path: None if useDescriptor() follows. mode: a mode of open(); whether it says "b" makes no
    difference, since data is bytes. Raises TypeError if `path` is something else than a path, and
    ValueError for a mode that writes nothing.
    """

    def __init__(self, process: component, path: Path | None, mode: str = "wb") -> None:
        self._process = process
        self._path = None if path is None else checkedPath(path)
        self._flags = flagsOf(mode)
        self._descriptor: Descriptor | None = None

    def open(self) -> Generator[int, None, None]:
        """`yield from` this to open the file. Raises OSError with its name.

        Waits for a reader of a FIFO, and raises normalShutdown if it has to stop then.
        """
        process, path = self._process, checkedPath(self._path)
        if (yield from inThread(process, lambda: isFIFO(path))):
            self._descriptor = Descriptor((yield from openForWriter(process, path)), path)
        else:
            self._descriptor = yield from openFile(process, path, self._flags)

    def useDescriptor(self, number: int, name: str, isOwned: bool = True) -> None:
        """Write to an open descriptor, which close() closes if it is owned."""
        self._descriptor = Descriptor(number, name, isOwned)

    def write(self, data: bytes) -> Generator[int, None, None]:
        """`yield from` this to write all of `data`.

        Raises OSError with the file's name, and normalShutdown.
        """
        descriptor = self._descriptor
        if descriptor is None:
            raise ValueError(f"{self._path!r} has not been opened")
        if descriptor.isRegular:
            yield from descriptor.job(self._process, writeAll, data).result()
            return
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[descriptor.call(os.write, rest) :]
            except BlockingIOError:
                yield from waitForDescriptor(self._process, descriptor.number, isForWriting=True)

    def finish(self) -> Generator[int, None, None]:
        """`yield from` this to close the file. Raises OSError if the data could not be stored."""
        if self._descriptor is not None:
            yield from self._descriptor.closeChecked(self._process)

    def close(self) -> None:
        """Close the file at once, if it is open."""
        if self._descriptor is not None:
            self._descriptor.close()


def flagsOf(mode: str) -> int:
    """Return the flags for os.open() that a mode of open() stands for. Raises ValueError."""
    kind = mode.replace("b", "", 1).replace("t", "", 1)
    flags = FLAGS.get(kind, FLAGS.get(kind.replace("+", "", 1)) if kind.endswith("+") else None)
    if flags is None:
        raise ValueError(f"{mode!r} is no mode to write a file: use wb, ab, xb or r+b")
    return flags


def writeAll(descriptor: int, data: bytes) -> None:
    """Write all of `data` to a regular file."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def bytesOf(message: Any) -> bytes:
    """Return the bytes to write for a message: those of bytes, or text as UTF-8.

    Raises TypeError for anything else, and ValueError for text that UTF-8 cannot represent.
    """
    if isinstance(message, str):
        return message.encode()
    if isinstance(message, bytes | bytearray | memoryview):
        return bytes(message)
    raise TypeError(f"bytes or text can be written, not {type(message).__name__}")
