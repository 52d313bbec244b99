"""Tests for the values that handlers of a class share."""

from types import SimpleNamespace
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Policy.DerivedValue import DerivedValue


class Counted:
    """A function that derives the sum of two settings, and counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, settings: Any) -> int:
        self.calls += 1
        return int(settings.first) + sum(settings.others)


@pytest.fixture
def derive() -> Counted:
    return Counted()


@pytest.fixture
def total(derive: Counted) -> DerivedValue[int]:
    return DerivedValue(derive, "first", "others")


def test_a_value_is_derived_once_for_equal_settings(
    derive: Counted, total: DerivedValue[int]
) -> None:
    handlers = [SimpleNamespace(first=1, others=[2, 3]) for _ in range(3)]
    assert [total.of(each) for each in handlers] == [6, 6, 6]
    assert derive.calls == 1


def test_a_setting_that_differs_is_noticed(derive: Counted, total: DerivedValue[int]) -> None:
    assert total.of(SimpleNamespace(first=1, others=())) == 1
    assert total.of(SimpleNamespace(first=2, others=())) == 2
    assert total.of(SimpleNamespace(first=1, others=())) == 1


def test_a_change_within_a_list_is_noticed(derive: Counted, total: DerivedValue[int]) -> None:
    handler = SimpleNamespace(first=1, others=[2])
    assert total.of(handler) == 3
    handler.others.append(4)
    assert total.of(handler) == 7


def test_a_value_that_cannot_be_derived_raises_each_time(total: DerivedValue[int]) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            total.of(SimpleNamespace(first="one", others=()))


def test_a_failure_does_not_replace_the_value_of_other_settings(
    derive: Counted, total: DerivedValue[int]
) -> None:
    good = SimpleNamespace(first=1, others=())
    assert total.of(good) == 1
    with pytest.raises(ValueError, match="invalid literal"):
        total.of(SimpleNamespace(first="one", others=()))
    assert total.of(good) == 1
    assert derive.calls == 2


def test_a_name_may_have_dots() -> None:
    revision = DerivedValue(lambda settings: settings.offers.revision, "offers.revision", "name")
    handler = SimpleNamespace(offers=SimpleNamespace(revision=1), name="")
    assert revision.of(handler) == 1
    handler.offers.revision = 2
    assert revision.of(handler) == 2
