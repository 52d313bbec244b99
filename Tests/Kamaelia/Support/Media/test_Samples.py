import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Media.Samples import AudioBuffer, LowPassFilter, bytesOf, mixed, samplesOf

SAMPLES = st.lists(st.integers(-32768, 32767))


@given(SAMPLES)
def test_samples_survive_the_conversion(samples):
    assert list(samplesOf(bytesOf(samples))) == samples


def test_the_low_byte_comes_first_and_half_a_sample_is_discarded():
    assert list(samplesOf(b"\1\0\xff\xff\7")) == [1, -1]


@given(st.lists(SAMPLES, min_size=1, max_size=4))
def test_sources_are_added_within_the_range_of_a_sample(sources):
    longest = max(map(len, sources))
    sums = [sum(each[at] for each in sources if at < len(each)) for at in range(longest)]
    expected = [min(max(each, -32768), 32767) for each in sums]
    assert list(samplesOf(mixed([bytesOf(each) for each in sources]))) == expected


def test_nothing_mixed_is_nothing():
    assert mixed([]) == b""


@pytest.mark.parametrize(("hertz", "gain"), [(10, 1.0), (1000, 0.5**0.5), (3999, 0.0)])
def test_the_filter_halves_the_power_at_an_eighth_of_the_sample_rate(hertz, gain):
    rate = 8000
    wave = [10_000 * math.sin(2 * math.pi * hertz * at / rate) for at in range(rate)]
    filtered = LowPassFilter().filter(wave)[rate // 2 :]
    power = sum(each**2 for each in filtered) / sum(each**2 for each in wave[rate // 2 :])
    assert math.sqrt(power) == pytest.approx(gain, abs=0.01)


@given(st.lists(st.integers(-100, 100)), st.integers(0, 50))
def test_the_filter_continues_where_it_stopped(samples, cut):
    parts = LowPassFilter()
    assert parts.filter(samples[:cut]) + parts.filter(samples[cut:]) == LowPassFilter().filter(
        samples
    )


def test_a_buffer_becomes_active_at_the_threshold_and_inactive_when_it_is_empty():
    buffer = AudioBuffer(4, 100, b"\0\0")
    buffer.append(b"12")
    assert buffer.pop(2) == b""
    buffer.append(b"34")
    assert buffer.active
    assert buffer.pop(3) == b"123"
    assert buffer.pop(5) == b"4" + bytes(4)
    assert not buffer.active
    assert len(buffer) == 0


def test_the_oldest_whole_samples_are_dropped():
    buffer = AudioBuffer(1, 6, b"\0\0")
    buffer.append(b"123")
    buffer.append(b"45678")
    assert len(buffer) == 6
    assert buffer.pop(6) == b"345678"
    buffer.append(b"1234567")
    assert buffer.pop(5) == b"34567"


@given(st.lists(st.binary(max_size=20)), st.integers(1, 30))
def test_a_buffer_returns_what_was_added(pieces, amount):
    buffer = AudioBuffer(0, 10_000, b"\0")
    for piece in pieces:
        buffer.append(piece)
    data = b"".join(pieces)
    got = b""
    while len(buffer):
        got += buffer.pop(amount)
    assert got.startswith(data)
    assert not got[len(data) :].strip(b"\0")
