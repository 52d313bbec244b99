"""A cutter that turns a stream into chunks of equal size.

Example usage
-------------
    Pipeline(Reader(), Chunkifier(188), Decoder()).run()

How does it work?
-----------------
Received pieces are kept unchanged until a chunk is full. Data is copied once, when it is sent.

Termination: at a producerFinished, after the rest of the data, which may be shorter than a
chunk; at a shutdownMicroprocess without the rest.
"""

from collections.abc import Iterator

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Support.CharacterFIFO import CharacterFIFO

__all__ = ["CharacterFIFO", "Chunkifier"]


class Chunkifier(component):
    """A component that sends chunks of `chunksize` bytes (or characters).

    nodelay: True to send all available data in each turn, even if a chunk is then shorter.
    Raises ValueError if chunksize is less than 1.
    """

    Inboxes = {"inbox": "bytes (or str), in pieces of any size", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "bytes (or str), in chunks of chunksize",
        "signal": "the shutdown message from control",
    }

    def __init__(self, chunksize: int = 1048576, nodelay: bool = False) -> None:
        super().__init__()
        if chunksize < 1:
            raise ValueError(f"chunksize must be at least 1, not {chunksize}")
        self.forwardqueue = CharacterFIFO()
        self.chunksize = chunksize
        self.nodelay = nodelay

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.forwardqueue.push(message)
                while len(self.forwardqueue) >= self.chunksize:
                    self.sendChunk()
            if self.nodelay:
                self.sendPartialChunk()
            for message in self.Inbox("control"):
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    if isinstance(message, producerFinished):
                        self.sendPartialChunk()
                    self.send(message, "signal")
                    return

    def sendChunk(self) -> None:
        """Send one full chunk."""
        self.send(self.forwardqueue.poplength(self.chunksize))

    def sendPartialChunk(self) -> None:
        """Send the remaining data, if any."""
        if self.forwardqueue:
            self.send(self.forwardqueue.poplength(len(self.forwardqueue)))


__kamaelia_components__ = (Chunkifier,)
