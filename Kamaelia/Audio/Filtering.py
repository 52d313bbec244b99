"""A low-pass filter for raw sound.

Example usage
-------------
    Pipeline(PromptedFileReader("speech.raw"), LPF(), SimpleFileWriter("muffled.raw")).run()

How does it work?
-----------------
Samples of one channel, "S16_LE", pass a Butterworth filter with one pole, which halves the power at
an eighth of the sample rate (Kamaelia.Support.Media.Samples). A sample may be split between
messages.

Termination: at a producerFinished or shutdownMicroprocess, which is passed on.
"""

from collections.abc import Iterable

from Kamaelia.Support.Media.Samples import LowPassFilter, bytesOf, samplesOf
from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["LPF", "convert", "convertback"]


class LPF(StreamTransformer):
    """A component that sends the filtered samples of each message."""

    Inboxes = {"inbox": "bytes: samples", "control": "a shutdown message"}
    Outboxes = {"outbox": "bytes: samples", "signal": "the shutdown message from control"}

    def __init__(self) -> None:
        super().__init__()
        self._filter = LowPassFilter()
        self._half = b""  # the first byte of a split sample

    def transform(self, message: bytes) -> Iterable[bytes]:
        """Return the filtered samples."""
        data = self._half + message
        self._half = data[len(data) & ~1 :]
        return (convertback(self.filtering(convert(data))),)

    def filtering(self, data: Iterable[float]) -> list[float]:
        """Return filtered samples."""
        return self._filter.filter(data)


def convert(data: bytes) -> list[int]:
    """Return the samples in `data`."""
    return list(samplesOf(data))


def convertback(data: Iterable[float]) -> bytes:
    """Return samples as bytes."""
    return bytesOf(data)


__kamaelia_components__ = (LPF,)
