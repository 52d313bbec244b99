"""A component that appends messages to a file.

Example usage
-------------
    Pipeline(Source(), Append(filename="all.log"), ConsoleEchoer()).run()

How does it work?
-----------------
The messages that wait are written together, in a thread, and sent when they are in the file. Text
is encoded as UTF-8. A message that is neither text nor bytes is reported to "error".

Termination: at any message on "control", after the messages that arrived before it; or if the file
cannot be written: then the `message` of the producerFinished on "signal" is the OSError.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Kamaelia.File.FileComponent import filecomponent
from Kamaelia.File.OutputFile import OutputFile, bytesOf
from Kamaelia.Util.SendWithRoom import isToStop

__all__ = ["Append"]


class Append(filecomponent):
    """A component that appends each message, text or bytes, to the file `filename`.

    forwarder: True to send each message to "outbox" as well. blat_file: True to empty the file
    first. hold_open: True to keep the file open; otherwise it is opened for the messages that
    wait, so that another program may move it away. Raises ValueError without a filename.
    """

    Inboxes = {"inbox": "text or bytes to add to the file", "control": "anything: stop"}
    Outboxes = {
        "outbox": "each written message, if forwarder is True",
        "signal": "the message from control, or producerFinished with an OSError",
        "error": "errorInformation: a message that cannot be written",
    }

    filename: Any = None  # the file to which it appends
    forwarder = True
    blat_file = False
    hold_open = True

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        if self.filename is None:
            raise ValueError("Append needs a filename: Append(filename=...)")
        self._file: OutputFile | None = None

    def work(self) -> Generator[int, None, None]:
        if self.blat_file:
            yield from self._openFile("wb")
        while not isToStop(self):
            yield from self.waitForMessage()
            messages = list(self.Inbox())
            yield from self._append(messages)
            if self.dataReady("control") and not self.dataReady():
                break
        yield from self._closeFile()

    def _append(self, messages: list[Any]) -> Generator[int, None, None]:
        written, pieces = [], []
        for message in messages:
            try:
                pieces.append(bytesOf(message))
                written.append(message)
            except (TypeError, ValueError) as error:
                self.reportError(error, message)
        if not pieces:
            return
        file = self._file or (yield from self._openFile("ab"))
        yield from file.write(b"".join(pieces))
        if not self.hold_open:
            yield from self._closeFile()
        for message in written if self.forwarder else ():
            yield from self.deliverWithRoom(message)

    def _openFile(self, mode: str) -> Generator[int, None, OutputFile]:
        self._file = file = OutputFile(self, self.filename, mode)
        yield from file.open()
        return file

    def _closeFile(self) -> Generator[int, None, None]:
        if self._file is not None:
            yield from self._file.finish()
            self._file = None

    def lastMessage(self) -> Any:
        """Return the message for "signal": the first from "control", if there is no error."""
        if self.error is None and self.dataReady("control"):
            return self.recv("control")
        return super().lastMessage()

    def release(self) -> None:
        if self._file is not None:
            self._file.close()


__kamaelia_components__ = (Append,)
