"""Cuts a stream into chunks of one size.

Example usage
-------------
    Pipeline(Reader(), Chunkifier(188), Decoder()).run()

How does it work?
-----------------
What comes is kept as it is until a chunk is full; pieces are copied once, when they are
sent.

Termination: at a producerFinished, after the rest, which may be shorter; or at a
shutdownMicroprocess, without it.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["CharacterFIFO", "Chunkifier"]


class CharacterFIFO:
    """CharacterFIFO() -> bytes (or text), taken in other pieces than they came."""

    def __init__(self) -> None:
        self._pieces: deque[Any] = deque()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, text: Any) -> None:
        """Adds bytes, or text, at the end."""
        if text:
            self._pieces.append(text)
            self._length += len(text)

    def poplength(self, length: int) -> Any:
        """Takes so many bytes, or characters; IndexError if there are fewer."""
        if length > self._length:
            raise IndexError(f"there are {self._length}, and not {length}")
        taken, missing = [], length
        while missing:
            piece = self._pieces.popleft()
            taken.append(piece[:missing])
            if len(piece) > missing:
                self._pieces.appendleft(piece[missing:])
            missing -= len(taken[-1])
        self._length -= length
        return taken[0][:0].join(taken) if taken else b""


class Chunkifier(component):
    """Chunkifier([chunksize][, nodelay]) -> sends chunks of `chunksize` bytes (or characters).

    nodelay: True to send what there is, though it be shorter, rather than wait for more.
    """

    Inboxes = {"inbox": "bytes (or text), in any pieces", "control": "when to stop"}
    Outboxes = {"outbox": "chunks", "signal": "whatever ended it"}

    def __init__(self, chunksize: int = 1048576, nodelay: bool = False) -> None:
        super().__init__()
        if chunksize < 1:
            raise ValueError(f"a chunk has at least 1 byte, not {chunksize}")
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
        """Sends a whole chunk."""
        self.send(self.forwardqueue.poplength(self.chunksize))

    def sendPartialChunk(self) -> None:
        """Sends what is left, if anything."""
        if self.forwardqueue:
            self.send(self.forwardqueue.poplength(len(self.forwardqueue)))


__kamaelia_components__ = (Chunkifier,)
