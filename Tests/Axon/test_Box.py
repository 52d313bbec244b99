"""Boxes: inboxes that store, outboxes that lead to them, and what stands in for either."""

import pytest

from Axon.AxonExceptions import noSpaceInBox
from Axon.Box import NULL, makeInbox, makeOutbox, realsink
from Axon.Component import component


class Hears:
    """Counts what a task is told."""

    def __init__(self):
        self.heard = 0

    def messageCame(self, isUrgent):
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


def test_who_feeds_an_inbox_is_told_apart_up_the_whole_chain():
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
    edge._takeDirectly("inbox", taken.append)
    source.send("after")
    assert taken == ["before", "after"]
    assert not edge.dataReady()
    with pytest.raises(IndexError):
        edge.recv()
