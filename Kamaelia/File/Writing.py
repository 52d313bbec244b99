"""A component that writes messages to a file.

Example usage
-------------
    Pipeline(MaxSpeedFileReader("source"), SimpleFileWriter("copy"), capacity=10).run()

How does it work?
-----------------
The messages that wait are written together, in a thread. More messages arrive meanwhile, up to
the capacity or the size of the inbox. Text is encoded as UTF-8. A message that is neither text nor
bytes is reported to "error", and is not written.

Termination: at a producerFinished, when all messages are written and the file is closed; at a
shutdownMicroprocess, at once; or if the file cannot be written: then the `message` of the
producerFinished on "signal" is the OSError.
"""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike

from Kamaelia.File.FileComponent import fileconsumer
from Kamaelia.File.OutputFile import OutputFile, bytesOf
from Kamaelia.Util.SendWithRoom import isToStop

__all__ = ["SimpleFileWriter"]

ENOUGH = 1024 * 1024  # bytes: messages are collected up to here, and then written


class SimpleFileWriter(fileconsumer):
    """SimpleFileWriter(filename[, mode]): writes text or bytes to a file.

    mode: "wb" replaces the file, "ab" appends to it, "xb" fails if it exists, and "r+b" fails if
    it does not exist. Raises ValueError for a mode that writes nothing.
    """

    Inboxes = {
        "inbox": "bytes, or text, which is written as UTF-8",
        "control": "producerFinished: end when all is written; shutdownMicroprocess: end now",
    }
    Outboxes = {
        "outbox": "not used",
        "signal": "the shutdown message from control, or producerFinished with an OSError",
        "error": "errorInformation: a message that cannot be written",
    }

    def __init__(self, filename: str | bytes | PathLike[str], mode: str = "wb") -> None:
        super().__init__()
        self.filename = filename
        self.mode = mode
        self._file = OutputFile(self, filename, mode)

    def work(self) -> Generator[int, None, None]:
        yield from self._file.open()
        while not isToStop(self):
            if data := self._waitingData():
                yield from self._file.write(data)
            elif self.isInputOver():
                break
            else:
                yield from self.waitForMessage()
        yield from self._file.finish()

    def _waitingData(self) -> bytes:
        """Take messages from "inbox", and return their bytes."""
        pieces, length = [], 0
        for message in self.Inbox():
            try:
                piece = bytesOf(message)
            except (TypeError, ValueError) as error:
                self.reportError(error, message)
                continue
            pieces.append(piece)
            length += len(piece)
            if length >= ENOUGH:
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def release(self) -> None:
        self._file.close()


__kamaelia_components__ = (SimpleFileWriter,)
