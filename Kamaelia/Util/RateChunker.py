"""Cuts a stream into so many chunks a second of its own time, such as one for each frame.

Example usage
-------------
    sample = 2 * 2  # bytes: stereo, 16 bits
    Pipeline(Sound(), RateChunker(48000 * sample, sample, 25), sink).run()

How does it work?
-----------------
It knows no clock: `datarate` and `chunkrate` say how much data belongs to a chunk. Where
that is no whole number of quanta some chunks have one more, so that nothing drifts.

Termination: at a producerFinished, after the rest, which may be shorter; at a
shutdownMicroprocess without it.
"""

from collections.abc import Iterator
from fractions import Fraction

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Util.Chunkifier import CharacterFIFO

__all__ = ["RateChunker"]


class RateChunker(component):
    """RateChunker(datarate, quantasize, chunkrate) -> sends chunks of datarate / chunkrate.

    datarate: bytes (or characters) a second. quantasize: what must stay together, in bytes.
    chunkrate: chunks a second. Raises ValueError if a chunk would be less than a quantum.
    """

    Inboxes = {"inbox": "bytes (or text), in any pieces", "control": "when to stop"}
    Outboxes = {"outbox": "chunks", "signal": "whatever ended it"}

    def __init__(self, datarate: float, quantasize: int, chunkrate: float) -> None:
        super().__init__()
        if quantasize < 1 or chunkrate <= 0 or datarate < chunkrate * quantasize:
            raise ValueError(
                f"{chunkrate} chunks a second of {datarate} bytes a second are less than"
                f" a quantum of {quantasize} bytes each"
            )
        self.datarate = datarate
        self.quanta = quantasize
        self.chunkrate = chunkrate

    def sizes(self) -> Iterator[int]:
        """The size of each chunk, in bytes, without an end."""
        quanta = Fraction(self.datarate) / Fraction(self.chunkrate) / self.quanta
        due = Fraction(0)
        while True:
            due += quanta
            yield int(due) * self.quanta
            due -= int(due)

    def main(self) -> Iterator[int]:
        waiting, sizes = CharacterFIFO(), self.sizes()
        size = next(sizes)
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                waiting.push(message)
                while len(waiting) >= size:
                    self.send(waiting.poplength(size))
                    size = next(sizes)
            for message in self.Inbox("control"):
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    if waiting and isinstance(message, producerFinished):
                        self.send(waiting.poplength(len(waiting)))
                    self.send(message, "signal")
                    return


__kamaelia_components__ = (RateChunker,)
