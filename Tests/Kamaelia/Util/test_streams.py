"""Components that generate, name, compare, choose and cut what streams through them."""

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Util.Chargen import Chargen
from Kamaelia.Util.ChunkNamer import ChunkNamer
from Kamaelia.Util.Comparator import Comparator
from Kamaelia.Util.LossyConnector import LossyConnector
from Kamaelia.Util.RangeFilter import RangeFilter
from Kamaelia.Util.RateChunker import RateChunker


class Slow(component):
    """Has room for one message; takes one at each of its turns after the first few."""

    def __init__(self, source, delay=5):
        super().__init__()
        self.source, self.delay, self.got, self.signals = source, delay, [], []
        self.setInboxSize("inbox", 1)
        self.link((source, "outbox"), (self, "inbox"))
        self.link((source, "signal"), (self, "control"))

    def main(self):
        self.source.activate()
        for _ in range(self.delay):
            yield 1
        while not self.dataReady("control") or self.dataReady():
            if self.dataReady():
                self.got.append(self.recv())
            yield 1
        self.signals += self.Inbox("control")


def test_a_Chargen_says_the_same_for_ever():
    outcome = feed(Chargen(), control=[], until=lambda outcome: len(outcome["outbox"]) == 3)
    assert outcome["outbox"] == ["Hello World"] * 3


@pytest.mark.parametrize("kind", [producerFinished, shutdownMicroprocess])
def test_an_end_ends_a_Chargen(kind):
    message = kind()
    assert feed(Chargen(), control=[message])["signal"] == [message]


def test_a_ChunkNamer_counts_names_up():
    outcome = feed(ChunkNamer("out/", ".txt"), inbox=["A", b"B"])
    assert outcome["outbox"] == [["out/chunk1.txt", "A"], ["out/chunk2.txt", b"B"]]
    assert outcome["signal"] == [FINISHED]


def test_a_Comparator_waits_for_pairs_and_compares_them_in_order():
    outcome = feed(Comparator(), inA=[1, 2, 3, 4], inB=[1, "2", 3])
    assert outcome == {"outbox": [True, False, True], "signal": [FINISHED]}


def test_a_subclass_of_Comparator_may_do_something_else_with_a_pair():
    class Adder(Comparator):
        def combine(self, valA, valB):
            return valA + valB

    assert feed(Adder(), inA=[1, 2], inB=[10, 20])["outbox"] == [11, 22]


def test_a_Comparator_with_one_side_only_makes_no_turns():
    turns = []

    class Counting(Comparator):
        def isShuttingDown(self):
            turns.append(1)
            return super().isShuttingDown()

    feed(Counting(), inA=[1], control=[])
    assert len(turns) <= 2


def test_a_LossyConnector_loses_what_there_is_no_room_for():
    lossy = LossyConnector()
    for number in range(4):
        lossy._deliver(number)
    lossy._deliver(FINISHED, "control")
    slow = Slow(lossy)
    slow.run()
    assert (slow.got, slow.signals) == ([0], [FINISHED])


ITEMS = [(number, "x") for number in (0, 1, 5, 6, 8, 12, 13, 3)]
WITHIN = [(number, "x") for number in (1, 5, 8, 12, 3)]


def test_a_RangeFilter_lets_through_what_is_in_a_range_with_its_limits():
    outcome = feed(RangeFilter([(1, 5), (8, 12)]), inbox=ITEMS)
    assert outcome == {"outbox": WITHIN, "signal": [FINISHED]}


def test_a_RangeFilter_loses_nothing_when_there_is_no_space():
    some = RangeFilter([(1, 5), (8, 12)])
    for item in ITEMS:
        some._deliver(item)
    some._deliver(FINISHED, "control")
    slow = Slow(some)
    slow.run()
    assert (slow.got, slow.signals) == (WITHIN, [FINISHED])


def test_a_shutdown_ends_a_RangeFilter_that_waits_for_space():
    some, message = RangeFilter([(0, 9)]), shutdownMicroprocess()
    for number in range(3):
        some._deliver((number,))
    some._deliver(message, "control")
    slow = Slow(some)
    slow.run()
    assert (slow.got, slow.signals) == ([(0,)], [message])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_chunks_do_not_depend_on_how_the_data_comes(size):
    data = bytes(range(100))
    pieces = [data[begin : begin + size] for begin in range(0, 100, size)]
    chunks = feed(RateChunker(50, 4, 5), inbox=pieces)["outbox"]
    assert b"".join(chunks) == data
    # 10 bytes are two and a half quanta of 4
    assert [len(chunk) for chunk in chunks] == [8, 12] * 5


def test_a_rate_that_is_no_whole_number_does_not_drift():
    sizes = RateChunker(48000 * 4, 4, 29.97).sizes()
    assert sum(next(sizes) for _ in range(2997)) == 48000 * 4 * 100


def test_what_is_left_comes_at_a_producerFinished_and_not_at_a_shutdown():
    assert feed(RateChunker(4, 1, 1), inbox=["abcde"])["outbox"] == ["abcd", "e"]
    stop = shutdownMicroprocess()
    outcome = feed(RateChunker(4, 1, 1), inbox=["abcde"], control=[stop])
    assert outcome == {"outbox": ["abcd"], "signal": [stop]}


@pytest.mark.parametrize("rates", [(3, 4, 1), (100, 1, 0), (100, 0, 1), (100, 2, 51)])
def test_chunks_of_nothing_are_refused(rates):
    with pytest.raises(ValueError, match="smaller than a quantum"):
        RateChunker(*rates)
