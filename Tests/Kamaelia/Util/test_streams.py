"""Components that generate, name, compare, select and cut the messages of a stream."""

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
    """A component with space for one message, which takes one in each turn after the first few."""

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


def test_a_Chargen_sends_the_same_message_in_each_turn():
    outcome = feed(Chargen(), control=[], until=lambda outcome: len(outcome["outbox"]) == 3)
    assert outcome["outbox"] == ["Hello World"] * 3


@pytest.mark.parametrize("kind", [producerFinished, shutdownMicroprocess])
def test_a_shutdown_message_ends_a_Chargen(kind):
    message = kind()
    assert feed(Chargen(), control=[message])["signal"] == [message]


def test_a_ChunkNamer_numbers_the_names():
    outcome = feed(ChunkNamer("out/", ".txt"), inbox=["A", b"B"])
    assert outcome["outbox"] == [["out/chunk1.txt", "A"], ["out/chunk2.txt", b"B"]]
    assert outcome["signal"] == [FINISHED]


def test_a_Comparator_compares_pairs_in_order():
    outcome = feed(Comparator(), inA=[1, 2, 3, 4], inB=[1, "2", 3])
    assert outcome == {"outbox": [True, False, True], "signal": [FINISHED]}


def test_a_subclass_of_Comparator_may_override_combine():
    class Adder(Comparator):
        def combine(self, valA, valB):
            return valA + valB

    assert feed(Adder(), inA=[1, 2], inB=[10, 20])["outbox"] == [11, 22]


def test_a_Comparator_with_messages_on_one_side_sleeps():
    turns = []

    class Counting(Comparator):
        def isShuttingDown(self):
            turns.append(1)
            return super().isShuttingDown()

    feed(Counting(), inA=[1], control=[])
    assert len(turns) <= 2


def test_a_LossyConnector_discards_messages_without_space():
    lossy = LossyConnector()
    for number in range(4):
        lossy.deliver(number)
    lossy.deliver(FINISHED, "control")
    slow = Slow(lossy)
    slow.run()
    assert (slow.got, slow.signals) == ([0], [FINISHED])


ITEMS = [(number, "x") for number in (0, 1, 5, 6, 8, 12, 13, 3)]
WITHIN = [(number, "x") for number in (1, 5, 8, 12, 3)]


def test_a_RangeFilter_passes_the_messages_in_its_inclusive_ranges():
    outcome = feed(RangeFilter([(1, 5), (8, 12)]), inbox=ITEMS)
    assert outcome == {"outbox": WITHIN, "signal": [FINISHED]}


def test_a_RangeFilter_loses_nothing_when_there_is_no_space():
    some = RangeFilter([(1, 5), (8, 12)])
    for item in ITEMS:
        some.deliver(item)
    some.deliver(FINISHED, "control")
    slow = Slow(some)
    slow.run()
    assert (slow.got, slow.signals) == (WITHIN, [FINISHED])


def test_a_shutdownMicroprocess_ends_a_RangeFilter_that_waits_for_space():
    some, message = RangeFilter([(0, 9)]), shutdownMicroprocess()
    for number in range(3):
        some.deliver((number,))
    some.deliver(message, "control")
    slow = Slow(some)
    slow.run()
    assert (slow.got, slow.signals) == ([(0,)], [message])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_chunks_do_not_depend_on_the_sizes_of_the_received_pieces(size):
    data = bytes(range(100))
    pieces = [data[begin : begin + size] for begin in range(0, 100, size)]
    chunks = feed(RateChunker(50, 4, 5), inbox=pieces)["outbox"]
    assert b"".join(chunks) == data
    # 10 bytes are two and a half quanta of 4 bytes
    assert [len(chunk) for chunk in chunks] == [8, 12] * 5


def test_a_fractional_chunk_size_is_exact_on_average():
    sizes = RateChunker(48000 * 4, 4, 29.97).sizes()
    assert sum(next(sizes) for _ in range(2997)) == 48000 * 4 * 100


def test_the_rest_is_sent_at_a_producerFinished_and_not_at_a_shutdownMicroprocess():
    assert feed(RateChunker(4, 1, 1), inbox=["abcde"])["outbox"] == ["abcd", "e"]
    stop = shutdownMicroprocess()
    outcome = feed(RateChunker(4, 1, 1), inbox=["abcde"], control=[stop])
    assert outcome == {"outbox": ["abcd"], "signal": [stop]}


@pytest.mark.parametrize("rates", [(3, 4, 1), (100, 1, 0), (100, 0, 1), (100, 2, 51)])
def test_chunks_smaller_than_a_quantum_raise_ValueError(rates):
    with pytest.raises(ValueError, match="smaller than a quantum"):
        RateChunker(*rates)
