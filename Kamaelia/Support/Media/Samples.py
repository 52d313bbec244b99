"""Samples of sound, 16 bits each: conversion, mixing, a low-pass filter, a buffer.

How does it work?
-----------------
Samples are signed numbers of 16 bits, the low byte first ("S16_LE"). A result that is out of range
becomes the nearest number that is in range.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence

from Kamaelia.Support.CharacterFIFO import CharacterFIFO

__all__ = ["AudioBuffer", "LowPassFilter", "bytesOf", "mixed", "samplesOf"]

LOWEST, HIGHEST = -32768, 32767


def samplesOf(data: bytes) -> array[int]:
    """Return the samples in `data`. A half sample at its end is discarded."""
    samples = array("h")
    samples.frombytes(bytes(data[: len(data) & ~1]))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def bytesOf(samples: Iterable[float]) -> bytes:
    """Return the samples as bytes, cut to whole numbers that are in range."""
    made = array("h", (min(max(int(each), LOWEST), HIGHEST) for each in samples))
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def mixed(sources: Sequence[bytes]) -> bytes:
    """Return the sum of the sources. A shorter one counts as silent after its end."""
    if len(sources) == 1:
        return bytes(sources[0])
    longest = max(map(len, sources), default=0)
    padded = (samplesOf(each + bytes(longest - len(each))) for each in sources)
    return bytesOf(map(sum, zip(*padded, strict=True)))


class LowPassFilter:
    """A Butterworth filter with one pole, which halves the power at an eighth of the sample rate.

    For 8000 samples a second, this is 1000 Hz. The state carries over from one call to the next.
    """

    _GAIN = 3.414213562373095  # 2 + sqrt(2)
    _FEEDBACK = 0.41421356237309503  # sqrt(2) - 1

    def __init__(self) -> None:
        self._sample = 0.0
        self._result = 0.0

    def filter(self, samples: Iterable[float]) -> list[float]:
        """Return the filtered samples."""
        results = []
        for each in samples:
            sample = each / self._GAIN
            self._result = sample + self._sample + self._FEEDBACK * self._result
            self._sample = sample
            results.append(self._result)
        return results


class AudioBuffer:
    """AudioBuffer(activationThreshold, sizeLimit, silence): the data of one source.

    It becomes active when it holds `activationThreshold` bytes, and inactive when it is empty.
    sizeLimit: the number of bytes that it keeps; older data is dropped. silence: one silent sample.
    """

    def __init__(self, activationThreshold: int, sizeLimit: int, silence: bytes) -> None:
        self.activationThreshold = activationThreshold
        self.sizeLimit = sizeLimit
        self.silence = silence
        self.active = False
        self._kept = CharacterFIFO()

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def append(self, newdata: bytes) -> None:
        """Add data, and drop the oldest if there is too much."""
        self._kept.push(bytes(newdata))
        if self.size >= self.activationThreshold:
            self.active = True
        if self.size > self.sizeLimit:
            self.drop(self.size - self.sizeLimit)

    def drop(self, amount: int) -> None:
        """Drop the oldest `amount` bytes, rounded up to a whole sample."""
        unit = len(self.silence)
        self._kept.poplength(min(self.size, -(-amount // unit) * unit))

    def pop(self, amount: int) -> bytes:
        """Return `amount` bytes, with silence after the end; none if it is not active."""
        if not self.active:
            return b""
        data: bytes = self._kept.poplength(min(amount, self.size))
        if not self.size:
            self.active = False
        return data + self.silence * ((amount - len(data)) // len(self.silence))
