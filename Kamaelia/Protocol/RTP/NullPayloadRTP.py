"""Frames of a stream with a constant bit rate: a length, a piece of the stream, and its time.

Example usage
-------------
    framer = NullPayloadPreFramer("a.raw", sourcebitrate=65536, chunksize=1400)
    self.link((reader, "outbox"), (framer, "recvsrc"))
    self.link((framer, "output"), (self, "inbox"))

How does it work?
-----------------
All pieces have `chunksize` bytes, except the last one. The time of a piece is computed from the
bytes before it and the bit rate of the source.

Termination: at "shutdown", producerFinished or shutdownMicroprocess, after what is left is sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["NullPayloadPreFramer", "packLengthAsString"]


def packLengthAsString(aNumber: int) -> bytes:
    """Return the number as four bytes, the most significant one first.

    Raise OverflowError if it is larger.
    """
    return aNumber.to_bytes(4, "big")


def isEnd(message: object) -> bool:
    """Return whether a message to "control" ends a framer."""
    return message == "shutdown" or isinstance(message, producerFinished | shutdownMicroprocess)


class NullPayloadPreFramer(component):
    """A component that sends (time in seconds, length and data) for each piece of a stream.

    sourcename: the name of the source, for the program. sourcebitrate: its bits per second.
    chunksize: the bytes of the stream in each piece.
    """

    Inboxes = {
        "recvsrc": "bytes: the stream, in pieces of any size",
        "control": '"shutdown" or a shutdown message: send the rest, and end',
    }
    Outboxes = {
        "output": "tuples: (time, bytes)",
        "signal": "the message from control",
    }

    def __init__(self, sourcename: str, sourcebitrate: int = 65536, chunksize: int = 1400) -> None:
        super().__init__()
        if sourcebitrate <= 0 or chunksize <= 0:
            raise ValueError("the bit rate and the size of a chunk are positive numbers")
        self.sourcename = sourcename
        self.sourcebitrate = sourcebitrate
        self.sourceoctetrate = sourcebitrate / 8.0
        self.chunksize = chunksize
        self.currentchunk = bytearray()
        self.timestamp = 0.0
        self._sent = 0

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox("recvsrc"):
                self.currentchunk += data.encode() if isinstance(data, str) else data
                while len(self.currentchunk) >= self.chunksize:
                    yield from sendWithRoom(self, self.nextChunk(), "output")
            if any(map(isEnd, self.inboxes["control"])):
                break
        if self.currentchunk:
            yield from sendWithRoom(self, self.nextChunk(), "output")
        for message in self.Inbox("control"):
            if isEnd(message):
                self.send(message, "signal")

    def nextChunk(self) -> tuple[float, bytes]:
        """Return the time and the frame of the next piece, and remove it from what is left."""
        data = bytes(self.currentchunk[: self.chunksize])
        del self.currentchunk[: self.chunksize]
        time = self.timestamp
        self.updateTimestamp(data)
        return time, self.makeChunk(data)

    def updateTimestamp(self, datatosend: bytes) -> None:
        """Set the time of the piece after `datatosend`."""
        self._sent += len(datatosend)
        self.timestamp = self._sent / self.sourceoctetrate

    def makeChunk(self, datatosend: bytes) -> bytes:
        """Return the frame: the length in four bytes, and the data."""
        return packLengthAsString(len(datatosend)) + datatosend


__kamaelia_components__ = (NullPayloadPreFramer,)
