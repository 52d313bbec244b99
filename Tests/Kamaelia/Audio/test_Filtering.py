import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.testing import feed
from Kamaelia.Audio.Filtering import LPF, convert, convertback


@given(st.binary(), st.integers(1, 7))
def test_the_result_does_not_depend_on_how_the_samples_are_cut(data, size):
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    outcome = feed(LPF(), inbox=pieces)
    assert b"".join(outcome["outbox"]) == b"".join(feed(LPF(), inbox=[data])["outbox"])


def test_a_constant_passes_and_the_fastest_change_does_not():
    constant, change = convertback([1000] * 200), convertback([1000, -1000] * 100)
    (passed,) = feed(LPF(), inbox=[constant])["outbox"]
    (stopped,) = feed(LPF(), inbox=[change])["outbox"]
    assert convert(passed)[-10:] == pytest.approx([1000] * 10, abs=1)
    assert convert(stopped)[-10:] == pytest.approx([0] * 10, abs=1)


def test_samples_out_of_range_become_the_nearest_in_range():
    assert convert(convertback([40_000, -40_000, 1.9])) == [32767, -32768, 1]
