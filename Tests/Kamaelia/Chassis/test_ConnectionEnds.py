"""Chassis remove components that have ended: in linear time and without a leak."""

import itertools
import sys

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.PAR import PAR
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Chassis.Supervisor import Supervisor
from Kamaelia.Util.PassThrough import PassThrough


class Once(component):
    """End in the first turn."""

    def main(self):
        yield 1


class Stays(component):
    """End at a shutdownMicroprocess."""

    def main(self):
        while not any(isinstance(each, shutdownMicroprocess) for each in self.Inbox("control")):
            yield from self.waitForChange()


def pipeline(size):
    return Pipeline(*(PassThrough() for _ in range(size)))


def graphline(size):
    names = [f"part{number:05}x{number:05}" for number in range(size)]
    linkages = {}
    for one, following in itertools.pairwise(names):
        linkages[one, "outbox"] = (following, "inbox")
        linkages[one, "signal"] = (following, "control")
    return Graphline(linkages=linkages, **{name: PassThrough() for name in names})


def instructionsOf(work):
    """Return the number of Python instructions that `work()` executes."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def instructionsToEnd(whole):
    """Run `whole` until it waits, and return the number of instructions until it has ended."""
    turns = whole.activate().scheduler.main()
    while any(each._isRunnable() for each in scheduler.run.listAllThreads()):
        next(turns)
    whole._deliver(producerFinished(), "control")
    return instructionsOf(lambda: list(turns))


def instructionsToRemove(size):
    """Return the number of instructions to remove children that have ended."""
    parent, children = component(), [Once() for _ in range(size)]
    parent.addChildren(*children)
    for each in children:
        each.activate()
    scheduler.run.runThreads()

    def remove():
        for each in children:
            parent.removeChild(each)

    count = instructionsOf(remove)
    assert parent.children == []
    return count


@pytest.mark.parametrize("make", [pipeline, graphline])
def test_four_times_as_many_components_take_four_times_as_long_to_end(make):
    assert instructionsToEnd(make(240)) < 5 * instructionsToEnd(make(60))


def test_a_component_removes_each_child_that_has_ended_in_constant_time():
    assert instructionsToRemove(400) < 5 * instructionsToRemove(100)


class Compared(component):
    """End after some turns, and count the comparisons with other components."""

    comparisons = 0
    __hash__ = component.__hash__

    def __eq__(self, other):
        type(self).comparisons += 1
        return self is other

    def main(self):
        for _ in range(self.turns):
            yield 1


@pytest.mark.parametrize(
    "make",
    [
        lambda parts: Pipeline(*parts),
        lambda parts: Graphline(
            linkages={},
            **{f"part{number:05}x{number:05}": each for number, each in enumerate(parts)},
        ),
        lambda parts: PAR(*parts),
    ],
)
def test_components_are_removed_without_a_search_in_whatever_order_they_end(make):
    class Each(Compared):
        """A subclass with counters for this test."""

    parts = [Each(turns=100 - number) for number in range(100)]
    make(parts).run()
    assert Each.comparisons < 300


def keepSending(whole, receiver, boxname):
    """Send to `whole` long after `receiver` has ended; return the number of messages kept."""

    class Sender(component):
        def main(self):
            while not receiver._isStopped():
                yield 1
            for _ in range(5):
                yield 1
            for number in range(100):
                whole._deliver(number, boxname)
                yield 1
            whole._deliver(shutdownMicroprocess(), "control")

    Sender().activate()
    feed(whole, control=[])
    return receiver.dataReady("inbox") + receiver.dataReady("control"), whole.dataReady(boxname)


def inGraphline(receiver, boxname):
    return Graphline(
        RECEIVER=receiver,
        OTHER=Stays(),
        linkages={("self", boxname): ("RECEIVER", "inbox")},
    )


def inSupervisor(receiver, boxname):
    return Supervisor(
        RECEIVER=lambda: receiver,
        OTHER=Stays,
        linkages={("self", boxname): ("RECEIVER", "inbox")},
    )


@pytest.mark.parametrize("make", [inGraphline, inSupervisor])
@pytest.mark.parametrize("boxname", ["inbox", "numbers"])
def test_messages_to_a_component_that_has_ended_are_discarded(make, boxname):
    receiver = Once()
    assert keepSending(make(receiver, boxname), receiver, boxname) == (0, 0)


@pytest.mark.parametrize("make", [inGraphline, inSupervisor])
def test_control_messages_go_to_the_components_that_still_run(make):
    receiver = Once()
    waiting, _ = keepSending(make(receiver, "inbox"), receiver, "control")
    assert waiting == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda source, sink: Pipeline(source, sink),
        lambda source, sink: Graphline(
            SOURCE=source, SINK=sink, linkages={("SOURCE", "outbox"): ("SINK", "inbox")}
        ),
    ],
)
def test_a_source_does_not_fill_the_inbox_of_a_sink_that_has_ended(make):
    class Source(component):
        def main(self):
            for number in range(1000):
                self.send(number)
                yield 1

    sink = Once()
    make(Source(), sink).run()
    assert sink.dataReady() < 10


def test_a_child_that_was_stopped_before_its_activation_does_not_keep_its_parent_running():
    never = Once()
    never.stop()
    feed(Pipeline(Once(), never))
    late = Once()
    whole = Graphline(A=Once(), B=late, linkages={})
    whole.addChildren(late)
    late.stop()
    feed(whole)
