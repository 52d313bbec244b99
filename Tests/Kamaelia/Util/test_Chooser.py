"""Chooser and ForwardIteratingChooser: the effect of each command, and the end."""

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
def test_a_Chooser_sends_the_item_that_each_command_selects(orders, isLoop, expected):
    outcome = feed(Chooser("abc", loop=isLoop), inbox=orders.split(), control=[])
    assert outcome["outbox"] == list(expected)


def test_an_empty_Chooser_sends_nothing():
    orders = ["NEXT", "SAME", "LAST", "PREV"]
    assert feed(Chooser(), inbox=orders, control=[])["outbox"] == []
    assert feed(Chooser(loop=True), inbox=orders, control=[])["outbox"] == []


@pytest.mark.parametrize("kind", [Chooser, ForwardIteratingChooser])
def test_a_shutdown_message_ends_a_Chooser_and_is_passed_on(kind):
    message = shutdownMicroprocess()
    assert feed(kind("ab"), inbox=["NEXT"], control=[message]) == {
        "outbox": ["a", "b"],
        "signal": [message],
    }


def test_the_items_may_be_an_endless_iterable():
    outcome = feed(ForwardIteratingChooser(itertools.count()), inbox=["NEXT", "SAME"], control=[])
    assert outcome["outbox"] == [0, 1, 1]


def test_a_NEXT_after_the_last_item_ends_a_ForwardIteratingChooser():
    outcome = feed(ForwardIteratingChooser("a"), inbox=["NEXT"], control=[])
    assert outcome["outbox"] == ["a"]
    assert [type(each) for each in outcome["signal"]] == [producerFinished]
