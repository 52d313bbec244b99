"""The effects of a simulated broken network on packets."""

from collections import Counter
from random import Random

import pytest

from Axon.testing import FINISHED, feed
from Kamaelia.Internet.Simulate.BrokenNetwork import Duplicate, Reorder, Throwaway

SENT = list(range(1000))


@pytest.mark.parametrize("kind", [Duplicate, Reorder, Throwaway])
def test_the_end_is_passed_on_after_the_last_packet(kind):
    assert feed(kind(random=Random(1)), inbox=[1])["signal"] == [FINISHED]


def test_duplicate_loses_no_packet_and_keeps_the_order():
    got = feed(Duplicate(random=Random(1)), inbox=SENT)["outbox"]
    assert got == sorted(got)
    assert set(got) == set(SENT)
    assert 1000 < len(got) < 1300


def test_throwaway_loses_some_packets():
    got = feed(Throwaway(random=Random(1)), inbox=SENT)["outbox"]
    assert got == sorted(set(got))
    assert 800 < len(got) < 1000


def test_reorder_neither_loses_nor_duplicates_packets():
    got = feed(Reorder(random=Random(1)), inbox=SENT)["outbox"]
    assert Counter(got) == Counter(SENT)
    assert got != SENT
