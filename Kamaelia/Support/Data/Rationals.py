"""Fractions for floating-point numbers, as video formats need them.

Example usage
-------------
    >>> rational(0.75)
    (3, 4)
    >>> rational(29.97)
    (2997, 100)
    >>> limit((1500, 2000), 80, -80)
    (60, 80)

How does it work?
-----------------
A fraction is a pair (numerator, denominator). rational() calculates the convergents of the
continued fraction of a number, and stops at the first that is equal to the number.
"""

import math

__all__ = ["gcd", "limit", "rational"]


def rational(floatval: float, maxdepth: int = 10) -> tuple[int, int]:
    """Return the simplest fraction that is equal to `floatval`, or a close one.

    maxdepth: the number of terms of the continued fraction, at most. Raises ValueError if the
    number is not finite.
    """
    if not math.isfinite(floatval):
        raise ValueError(f"{floatval} is not a finite number, so it has no fraction")
    sign = -1 if floatval < 0 else 1
    rest = wanted = abs(floatval)
    older, newer = (0, 1), (1, 0)
    for _ in range(max(1, maxdepth)):
        whole = int(rest)
        older, newer = newer, (whole * newer[0] + older[0], whole * newer[1] + older[1])
        if newer[0] / newer[1] == wanted or rest == whole:
            break
        rest = 1 / (rest - whole)
    return sign * newer[0], newer[1]


def gcd(a: int, b: int) -> int:
    """Return the greatest common divisor of `a` and `b`."""
    while b:
        a, b = b, a % b
    return a


def limit(rational: tuple[int, int], poslimit: float, neglimit: float) -> tuple[int, int]:
    """Return the fraction, scaled down so that both of its numbers are within the limits.

    poslimit: above 0. neglimit: below 0.
    """
    divisor = max(1.0, *(number / bound for number in rational for bound in (poslimit, neglimit)))
    if divisor > 1:
        return int(rational[0] / divisor), int(rational[1] / divisor)
    return rational
