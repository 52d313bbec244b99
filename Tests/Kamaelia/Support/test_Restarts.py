"""Restarts within a period."""

from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Restarts import Restarts


@given(gaps=st.lists(st.integers(0, 10)), period=st.integers(1, 20))
def test_restarts_within_the_period_are_counted(gaps: list[int], period: int) -> None:
    restarts, times = Restarts(), []
    for gap in gaps:
        times.append((times[-1] if times else 0) + gap)
        recent = [each for each in times if each > times[-1] - period]
        assert restarts.count(times[-1], period) == len(recent)
