"""A cutter that turns a stream into a given number of chunks per second of its content.

Example usage
-------------
    sample = 2 * 2  # bytes: stereo, 16 bits
    Pipeline(Sound(), RateChunker(48000 * sample, sample, 25), sink).run()

How does it work?
-----------------
It uses no clock: `datarate` and `chunkrate` determine the size of a chunk. If that is not a
whole number of quanta, some chunks have one quantum more, so that the average is exact.

Termination: at a producerFinished, after the rest of the data, which may be shorter than a
chunk; at a shutdownMicroprocess without the rest.
"""

from collections.abc import Iterator
from fractions import Fraction

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Support.CharacterFIFO import CharacterFIFO

__all__ = ["RateChunker"]


class RateChunker(component):
    """A component that sends chunks of datarate / chunkrate bytes (or characters).

    datarate: bytes per second. quantasize: the size in bytes of a unit that is not cut.
    chunkrate: chunks per second. Raises ValueError if a chunk would be smaller than a quantum.
    """

    Inboxes = {"inbox": "bytes (or str), in pieces of any size", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "bytes (or str), in chunks",
        "signal": "the shutdown message from control",
    }

    def __init__(self, datarate: float, quantasize: int, chunkrate: float) -> None:
        super().__init__()
        if quantasize < 1 or chunkrate <= 0 or datarate < chunkrate * quantasize:
            raise ValueError(
                f"a chunk would be smaller than a quantum of {quantasize} bytes:"
                f" {datarate} bytes per second, {chunkrate} chunks per second"
            )
        self.datarate = datarate
        self.quanta = quantasize
        self.chunkrate = chunkrate

    def sizes(self) -> Iterator[int]:
        """Generate the size of each chunk, in bytes, without end."""
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
