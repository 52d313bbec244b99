"""Boxes: inboxes that store, outboxes that lead to them, and what stands in for either."""

import logging
from typing import Any

import pytest

from Axon.AxonExceptions import BoxAlreadyLinkedToDestination, noSpaceInBox, noSuchBox
from Axon.Box import NULL, linkAll, linkPlaces, makeInbox, makeOutbox, passOn, realsink
from Axon.Component import component
from Axon.Scheduler import scheduler
from Axon.WriteGate import WriteGate


class Hears:
    """Counts what a task is told."""

    def __init__(self):
        self.heard = 0

    def messageArrived(self, isUrgent):
        self.heard += 1


def test_an_inbox_stores_first_in_first_out():
    box = makeInbox(Hears())
    for number in range(3):
        box.append(number)
    assert (len(box), box.popleft(), box.pop(0), box.pop()) == (3, 0, 1, 2)
    with pytest.raises(IndexError):
        box.popleft()


def test_each_inbox_is_itself_whatever_it_holds():
    first, second = makeInbox(Hears()), makeInbox(Hears())
    assert first != second
    assert len({first, second}) == 2


def test_a_size_makes_it_full():
    box = makeInbox(Hears(), size=1)
    assert (box.getSize(), box.isFull()) == (1, False)
    box.append("x")
    assert box.isFull()
    with pytest.raises(noSpaceInBox, match="holds 1 messages and takes at most 1"):
        box.append("y")
    box.setSize(None)
    box.append("y")
    assert (box.getSize(), len(box)) == (None, 2)


def test_only_a_box_with_a_limit_pays_for_it():
    box = makeInbox(Hears())
    assert type(box) is realsink
    box.setCapacity(3)
    assert type(box) is not realsink
    box.setCapacity(None)
    assert type(box) is realsink


def test_an_unlinked_outbox_discards_and_is_empty():
    box = makeOutbox()
    assert box is NULL
    box.append("gone")
    assert len(box) == 0
    with pytest.raises(IndexError):
        box.pop(0)


def test_an_inbox_knows_the_feeders_along_the_whole_chain():
    outer, inner, sink, other = (component() for _ in range(4))
    sink.link((inner, "outbox"), (outer, "outbox"), passthrough=2)
    sink.link((outer, "outbox"), (sink, "inbox"))
    joint = sink.link((other, "outbox"), (sink, "inbox"))
    tasks = {each._task for each in (inner, outer, other)}
    assert set(sink.inboxes["inbox"].getnotifys()) == tasks
    sink.unlink(thelinkage=joint)
    assert set(sink.inboxes["inbox"].getnotifys()) == tasks - {other._task}


def test_messages_that_are_taken_directly_never_wait():
    source, edge, taken = component(), component(), []
    edge._deliver("before")
    source.link((source, "outbox"), (edge, "inbox"))
    edge.takeDirectly("inbox", taken.append)
    source.send("after")
    assert taken == ["before", "after"]
    assert not edge.dataReady()
    with pytest.raises(IndexError):
        edge.recv()


# Inboxes of components that have ended


class Short(component):
    def main(self):
        yield 1


def ended(**options):
    """A component that sends to one that has ended, and that one."""
    source, sink = component(), Short().activate()
    source.link((source, "outbox"), (sink, "inbox"), **options)
    scheduler.run.runThreads()
    assert not sink._task.isAlive()
    return source, sink


def test_the_inbox_of_an_ended_component_holds_no_more_than_its_capacity_and_counts_the_rest():
    source, sink = ended(capacity=3)
    for number in range(10):
        source.send(number)
    assert list(sink.inboxes["inbox"]) == [0, 1, 2]
    assert sink.inboxes["inbox"].discarded == 7
    assert sink.recv() == 0
    source.send("room again")
    assert list(sink.Inbox()) == [1, 2, "room again"]


def test_a_capacity_that_is_set_after_the_end_counts_too():
    source, sink = ended()
    sink.setInboxCapacity("inbox", 2)
    for number in range(5):
        source.send(number)
    assert list(sink.Inbox()) == [0, 1]


def test_an_ended_component_holds_no_sender():
    source, sink = component(), Short().activate()
    source.link((source, "outbox"), (sink, "inbox"), capacity=1)
    turns = []

    class Sends(component):
        def main(self):
            for number in range(10):
                self.send(number)
                turns.append(number)
                yield 1

    sends = Sends().activate()
    sends.link((sends, "outbox"), (sink, "inbox"), capacity=1)
    scheduler.run.runThreads()
    assert turns == list(range(10))
    assert sink.dataReady() == 1


def test_a_plain_inbox_of_an_ended_component_keeps_all_and_its_size_is_still_a_limit():
    source, sink = ended()
    for number in range(20):
        source.send(number)
    assert list(sink.Inbox()) == list(range(20))
    sink.setInboxSize("inbox", 1)
    source.send("x")
    with pytest.raises(noSpaceInBox):
        source.send("y")


def test_messages_that_move_to_the_inbox_of_an_ended_component_are_limited():
    _, sink = ended(capacity=2)
    outer = component()
    for number in range(5):
        outer._deliver(number)
    outer.link((outer, "inbox"), (sink, "inbox"), passthrough=1)
    assert list(sink.Inbox()) == [0, 1]


@pytest.mark.parametrize("isKept", [True, False])
def test_the_log_names_a_component_that_was_sent_a_thousand_messages_since_it_ended(caplog, isKept):
    source, sink = ended(capacity=10)
    name = sink.name
    sink.link((source, "signal"), (sink, "control"))
    if not isKept:
        del sink
    with caplog.at_level(logging.WARNING, "Axon"):
        for _ in range(499):
            source.send("x"), source.send("x", "signal")
        source.send("x")
        assert caplog.messages == []
        for _ in range(1500):
            source.send("x")
    assert caplog.messages == [
        f"{name} has been sent 1000 messages since it ended: unlink it (491 were discarded)"
    ]


# Capacities of a component's own


def test_a_component_may_give_its_inbox_a_capacity_from_the_start():
    class Slow(component):
        deepest = 0

        def __init__(self):
            super().__init__()
            self.setInboxCapacity("inbox", 4)

        def main(self):
            for _ in range(100):
                yield from self.waitForMessage()
                self.deepest = max(self.deepest, self.dataReady())
                self.recv()
                yield 1

    class Quick(component):
        def main(self):
            for number in range(50):
                self.send(number)
                yield 1

    slow = Slow().activate()
    for _ in range(2):
        quick = Quick().activate()
        quick.link((quick, "outbox"), (slow, "inbox"))
    scheduler.run.runThreads()
    assert 4 <= slow.deepest <= 5


@pytest.mark.parametrize(
    ("boxname", "capacity", "error"), [("x", 1, noSuchBox), ("inbox", 0, ValueError)]
)
def test_a_capacity_that_cannot_be_is_an_error(boxname, capacity, error):
    with pytest.raises(error):
        component().setInboxCapacity(boxname, capacity)


# Many boxes


@pytest.mark.parametrize("count", [1, 2, 5, 9])
@pytest.mark.parametrize("order", [1, -1, 2])
def test_any_number_of_sources_feed_one_inbox_and_leave_in_any_order(count, order):
    sink, sources = component(), [component() for _ in range(count)]
    joints = [sink.link((each, "outbox"), (sink, "inbox")) for each in sources]
    twice = sink.link((sources[0], "signal"), (sink, "inbox"))
    left = {each._task for each in sources}
    for index in range(count):
        at = index * order % count if count % 2 else index
        assert set(sink.inboxes["inbox"].getnotifys()) == left
        sink.unlink(thelinkage=joints[at])
        if at:
            left.discard(sources[at]._task)
    assert set(sink.inboxes["inbox"].getnotifys()) == {sources[0]._task}
    sink.unlink(thelinkage=twice)
    assert sink.inboxes["inbox"].getnotifys() == []
    assert not sink.inboxes["inbox"].isLinked()


@pytest.mark.parametrize("count", [1, 4, 5, 50])
def test_any_number_of_outboxes_can_be_linked_and_linked_again(count):
    names = [f"o{number}" for number in range(count)]
    source = type("Many", (component,), {"Outboxes": names})()
    sink = component()
    for _ in range(2):
        for name in names:
            source.link((source, name), (sink, "inbox"))
            source.send(name, name)
        assert list(sink.Inbox()) == names
        assert {each.boxname for each in source.linkedOutboxes()} == set(names)
        source.unlink(sink)


def test_one_turn_wakes_the_feeders_of_an_inbox_again_after_one_was_added():
    run, taken = scheduler(), []

    class Feeder(component):
        turns = 0

        def main(self):
            while True:
                self.turns += 1
                yield self.pause()

    class Consumer(component):
        def main(self):
            yield from self.waitForChange()
            taken.append(self.recv())
            self.link((late, "outbox"), (self, "inbox"))
            taken.append(self.recv())
            yield from self.waitForChange()
            taken.append(self.recv())

    feeders, late, sink = [Feeder() for _ in range(3)], Feeder(), Consumer()
    for feeder in feeders:
        feeder.link((feeder, "outbox"), (sink, "inbox"))
    for part in (*feeders, late, sink):
        part.activate(Scheduler=run)
    run.queue.run(1000)
    for feeder in feeders:
        feeder.send(1)
    for turns in (2, 3):
        run.queue.run(1000)
        assert [part.turns for part in (*feeders, late)] == [turns] * 4
        sink.unpause()
    assert taken == [1, 1, 1]


def test_a_component_that_overrides_placeOfBox_decides_where_its_linkages_end() -> None:
    asked: list[tuple[str, bool]] = []

    class Proxy(component):
        """A component whose boxes are those of another one."""

        def __init__(self, behind: component) -> None:
            super().__init__()
            self.behind = behind

        def placeOfBox(self, boxname: str, isInbox: bool) -> Any:
            asked.append((boxname, isInbox))
            return self.behind.placeOfBox(boxname, isInbox)

    sender, receiver = component(), component()
    linkPlaces(Proxy(sender), "outbox", Proxy(receiver), "inbox")
    sender.send("a message")
    assert receiver.recv() == "a message"
    assert asked == [("inbox", True), ("outbox", False)]


def test_linkAll_makes_the_linkages_before_one_that_is_impossible_and_explains_that_one() -> None:
    sender, receiver = component(), component()
    linkAll((sender, "outbox", receiver, "inbox"), (receiver, "signal", sender, "control"))
    sender.send("a message")
    receiver.send("the end", "signal")
    assert (receiver.recv(), sender.recv("control")) == ("a message", "the end")
    with pytest.raises(BoxAlreadyLinkedToDestination, match="inbox"):
        linkAll((sender, "outbox", receiver, "control"))
    with pytest.raises(noSuchBox, match="inobx"):
        linkAll((sender, "signal", receiver, "control"), (receiver, "outbox", sender, "inobx"))
    sender.send("the end", "signal")
    assert receiver.recv("control") == "the end"


@pytest.mark.parametrize("outboxes", [["outbox", "signal", "more"], [f"box{n}" for n in range(9)]])
def test_unlinkOutboxes_removes_the_linkages_that_start_at_the_boxes_that_it_names(
    outboxes,
) -> None:
    class Sender(component):
        Outboxes = dict.fromkeys([*component.Outboxes, *outboxes], "")

    sender, receiver = Sender(), component()
    linkAll(*((sender, each, receiver, "inbox") for each in outboxes))
    sender.unlinkOutboxes(outboxes[0], outboxes[2], "no such box")
    for each in outboxes:
        sender.send(each, each)
    assert list(receiver.Inbox()) == [outboxes[1], *outboxes[3:]]
    linkAll((sender, outboxes[0], receiver, "inbox"))  # so its place is still known
    sender.unlinkOutboxes()
    for each in outboxes:
        sender.send(each, each)
    assert not receiver.anyReady()


def test_passOn_tells_whether_the_receiver_keeps_up() -> None:
    sender, receiver = component(), component()
    assert passOn(sender, "lost")  # the outbox is not linked
    sender.link((sender, "outbox"), (receiver, "inbox"), pipewidth=3)
    assert [passOn(sender, number) for number in (1, 2)] == [True, False]
    assert [receiver.recv() for _ in range(2)] == [1, 2]
    assert passOn(sender, 3)
    assert not passOn(sender, 4)
    passOn(sender, 5)
    with pytest.raises(noSpaceInBox):
        passOn(sender, 6)


def test_passOn_tells_whether_the_sender_is_held() -> None:
    gate = WriteGate(component())
    sender, receiver = component(), component()
    receiver.takeDirectly("inbox", lambda _: gate if gate.isShut() else None)
    sender.link((sender, "outbox"), (receiver, "inbox"))
    assert passOn(sender, "first")
    gate.shut()
    assert not passOn(sender, "second")
    gate.open()
    assert passOn(sender, "third")


def test_passOn_calls_the_methods_of_the_program() -> None:
    class Doubling(component):
        def send(self, message: Any, boxname: str = "outbox") -> None:
            super().send(2 * message, boxname)

        def isHeld(self) -> bool:
            return True

    sender, receiver = Doubling(), component()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    assert not passOn(sender, 4)
    assert receiver.recv() == 8
