"""WAV files: their header, and a parser for data that is cut at any places.

Example usage
-------------
    header = wavHeader(AudioFormat(channels=2, sample_format="S16_LE", sample_rate=44100))
    parser = WAVReader()
    parser.feed(header + samples)        # [AudioFormat(2, "S16_LE", 44100), samples]

How does it work?
-----------------
A WAV file is a RIFF file: a header, and chunks of which each has a name and a size. "fmt " has the
format, "data" the samples; all others are skipped. A size of 0 or 0xFFFFFFFF for "data" means that
the samples continue to the end of the file, as in a stream that was written while it was recorded.
(Multimedia Programming Interface and Data Specifications 1.0, IBM and Microsoft, 1991.)
"""

import struct
from collections.abc import Generator
from typing import NamedTuple

__all__ = ["AudioFormat", "InvalidWAV", "WAVReader", "wavHeader"]

_PCM = 1
_EXTENSIBLE = 0xFFFE  # the actual format is in the extension of the chunk
_BYTES = {"S8": 1, "S16_LE": 2}
_UNKNOWN = b"\xff\xff\xff\xff"  # the size of a file that is not complete; readers accept it
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
_LONGEST_FORMAT = 1 << 16  # bytes


class InvalidWAV(ValueError):
    """The data is not a WAV file, or one of a kind that is not supported."""


class AudioFormat(NamedTuple):
    """The format of samples. sample_format: "S8" or "S16_LE". sample_rate: Hz."""

    channels: int
    sample_format: str
    sample_rate: int


def wavHeader(audio: AudioFormat) -> bytes:
    """Return the header of a WAV file of unknown length.

    Raises ValueError for a format that WAV files of this kind cannot have.
    """
    size = _BYTES.get(audio.sample_format)
    if size is None:
        raise ValueError(f"the sample format is {audio.sample_format!r}: use S8 or S16_LE")
    frame = size * audio.channels
    try:
        form = struct.pack(
            "<HHLLHH",
            _PCM,
            audio.channels,
            audio.sample_rate,
            frame * audio.sample_rate,
            frame,
            8 * size,
        )
    except struct.error as error:
        raise ValueError(f"a WAV file cannot have the format {audio}: {error}") from error
    start = b"RIFF" + _UNKNOWN + b"WAVE" + b"fmt " + struct.pack("<L", len(form))
    return start + form + b"data" + _UNKNOWN


def audioFormatOf(form: bytes) -> AudioFormat:
    """Return the format in a "fmt " chunk. Raises InvalidWAV."""
    if len(form) < 16:
        raise InvalidWAV(f'the "fmt " chunk has {len(form)} bytes, which is less than 16')
    code, channels, rate, _, alignment, bits = struct.unpack_from("<HHLLHH", form)
    if code == _EXTENSIBLE and len(form) >= 26:
        (code,) = struct.unpack_from("<H", form, 24)
    if code != _PCM:
        raise InvalidWAV(f"the samples have format {code}: only 1, uncompressed, is supported")
    if not 1 <= bits <= 16 or not channels:
        raise InvalidWAV(f"{channels} channels of {bits} bits are not supported")
    name = "S8" if bits <= 8 else "S16_LE"
    if alignment != channels * _BYTES[name]:
        raise InvalidWAV(f"{alignment} bytes for {channels} samples of {bits} bits")
    return AudioFormat(channels, name, rate)


class WAVReader:
    """A parser of a WAV file, which returns its format and then its samples."""

    def __init__(self) -> None:
        self.isComplete = False  # all samples have been read
        self._begun = bytearray()
        self._isBegun = self._hasSamples = False
        self._results: list[AudioFormat | bytes] = []
        self._steps = self._read()
        self._wanted = next(self._steps)

    def feed(self, data: bytes) -> list[AudioFormat | bytes]:
        """Add data. Return the format, as soon as it is known, and samples. Raises InvalidWAV."""
        self._begun += data
        self._isBegun = True
        self._results = []
        while not self.isComplete and self._begun and len(self._begun) >= self._wanted:
            try:
                self._wanted = next(self._steps)
            except StopIteration:
                self.isComplete = True
        return self._results

    def finish(self) -> None:
        """Report the end of the data. Raises InvalidWAV if the header is incomplete."""
        if self._isBegun and not self._hasSamples:
            raise InvalidWAV("the data ends within the header of a WAV file")

    def _read(self) -> Generator[int, None, None]:
        """Read the file. Each yield waits until that many bytes are there."""
        yield 12
        riff, _, kind = struct.unpack("<4sL4s", self._take(12))
        if (riff, kind) != (b"RIFF", b"WAVE"):
            raise InvalidWAV("the data does not begin with the header of a WAV file")
        isFormatKnown = False
        while True:
            yield 8
            name, size = struct.unpack("<4sL", self._take(8))
            if name == b"data":
                break
            if name == b"fmt ":
                yield from self._readFormat(size)
                isFormatKnown = True
            else:
                yield from self._skip(size)
            yield from self._skip(size % 2)
        if not isFormatKnown:
            raise InvalidWAV('there is no "fmt " chunk before the samples')
        yield from self._readSamples(None if size in _UNKNOWN_SIZES else size)

    def _readFormat(self, size: int) -> Generator[int, None, None]:
        if size > _LONGEST_FORMAT:
            raise InvalidWAV(f'the "fmt " chunk has {size} bytes, which is too long')
        yield size
        self._results.append(audioFormatOf(self._take(size)))

    def _readSamples(self, left: int | None) -> Generator[int, None, None]:
        """Return all data as samples; `left`: as many bytes, None for all that follow."""
        self._hasSamples = True
        while left is None or left:
            yield 1
            piece = self._take(len(self._begun) if left is None else min(left, len(self._begun)))
            left = None if left is None else left - len(piece)
            self._results.append(piece)

    def _skip(self, size: int) -> Generator[int, None, None]:
        while size:
            yield 1
            size -= len(self._take(min(size, len(self._begun))))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._begun[:size])
        del self._begun[:size]
        return taken
