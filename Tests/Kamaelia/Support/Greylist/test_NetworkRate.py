"""How often the clients of one network may do something within a time."""

import pytest

from Kamaelia.Support.Greylist import NetworkRate as module
from Kamaelia.Support.Greylist.NetworkRate import NetworkRate
from Kamaelia.Support.Greylist.Rules import HOUR


def test_a_network_reaches_the_limit_and_no_other_does():
    limit = NetworkRate(3, HOUR)
    for number in range(3):
        assert not limit.isReached("192.0.2.1", number)
        limit.count(f"192.0.2.{number}", number)
    assert limit.isReached("192.0.2.77", 3)
    assert not limit.isReached("192.0.3.77", 3)


@pytest.mark.parametrize(
    ("one", "other", "isSame"),
    [
        ("2001:db8:1:1::1", "2001:db8:1:2::1", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("localhost", "localhost", True),
        ("localhost", "otherhost", False),
    ],
)
def test_a_network_is_what_one_site_has(one, other, isSame):
    limit = NetworkRate(1, HOUR)
    limit.count(one, 0)
    assert limit.isReached(other, 1) is isSame


@pytest.mark.parametrize(("later", "isReached"), [(3599.0, True), (3600.0, False), (-3601, False)])
def test_an_hour_after_the_first_triple_it_may_add_more(later, isReached):
    limit = NetworkRate(1, HOUR)
    limit.count("192.0.2.1", 0.0)
    assert limit.isReached("192.0.2.1", later) is isReached
    if not isReached:
        limit.count("192.0.2.1", later)
        assert limit.isReached("192.0.2.1", later + 1)


def test_without_a_limit_none_is_reached_and_nothing_is_kept():
    limit = NetworkRate(0, HOUR)
    limit.count("192.0.2.1", 0)
    assert not limit.isReached("192.0.2.1", 0)
    assert not limit._windows


def test_the_networks_that_are_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    limit = NetworkRate(1, HOUR)
    for number in range(5):
        limit.count(f"10.0.{number}.1", number)
    assert len(limit._windows) == 2
    assert limit.isReached("10.0.4.1", 5)
    assert not limit.isReached("10.0.0.1", 5)
