"""A file writer that reports what it has written.

Example usage
-------------
    Pipeline(Source(), SimpleFileWriterWithOutput("copy"), ConsoleEchoer()).run()

How does it work?
-----------------
It is a SimpleFileWriter. For each message it sends the name of the file, when the message is in the
file.

Termination: as a SimpleFileWriter.
"""

from collections.abc import Generator
from os import PathLike

from Kamaelia.File.OutputFile import OutputFile, bytesOf
from Kamaelia.File.Writing import SimpleFileWriter
from Kamaelia.Util.SendWithRoom import isToStop

__all__ = ["SimpleFileWriterWithOutput"]


class SimpleFileWriterWithOutput(SimpleFileWriter):
    """SimpleFileWriterWithOutput(filename[, mode]): writes messages and reports each."""

    Outboxes = {
        "outbox": "the name of the file, for each message that is in the file",
        "signal": "the shutdown message from control, or producerFinished with an OSError",
        "error": "errorInformation: a message that cannot be written",
    }

    def __init__(self, filename: str | bytes | PathLike[str], mode: str = "wb") -> None:
        super().__init__(filename, mode)
        self._output = OutputFile(self, filename, mode)

    def work(self) -> Generator[int, None, None]:
        yield from self._output.open()
        while not isToStop(self) and not (self.isInputOver() and not self.dataReady()):
            yield from self.waitForMessage()
            for message in self.Inbox():
                yield from self._writeAndReport(message)
        yield from self._output.finish()

    def _writeAndReport(self, message: str | bytes) -> Generator[int, None, None]:
        try:
            data = bytesOf(message)
        except (TypeError, ValueError) as error:
            self.reportError(error, message)
            return
        yield from self._output.write(data)
        yield from self.deliverWithRoom(self.filename)

    def release(self) -> None:
        self._output.close()
        super().release()


__kamaelia_components__ = (SimpleFileWriterWithOutput,)
