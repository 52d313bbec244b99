import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SequenceOrder import SequenceOrder


def through(order, items):
    """Return what leaves while the items (number, data) arrive, and at the end."""
    left = []
    for number, data in items:
        left += order.add(number, data)
    return left + order.rest()


def shuffledWithin(items, distance, seed):
    """Return the items, each at most `distance` places from its own."""
    chance = random.Random(seed)
    places = [(at + chance.uniform(0, distance), item) for at, item in enumerate(items)]
    return [item for _, item in sorted(places, key=lambda pair: pair[0])]


@given(st.integers(0, 65535), st.integers(0, 300), st.integers())
def test_items_that_are_at_most_a_buffer_away_are_put_in_order_across_the_wrap(start, count, seed):
    items = [((start + at) % 65536, at) for at in range(count)]
    # The first item is a fixed point: before it, there is nothing to compare with.
    mixed = items[:1] + shuffledWithin(items[1:], 8, seed)
    assert through(SequenceOrder(size=16, modulo=65536), mixed) == items


@given(st.lists(st.integers(0, 50), unique=True))
def test_items_that_fit_in_the_buffer_are_sorted(numbers):
    items = [(number, str(number)) for number in numbers]
    assert through(SequenceOrder(size=100, modulo=None), items) == sorted(items)


@given(st.integers(0, 200), st.integers())
def test_second_copies_are_discarded(count, seed):
    items = [(number, str(number)) for number in range(count)]
    twice = shuffledWithin([each for item in items for each in (item, item)], 6, seed)
    assert through(SequenceOrder(size=20), twice) == items


def test_different_data_with_the_same_number_is_kept_even_if_it_cannot_be_compared():
    assert through(SequenceOrder(), [(1, {}), (1, []), (1, {})]) == [(1, {}), (1, [])]


def test_an_item_that_is_too_late_leaves_at_once():
    order = SequenceOrder(size=2)
    left = [*order.add(10, "a"), *order.add(11, "b"), *order.add(12, "c")]
    assert left == [(10, "a"), (11, "b")]
    assert order.add(5, "late") == [(5, "late")]
    assert order.rest() == [(12, "c")]


def test_the_earliest_leaves_when_the_buffer_is_full():
    order = SequenceOrder(size=3, modulo=65536)
    assert [order.add(65535, "a"), order.add(1, "c"), order.add(0, "b")] == [[], [], [(65535, "a")]]
    assert order.rest() == [(0, "b"), (1, "c")]


@given(st.lists(st.tuples(st.integers(), st.integers(0, 3))), st.integers(1, 5))
def test_any_numbers_are_kept_within_bounds(items, size):
    order = SequenceOrder(size=size, modulo=8)
    left = [each for item in items for each in order.add(*item)]
    rest = order.rest()
    assert len(rest) < size
    assert set(left + rest) == set(items)


def test_a_buffer_of_no_items_is_an_error():
    with pytest.raises(ValueError, match="at least 1"):
        SequenceOrder(size=0)
