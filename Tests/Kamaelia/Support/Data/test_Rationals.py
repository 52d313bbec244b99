import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Data.Rationals import gcd, limit, rational

COUNTS = st.integers(1, 10_000)


@pytest.mark.parametrize(
    ("number", "fraction"),
    [
        (0.75, (3, 4)),
        (-0.75, (-3, 4)),
        (25.0, (25, 1)),
        (0, (0, 1)),
        (29.97, (2997, 100)),
        (30000 / 1001, (30000, 1001)),
        (1 / 3, (1, 3)),
    ],
)
def test_a_number_becomes_the_simplest_fraction(number, fraction):
    assert rational(number) == fraction


@given(COUNTS, COUNTS)
def test_a_quotient_of_two_numbers_becomes_exactly_their_fraction(numerator, denominator):
    assert Fraction(*rational(numerator / denominator, 40)) == Fraction(numerator, denominator)


@given(st.floats(1e-6, 1e6))
def test_any_number_is_close_to_its_fraction(number):
    numerator, denominator = rational(number)
    assert math.isclose(numerator / denominator, number, rel_tol=1e-3)


@pytest.mark.parametrize("number", [math.inf, math.nan])
def test_a_number_that_is_not_finite_is_an_error(number):
    with pytest.raises(ValueError, match="not a finite number"):
        rational(number)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_gcd_is_the_greatest_common_divisor(one, other):
    assert gcd(one, other) == math.gcd(one, other)


def test_a_fraction_is_scaled_down_into_the_limits():
    assert limit((1500, 2000), 80, -80) == (60, 80)
    assert limit((-1500, 20), 80, -100) == (-100, 1)
    assert limit((3, 4), 80, -80) == (3, 4)
