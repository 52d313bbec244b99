"""A component that reads a file as fast as its consumer takes the data.

Example usage
-------------
    Pipeline(MaxSpeedFileReader("source"), Consumer(), capacity=5).run()

    consumer.inboxes["inbox"].setSize(5)                # the historical way to limit it
    Pipeline(MaxSpeedFileReader("source"), consumer).run()

How does it work?
-----------------
The file is read in a thread, half a megabyte ahead. The reader waits while the inbox of its
consumer is full. Without a limit there, all of the file is soon in that inbox.

Termination: at the end of the file, with a producerFinished, whose `message` is an OSError if the
file could not be read; or at a shutdownMicroprocess. A producerFinished does not interrupt it.
"""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike

from Kamaelia.File.FileComponent import filecomponent
from Kamaelia.File.InputFile import InputFile

__all__ = ["MaxSpeedFileReader"]


class MaxSpeedFileReader(filecomponent):
    """MaxSpeedFileReader(filename[, chunksize]): sends a file in chunks of `chunksize` bytes.

    Raises ValueError if chunksize is not above 0.
    """

    Inboxes = {"inbox": "not used", "control": "shutdownMicroprocess: end now"}
    Outboxes = {
        "outbox": "bytes: the file, in chunks",
        "signal": "producerFinished, or the shutdownMicroprocess from control",
    }

    def __init__(self, filename: str | bytes | PathLike[str], chunksize: int = 32768) -> None:
        if chunksize <= 0:
            raise ValueError(f"chunksize must be above 0, not {chunksize!r}")
        super().__init__()
        self.filename = filename
        self.chunksize = chunksize
        self._file = InputFile(self, filename)

    def work(self) -> Generator[int, None, None]:
        yield from self._file.open()
        while chunk := (yield from self._file.readAhead(self.chunksize)):
            yield from self.deliverWithRoom(chunk)

    def release(self) -> None:
        self._file.close()


__kamaelia_components__ = (MaxSpeedFileReader,)
