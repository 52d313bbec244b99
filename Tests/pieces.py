"""Data in pieces, as a network may split it."""

from collections.abc import Iterable
from itertools import pairwise


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Return data that is cut at these places; those beyond its end do not count."""
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]
