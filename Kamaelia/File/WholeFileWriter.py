"""A component that writes whole files.

Example usage
-------------
    Pipeline(DataSource([["greeting.txt", "hello"]]), WholeFileWriter(), ConsoleEchoer()).run()

How does it work?
-----------------
Each message is a list or a tuple of a name and the content. The file is written in a thread and
closed, then its name is sent. A file that cannot be written is reported to "error", and the next
one follows.

Termination: at a producerFinished, after all messages that arrived before it; at a
shutdownMicroprocess, after the current file.
"""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike
from typing import Any

from Kamaelia.File.FileComponent import fileconsumer
from Kamaelia.File.OutputFile import OutputFile, bytesOf
from Kamaelia.Util.SendWithRoom import isToStop

__all__ = ["WholeFileWriter"]


class WholeFileWriter(fileconsumer):
    """WholeFileWriter(): writes each [name, content] to the file of that name."""

    Inboxes = {
        "inbox": "[name, content] of a file; text is written as UTF-8",
        "control": "producerFinished: end when all is written; shutdownMicroprocess: end now",
    }
    Outboxes = {
        "outbox": "the name of a file that is written",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a file that cannot be written, or a malformed message",
    }

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
            name, content = message
            yield from self.writeFile(name, bytesOf(content))
        except (OSError, TypeError, ValueError) as error:
            self.reportError(error, message)
        else:
            yield from self.deliverWithRoom(name)

    def writeFile(
        self, filename: str | bytes | PathLike[str], data: bytes
    ) -> Generator[int, None, None]:
        """`yield from` this to replace the file `filename` by `data`."""
        file = OutputFile(self, filename)
        try:
            yield from file.open()
            yield from file.write(data)
            yield from file.finish()
        finally:
            file.close()


__kamaelia_components__ = (WholeFileWriter,)
