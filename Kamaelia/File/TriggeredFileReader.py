"""A component that reads whole files on request.

Example usage
-------------
    Pipeline(ConsoleReader(eol=""), TriggeredFileReader(), ConsoleEchoer()).run()

How does it work?
-----------------
Each message is the path of a file, whose content is sent as one message. The files are read in a
thread, one after another. A file that cannot be read is reported to "error", and the next one
follows.

Termination: at a producerFinished, after all requests that arrived before it; at a
shutdownMicroprocess, at once.
"""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike
from typing import Any

from Kamaelia.File.FileComponent import fileconsumer
from Kamaelia.File.InputFile import InputFile
from Kamaelia.Util.SendWithRoom import isToStop

__all__ = ["TriggeredFileReader"]


class TriggeredFileReader(fileconsumer):
    """TriggeredFileReader([limit]): sends the content of each file whose path it receives.

    limit: the most bytes of a file; a longer one is reported to "error". None: no limit.
    """

    Inboxes = {
        "inbox": "the path of a file to read",
        "control": "producerFinished: end when all is read; shutdownMicroprocess: end now",
    }
    Outboxes = {
        "outbox": "bytes: the content of a file, one message each",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a file that cannot be read",
    }

    limit: int | None = None

    def work(self) -> Generator[int, None, None]:
        while not isToStop(self):
            if self.dataReady():
                yield from self._handle(self.recv())
            elif self.isInputOver():
                break
            else:
                yield from self.waitForMessage()

    def _handle(self, message: Any) -> Generator[int, None, None]:
        try:
            content = yield from self.readFile(message)
        except (OSError, TypeError, ValueError) as error:
            self.reportError(error, message)
        else:
            yield from self.deliverWithRoom(content)

    def readFile(self, filename: str | bytes | PathLike[str]) -> Generator[int, None, bytes]:
        """`yield from` this to return the content of the file `filename`."""
        file = InputFile(self, filename)
        try:
            yield from file.open()
            return (yield from file.readAll(self.limit))
        finally:
            file.close()


__kamaelia_components__ = (TriggeredFileReader,)
