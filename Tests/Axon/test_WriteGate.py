"""A gate holds the senders to a component that takes its messages directly."""

from Axon.Component import component
from Axon.Scheduler import scheduler
from Axon.WriteGate import WriteGate


class Sink(component):
    def __init__(self):
        super().__init__()
        self.gate = WriteGate(self)
        self.taken = []
        self.takeDirectly("inbox", self.take)

    def take(self, message):
        self.taken.append(message)
        return self.gate if self.gate.isShut() else None

    def main(self):
        while True:
            yield from self.waitForChange()


class Source(component):
    def main(self):
        for number in range(3):
            self.send(number)
            yield 1


def linkedPair():
    source, sink = Source(), Sink()
    sink.link((source, "outbox"), (sink, "inbox"))
    system = scheduler()
    system.outside = 1  # the gate is opened from outside the system: this is no deadlock
    for each in (sink, source):
        each.activate(Scheduler=system)
    return source, sink, system.main()


def giveTurns(system, count=20):
    for _, _ in zip(range(count), system, strict=False):
        pass


def test_an_open_gate_holds_no_sender():
    source, sink, system = linkedPair()
    giveTurns(system)
    assert sink.taken == [0, 1, 2]
    assert source.hasEnded()


def test_a_shut_gate_holds_a_sender_until_it_opens():
    source, sink, system = linkedPair()
    sink.gate.shut()
    giveTurns(system)
    assert sink.taken == [0]
    assert source.isHeld()
    assert not sink.isHeld()
    sink.gate.open()
    giveTurns(system)
    assert sink.taken == [0, 1, 2]
    assert not source.isHeld()


def test_unhold_wakes_a_sender_while_the_gate_is_shut():
    source, sink, system = linkedPair()
    sink.gate.shut()
    giveTurns(system)
    source.unhold()
    giveTurns(system)
    assert sink.taken == [0, 1]
