"""A component that appends messages to a file.

Example usage
-------------
    Pipeline(Source(), Append(filename="all.log"), ConsoleEchoer()).run()

How does it work?
-----------------
Each message is written and flushed before the next one is read. Text is encoded as UTF-8.

Termination: at any message on "control", after the messages that arrived before it. The file is
closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from Axon.Component import component

__all__ = ["Append"]


class Append(component):
    """A component that appends each message, text or bytes, to the file `filename`.

    forwarder: True to send each message to "outbox" as well. blat_file: True to empty the file
    first. hold_open: True to keep the file open; otherwise it is opened for each message, so that
    another program may move it away. Raises ValueError without a filename, and OSError if the file
    cannot be written.
    """

    Inboxes = {"inbox": "text or bytes to add to the file", "control": "anything: stop"}
    Outboxes = {
        "outbox": "each written message, if forwarder is True",
        "signal": "the message from control",
    }

    filename: Any = None
    forwarder = True
    blat_file = False
    hold_open = True

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        if self.filename is None:
            raise ValueError("Append needs a filename: Append(filename=...)")
        self.file: Any = None

    def main(self) -> Iterator[int]:
        if self.blat_file:
            open(self.filename, "wb").close()
        try:
            while True:
                yield from self.waitForMessage()
                for chunk in self.Inbox():
                    self.writeChunk(chunk)
                    if self.forwarder:
                        self.send(chunk)
                if self.dataReady("control"):
                    self.send(self.recv("control"), "signal")
                    return
        finally:
            self.stop()

    def writeChunk(self, chunk: str | bytes) -> None:
        """Write one message to the file and flush it."""
        if self.file is None:
            self.file = open(self.filename, "ab")  # noqa: SIM115 - held, and closed by stop()
        self.file.write(chunk.encode() if isinstance(chunk, str) else chunk)
        if self.hold_open:
            self.file.flush()
        else:
            self.stop()

    def stop(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()
            self.file = None


__kamaelia_components__ = (Append,)
