"""Adds what it is sent to the end of a file.

Example usage
-------------
    Pipeline(Source(), Append(filename="all.log"), ConsoleEchoer()).run()

Termination: at any message on "control", after what came before it; closes the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from Axon.Component import component

__all__ = ["Append"]


class Append(component):
    """Append(filename=...) -> each message, text (written as UTF-8) or bytes, at the file's end.

    forwarder: each message goes on to "outbox". blat_file: the file is emptied
    first. hold_open: it stays open; else it is opened anew for each message, so
    that somebody may move it away. Raises ValueError without a filename, and
    OSError where the file cannot be written.
    """

    Inboxes = {"inbox": "text or bytes to add to the file", "control": "anything: stop"}
    Outboxes = {"outbox": "each message that was written", "signal": "what came to control"}

    filename: Any = None
    forwarder = True
    blat_file = False
    hold_open = True

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        if self.filename is None:
            raise ValueError("Append needs to know its file: Append(filename=...)")
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
        """Adds one message; whoever looks into the file afterwards sees it."""
        if self.file is None:
            self.file = open(self.filename, "ab")  # noqa: SIM115 - held, and closed by stop()
        self.file.write(chunk.encode() if isinstance(chunk, str) else chunk)
        if self.hold_open:
            self.file.flush()
        else:
            self.stop()

    def stop(self) -> None:
        """Closes the file."""
        if self.file is not None:
            self.file.close()
            self.file = None


__kamaelia_components__ = (Append,)
