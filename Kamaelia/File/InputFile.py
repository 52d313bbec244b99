"""A file that a component reads without blocking others: a regular file, a pipe or a device.

Example usage
-------------
    file = InputFile(self, "data")
    try:
        yield from file.open()
        while chunk := (yield from file.read(65536)):
            self.send(chunk)
            yield 1
    finally:
        file.close()

How does it work?
-----------------
A regular file is read in a thread, a batch of chunks at a time, and the next batch is read while
the component sends this one. At most two batches are in memory. A batch grows as long as the
component waits for the thread, since each call of a thread has a price. A pipe or a device is read
when the event loop reports that it has data, so a FIFO without a writer blocks nothing.

Termination: a wait for a pipe or a device raises normalShutdown at a shutdownMicroprocess.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Generator

from Axon.Component import component
from Kamaelia.File.Descriptor import Descriptor, Path, checkedPath, openFile
from Kamaelia.File.Waits import Job, waitForDescriptor

BATCH = 256 * 1024  # bytes: what a thread reads at a time at first, if the chunks are smaller
LARGEST_BATCH = 4 * 1024 * 1024  # bytes: what it reads at a time for a fast consumer


class InputFile:
    """InputFile(process, path): a file that the component `process` reads.

    path: None if useDescriptor() follows. Raises TypeError if it is something else than a path.
    """

    def __init__(self, process: component, path: Path | None) -> None:
        self._process = process
        self._path = None if path is None else checkedPath(path)
        self._descriptor: Descriptor | None = None
        self._chunks: deque[bytes] = deque()
        self._ahead: Job[list[bytes]] | None = None
        self._batch = BATCH
        self._isAtEnd = False

    def open(self) -> Generator[int, None, None]:
        """`yield from` this to open the file. Raises OSError with its name."""
        path = checkedPath(self._path)
        self._descriptor = yield from openFile(self._process, path, os.O_RDONLY)

    def useDescriptor(self, number: int, name: str, isOwned: bool = True) -> None:
        """Read an open descriptor, which close() closes if it is owned."""
        self._descriptor = Descriptor(number, name, isOwned)

    @property
    def isRegular(self) -> bool:
        """Whether this is open and a regular file, not a pipe or a device."""
        return self._descriptor is not None and self._descriptor.isRegular

    def read(self, size: int) -> Generator[int, None, bytes]:
        """`yield from` this to read up to `size` bytes: fewer from a pipe, or at the end.

        Return b"" at the end. Raises OSError with the file's name, and normalShutdown.
        """
        descriptor = self._opened()
        if descriptor.isRegular:
            return (yield from descriptor.job(self._process, readFully, size).result())
        while True:
            yield from waitForDescriptor(self._process, descriptor.number)
            try:
                return descriptor.call(os.read, min(size, BATCH))
            except BlockingIOError:
                continue

    def readAhead(self, size: int) -> Generator[int, None, bytes]:
        """`yield from` this to read as read() does, faster if all reads have the same size."""
        descriptor = self._opened()
        if not descriptor.isRegular:
            return (yield from self.read(size))
        while not self._chunks and not self._isAtEnd:
            job = self._ahead or self._nextBatch(descriptor, size)
            self._ahead = None
            if not job.isDone():
                self._batch = min(2 * self._batch, LARGEST_BATCH)
            chunks = yield from job.result()
            self._isAtEnd = not chunks
            self._chunks.extend(chunks)
            if chunks:
                self._ahead = self._nextBatch(descriptor, size)
        return self._chunks.popleft() if self._chunks else b""

    def _nextBatch(self, descriptor: Descriptor, size: int) -> Job[list[bytes]]:
        return descriptor.job(self._process, readBatch, size, max(1, self._batch // size))

    def readAll(self, limit: int | None = None) -> Generator[int, None, bytes]:
        """`yield from` this to read the rest of the file.

        Raises OSError also if the rest is more than `limit` bytes.
        """
        pieces, length = [], 0
        while piece := (yield from self.readAhead(BATCH)):
            pieces.append(piece)
            length += len(piece)
            if limit is not None and length > limit:
                raise OSError(errno.EFBIG, f"it has more than limit={limit} bytes", self._path)
        return b"".join(pieces)

    def close(self) -> None:
        """Close the file, if it is open. What was read ahead is lost."""
        if self._descriptor is not None:
            self._descriptor.close()

    def _opened(self) -> Descriptor:
        if self._descriptor is None:
            raise ValueError(f"{self._path!r} has not been opened")
        return self._descriptor


def readBatch(descriptor: int, size: int, count: int) -> list[bytes]:
    """Return the next chunks of a regular file, at most `count`, of `size` bytes each."""
    chunks = []
    for _ in range(count):
        chunk = readFully(descriptor, size)
        if not chunk:
            break
        chunks.append(chunk)
    return chunks


def readFully(descriptor: int, size: int) -> bytes:
    """Return the next `size` bytes of a regular file, or what is left of it.

    The memory that it needs depends on the file, not on `size`.
    """
    piece = os.read(descriptor, min(size, BATCH))
    if len(piece) == size or len(piece) < min(size, BATCH):
        return piece
    pieces, left = [piece], size - len(piece)
    while left and (piece := os.read(descriptor, min(left, BATCH))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
