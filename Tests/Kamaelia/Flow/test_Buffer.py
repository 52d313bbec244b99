"""Buffer and Conflate: what is kept for a receiver that is slow."""

import operator

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Axon.WriteGate import WriteGate
from Kamaelia.Flow.Buffer import Buffer, Conflate
from Tests.Kamaelia.consumers import runInto

KINDS = {
    "Buffer": (lambda: Buffer(3), [7, 8, 9]),
    "dropNewest": (lambda: Buffer(3, "dropNewest"), [0, 1, 2]),
    "Conflate": (Conflate, [9]),
    "combine": (lambda: Conflate(operator.add), [45]),
    "key": (lambda: Conflate(key=lambda number: number % 3), [9, 7, 8]),
    "combine by key": (lambda: Conflate(operator.add, key=lambda number: number % 2), [20, 25]),
}
EACH = pytest.mark.parametrize(("kind", "expected"), KINDS.values(), ids=KINDS)


@EACH
def test_messages_that_no_receiver_has_taken_are_discarded_or_combined(kind, expected):
    outcome = feed(kind(), inbox=range(10))
    assert outcome == {"outbox": expected, "signal": [FINISHED]}


@EACH
@pytest.mark.parametrize("limit", [{}, {"size": 1}, {"capacity": 1}, {"capacity": 5}])
def test_what_is_left_is_sent_as_the_receiver_takes_it(kind, expected, limit):
    made = kind()
    for number in range(10):
        made.deliver(number)
    made.deliver(FINISHED, "control")
    slow = runInto(made, **limit)
    assert (slow.got, slow.signals) == (expected, [FINISHED])
    assert slow.longest == 1


class Fast(component):
    """A producer of the numbers below 1,000, one in each turn."""

    count = 1000

    def main(self):
        for number in range(self.count):
            self.send(number)
            yield 1
        self.send(producerFinished(), "signal")


@pytest.mark.parametrize("limit", [{}, {"size": 1}, {"capacity": 1}])
def test_a_fast_producer_is_not_held_and_the_newest_messages_arrive(limit):
    fast, buffer = Fast(), Buffer(5)
    fast.link((fast, "outbox"), (buffer, "inbox"), capacity=1)
    fast.link((fast, "signal"), (buffer, "control"))
    fast.activate()
    slow = runInto(buffer, **limit)
    assert slow.got[-5:] == list(range(995, 1000))
    assert slow.got == sorted(slow.got)
    assert len(slow.got) + buffer.discarded == 1000
    assert buffer.discarded > 800


class Peer(component):
    """A receiver at the edge of the system, such as a connection whose peer does not read."""

    def __init__(self):
        super().__init__()
        self.gate, self.got, self.isOpen = WriteGate(self), [], False
        self.takeDirectly("inbox", self.write)

    def write(self, message):
        self.got.append(message)
        if not self.isOpen:
            self.gate.shut()
        return self.gate

    def main(self):
        for _ in range(500):
            yield 1
        self.isOpen = True
        self.gate.open()
        yield from self.waitForMessage("control")


def test_the_memory_stays_bounded_while_the_connection_behind_it_is_full():
    fast, buffer, peer = Fast(), Buffer(5), Peer()
    for source, sink in ((fast, buffer), (buffer, peer)):
        peer.link((source, "outbox"), (sink, "inbox"))
        peer.link((source, "signal"), (sink, "control"))
    fast.activate()
    buffer.activate()
    peer.run()
    assert peer.got[-1] == 999
    assert buffer.discarded > 300
    assert len(peer.got) + buffer.discarded == 1000


@EACH
def test_a_shutdownMicroprocess_discards_what_waits(kind, expected):
    message = shutdownMicroprocess()
    made = kind()
    for number in range(10):
        made.deliver(number)
    made.deliver(message, "control")
    slow = runInto(made)
    assert (slow.got, slow.signals) == ([], [message])


@EACH
def test_other_messages_to_control_are_ignored(kind, expected):
    outcome = feed(kind(), inbox=range(10), control=["else", FINISHED])
    assert outcome == {"outbox": expected, "signal": [FINISHED]}


def test_an_error_of_a_function_is_an_error_of_the_Conflate_and_not_of_its_sender():
    fast, made = Fast(count=3), Conflate(lambda old, new: 1 // 0)
    fast.link((fast, "outbox"), (made, "inbox"))
    fast.activate()
    made.deliver(1)
    with pytest.raises(ZeroDivisionError) as caught:
        made.run()
    assert made.name in "".join(caught.value.__notes__)


def test_a_Buffer_sleeps_while_nothing_happens():
    turns = []

    class Counted(Buffer):
        def pause(self, timeout=None):
            turns.append(1)
            return super().pause(timeout)

    feed(Counted(1), inbox=[1], control=())
    assert len(turns) <= 3


@pytest.mark.parametrize("wrong", [(0,), (3, "dropAll")])
def test_a_Buffer_without_a_valid_limit_raises_ValueError(wrong):
    with pytest.raises(ValueError, match=r"at least 1 message|dropOldest, dropNewest"):
        Buffer(*wrong)
