"""WAV files, checked against Python's own module wave."""

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Media.WAV import AudioFormat, InvalidWAV, WAVReader, wavHeader

MONO = AudioFormat(1, "S16_LE", 8000)


def fileOf(audio, samples):
    """Return a WAV file that Python's module writes."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(audio.channels)
        writer.setsampwidth(2 if audio.sample_format == "S16_LE" else 1)
        writer.setframerate(audio.sample_rate)
        writer.writeframes(samples)
    return file.getvalue()


def chunk(name, data):
    return name + struct.pack("<L", len(data)) + data + bytes(len(data) % 2)


FORM = wavHeader(MONO)[20:36]


def read(*pieces):
    """Return the formats and the samples in a file that arrives in pieces."""
    reader = WAVReader()
    results = [each for piece in pieces for each in reader.feed(piece)]
    reader.finish()
    formats = [each for each in results if isinstance(each, AudioFormat)]
    return formats, b"".join(each for each in results if not isinstance(each, AudioFormat))


@pytest.mark.parametrize("name", ["S8", "S16_LE"])
@given(st.integers(1, 8), st.integers(1, 200_000), st.binary(min_size=1), st.data())
def test_a_file_may_be_cut_anywhere(name, channels, rate, frames, draw):
    audio = AudioFormat(channels, name, rate)
    samples = frames * 2 * channels
    data = fileOf(audio, samples)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=5)))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert read(*pieces) == ([audio], samples)


@given(st.binary())
def test_without_a_length_the_samples_continue_to_the_end(samples):
    assert read(wavHeader(MONO) + samples) == ([MONO], samples)


def test_python_reads_the_header():
    with wave.open(io.BytesIO(wavHeader(AudioFormat(2, "S16_LE", 44100)))) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (
            2,
            2,
            44100,
        )


def test_other_chunks_are_skipped_whatever_their_size():
    others = chunk(b"LIST", b"odd") + chunk(b"fact", b"") + chunk(b"fmt ", FORM + b"\0\0")
    data = b"RIFF\0\0\0\0WAVE" + others + chunk(b"junk", bytes(100_001)) + chunk(b"data", b"12")
    assert read(data) == ([MONO], b"12")


def test_data_after_the_samples_is_ignored():
    reader = WAVReader()
    data = fileOf(MONO, b"1234")
    assert reader.feed(data + chunk(b"LIST", b"more")) == [MONO, b"1234"]
    assert reader.isComplete
    assert reader.feed(b"more") == []


def test_the_extensible_form_is_accepted_if_it_means_plain_samples():
    form = b"\xfe\xff" + FORM[2:] + struct.pack("<HHL", 22, 16, 4) + b"\1\0" + bytes(14)
    data = b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", form) + chunk(b"data", b"12")
    assert read(data) == ([MONO], b"12")


def withForm(form):
    return b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", form) + chunk(b"data", b"12")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"RIFX" + bytes(100), "does not begin"),
        (b"RIFF\0\0\0\0AVI " + bytes(100), "does not begin"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", b"12"), 'no "fmt "'),
        (withForm(b"\2" + FORM[1:]), "only 1, uncompressed"),
        (withForm(FORM[:10]), "less than 16"),
        (withForm(FORM[:2] + b"\0\0" + FORM[4:]), "0 channels"),
        (withForm(FORM[:14] + b"\x20\0"), "32 bits"),
        (withForm(FORM[:12] + b"\5\0" + FORM[14:]), "5 bytes for"),
        (b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", "too long"),
        (wavHeader(MONO)[:30], "ends within the header"),
    ],
)
def test_invalid_files_are_errors(data, text):
    with pytest.raises(InvalidWAV, match=text):
        read(data)


@given(st.binary())
def test_any_data_is_a_file_or_an_error(data):
    for start in (b"", b"RIFF\0\0\0\0WAVE", wavHeader(MONO)[:-8]):
        reader = WAVReader()
        try:
            assert sum(len(each) for each in reader.feed(start + data)) <= len(start + data)
        except InvalidWAV as error:
            assert error.args  # noqa: PT017


@pytest.mark.parametrize(
    "audio", [AudioFormat(1, "U8", 8000), AudioFormat(1, "S8", -1), AudioFormat(70_000, "S8", 8000)]
)
def test_a_format_that_a_file_cannot_have_is_an_error(audio):
    with pytest.raises(ValueError, match=r"sample format|cannot have"):
        wavHeader(audio)
