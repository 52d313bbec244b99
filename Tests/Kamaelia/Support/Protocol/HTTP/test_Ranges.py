"""Ranges of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.HTTP.Ranges import Unsatisfiable, contentRange, rangesOf


@pytest.mark.parametrize(
    ("field", "ranges"),
    [
        ("bytes=0-4", [(0, 5)]),
        ("bytes=5-", [(5, 10)]),
        ("bytes=-3", [(7, 10)]),
        ("bytes=-30", [(0, 10)]),
        ("bytes=5-300", [(5, 10)]),
        ("Bytes = 0-0 , 9-9", [(0, 1), (9, 10)]),
        ("bytes=4-6,0-3", [(0, 7)]),
        ("bytes=0-1,99-", [(0, 2)]),
        ("items=0-4", None),
        ("bytes=4-2", None),
        ("bytes=a-b", None),
        ("bytes=-", None),
        ("bytes=", None),
        ("bytes=1-2-3", None),
        ("bytes=" + ",".join(["0-1"] * 17), None),
        ("bytes=0-" + "9" * 30, None),
    ],
)
def test_a_header_field_means_these_ranges_of_ten_bytes(field, ranges):
    assert rangesOf(field, 10) == ranges


@pytest.mark.parametrize("field", ["bytes=10-", "bytes=10-20,11-", "bytes=-0"])
def test_ranges_beyond_the_end_cannot_be_satisfied(field):
    with pytest.raises(Unsatisfiable):
        rangesOf(field, 10)


@given(st.text(alphabet="0123456789-,= bytes", max_size=30), st.integers(0, 99))
def test_ranges_are_always_within_the_size(field, size):
    for text in (field, f"bytes={field}"):
        try:
            ranges = rangesOf(text, size) or []
        except Unsatisfiable:
            continue
        assert all(0 <= start < end <= size for start, end in ranges)
        assert ranges == sorted(ranges)


def test_a_range_is_described_with_its_last_byte():
    assert contentRange((0, 5), 10) == "bytes 0-4/10"
    assert contentRange(None, 10) == "bytes */10"
