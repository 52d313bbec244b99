"""Chooser and ForwardIteratingChooser: where they go, and when they end."""

import itertools

import pytest

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Util.Chooser import Chooser, ForwardIteratingChooser


@pytest.mark.parametrize(
    ("orders", "isLoop", "expected"),
    [
        ("", False, "a"),
        ("NEXT NEXT", False, "abc"),
        ("NEXT NEXT NEXT", False, "abc"),
        ("NEXT NEXT NEXT", True, "abca"),
        ("PREV", False, "a"),
        ("PREV", True, "ac"),
        ("LAST PREV FIRST", False, "acba"),
        ("SAME", False, "aa"),
        ("__init__", False, "a"),
    ],
)
def test_a_Chooser_goes_where_it_is_told(orders, isLoop, expected):
    outcome = feed(Chooser("abc", loop=isLoop), inbox=orders.split(), control=[])
    assert outcome["outbox"] == list(expected)


def test_a_Chooser_of_nothing_sends_nothing():
    orders = ["NEXT", "SAME", "LAST", "PREV"]
    assert feed(Chooser(), inbox=orders, control=[])["outbox"] == []
    assert feed(Chooser(loop=True), inbox=orders, control=[])["outbox"] == []


@pytest.mark.parametrize("kind", [Chooser, ForwardIteratingChooser])
def test_a_shutdown_ends_it_and_is_passed_on(kind):
    message = shutdownMicroprocess()
    assert feed(kind("ab"), inbox=["NEXT"], control=[message]) == {
        "outbox": ["a", "b"],
        "signal": [message],
    }


def test_an_iterable_need_not_end():
    outcome = feed(ForwardIteratingChooser(itertools.count()), inbox=["NEXT", "SAME"], control=[])
    assert outcome["outbox"] == [0, 1, 1]


def test_whoever_asks_for_more_than_there_is_ends_it():
    outcome = feed(ForwardIteratingChooser("a"), inbox=["NEXT"], control=[])
    assert outcome["outbox"] == ["a"]
    assert [type(each) for each in outcome["signal"]] == [producerFinished]
