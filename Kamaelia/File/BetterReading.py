"""A component that reads a file, and waits while its consumer has messages to process.

Example usage
-------------
    Pipeline(IntelligentFileReader("source", 1024, 5), Consumer()).run()

How does it work?
-----------------
It is a MaxSpeedFileReader that sends nothing while `maxqueue` messages wait in the inbox to which
its outbox leads, whether or not that inbox has a size or a capacity.

Termination: as that of a MaxSpeedFileReader.
"""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike
from typing import Any

from Kamaelia.File.MaxSpeedFileReader import MaxSpeedFileReader

__all__ = ["IntelligentFileReader"]


class IntelligentFileReader(MaxSpeedFileReader):
    """IntelligentFileReader(filename[, chunksize][, maxqueue]): sends a file in chunks.

    maxqueue: how many messages may wait in the inbox of the consumer.
    Raises ValueError if chunksize or maxqueue is not above 0.
    """

    Inboxes = {
        "inbox": "anything: look again whether there is room, which is not necessary",
        "control": "shutdownMicroprocess: end now",
    }
    Outboxes = {
        "outbox": "bytes: the file, in chunks",
        "debug": "text: what the reader does",
        "signal": "producerFinished, or the shutdownMicroprocess from control",
    }

    def __init__(
        self, filename: str | bytes | PathLike[str], chunksize: int = 1024, maxqueue: int = 5
    ) -> None:
        if maxqueue <= 0:
            raise ValueError(f"maxqueue must be above 0, not {maxqueue!r}")
        super().__init__(filename, chunksize)
        self.maxqueue = maxqueue

    def debug(self, msg: str) -> None:
        """Send a text to "debug"."""
        self.send(msg, "debug")

    def work(self) -> Generator[int, None, None]:
        self.debug(f"{self.name} reads {self.filename!r}")
        yield from super().work()
        self.debug(f"{self.name} has read all")

    def deliverWithRoom(self, message: Any, boxname: str = "outbox") -> Generator[int, None, None]:
        """`yield from` this to send when fewer than `maxqueue` messages wait."""
        while len(self.outboxes[boxname]) >= self.maxqueue:
            for _ in self.Inbox():
                pass
            self.checkShutdown()
            self.debug(f"{self.name} waits: {self.maxqueue} messages wait for the consumer")
            self.pause()
            yield 1
        yield from super().deliverWithRoom(message, boxname)


__kamaelia_components__ = (IntelligentFileReader,)
