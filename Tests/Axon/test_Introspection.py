"""Snapshots: states, boxes, linkages, and the thread in which they are taken."""

import asyncio
import gc
import json
import weakref
from dataclasses import FrozenInstanceError
from threading import Thread

import pytest

from Axon.Component import component
from Axon.Introspection import BoxReference, BoxSnapshot, asPlainData, snapshot
from Axon.Microprocess import microprocess
from Axon.Scheduler import scheduler
from Axon.ThreadedComponent import threadedcomponent


class Waiting(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            yield from self.waitForChange()


class Paused(component):
    def main(self):
        while True:
            self.pause(self.seconds)
            yield 1

    seconds = None


class Changing(component):
    def main(self):
        while True:
            yield from self.waitForChange()


class Busy(component):
    def main(self):
        while True:
            yield 1


class Flood(component):
    def main(self):
        while True:
            self.send("more")
            yield 1


class Once(component):
    def main(self):
        yield 1


def run(turns=20):
    """Give the components of the test's scheduler some turns."""
    steps = scheduler.run.main()
    for _ in zip(range(turns), steps, strict=False):
        pass
    steps.close()


def find(process, taken=None):
    """Return what the snapshot says of `process`."""
    taken = taken or snapshot(scheduler.run)
    (found,) = [each for each in taken.components if each.id == process.id]
    return found


# Components


@pytest.mark.parametrize(
    ("make", "state"),
    [(Waiting, "waiting"), (Changing, "waiting"), (Paused, "paused"), (Busy, "ready")],
)
def test_the_state_of_a_component_is_a_word(make, state):
    each = make().activate()
    assert find(each).state == "ready"
    run()
    assert find(each).state == state


def test_a_component_that_takes_a_snapshot_is_running():
    class Taker(component):
        def main(self):
            self.state = find(self).state
            yield 1

    taker = Taker().activate()
    run()
    assert taker.state == "running"


def test_a_component_is_described_by_its_id_class_name_and_boxes():
    each = Waiting().activate()
    found = find(each)
    assert (found.id, found.name) == (each.id, each.name)
    assert found.className == f"{__name__}.Waiting"
    assert [box.name for box in found.inboxes] == ["inbox", "control"]
    assert found.outboxes == ("outbox", "signal")


def test_the_parent_is_the_component_that_is_woken_by_the_end():
    parent, child = Waiting().activate(), Waiting().activate()
    assert find(child).parent is None
    parent.addChildren(child)
    assert find(child).parent == parent.id


@pytest.mark.parametrize("make", [Waiting, Changing, Paused])
def test_a_component_that_sleeps_waits_for_its_inboxes(make):
    each = make().activate()
    assert find(each).waitsFor == ()
    run()
    assert find(each).waitsFor == ("inbox", "control")


def test_a_sleep_with_a_timeout_has_a_time_left(virtualClock):
    each = Paused(seconds=10).activate()
    run()
    virtualClock.advanceTo(virtualClock.now() + 4)
    assert find(each).timeLeft == pytest.approx(6)
    each._deliver("wake", "inbox")
    assert find(each).timeLeft is None


def test_a_held_component_names_the_component_and_the_box_that_hold_it():
    flood, sink = Flood().activate(), Waiting().activate()
    run()
    sink.link((flood, "outbox"), (sink, "inbox"), capacity=3)
    Busy().activate()  # or this would be a deadlock
    run()
    held = find(flood)
    assert held.state == "held"
    assert held.heldBy == (BoxReference(sink.id, "inbox"),)
    assert find(sink).heldBy == ()


def test_a_microprocess_has_no_boxes():
    each = microprocess().activate()
    found = find(each)
    assert found.inboxes == found.outboxes == ()


@pytest.mark.parametrize("state", ["not activated", "ended"])
def test_a_component_that_is_joined_to_an_active_one_is_included(state):
    active, other = Waiting().activate(), Once()
    active.link((other, "outbox"), (active, "inbox"))
    active.link((active, "outbox"), (other, "inbox"))
    if state == "ended":
        other.activate()
        run()
    assert find(other).state == state


def test_components_are_in_order_of_activation():
    parts = [Waiting().activate() for _ in range(5)]
    assert [each.id for each in snapshot(scheduler.run).components] == [part.id for part in parts]


# Boxes


def test_a_box_has_a_depth_a_capacity_and_a_size():
    source, sink = Waiting().activate(), Busy().activate()
    sink.link((source, "outbox"), (sink, "inbox"), capacity=7)
    sink.setInboxSize("control", 5)
    for _ in range(3):
        source.send("a message")
    assert find(sink).inboxes == (
        BoxSnapshot("inbox", 3, capacity=7),
        BoxSnapshot("control", 0, size=5),
    )
    assert find(source).inboxes == (BoxSnapshot("inbox"), BoxSnapshot("control"))


def test_a_box_whose_messages_are_taken_at_once_is_direct():
    each = Waiting().activate()
    each.takeDirectly("inbox", lambda message: None)
    inbox, control = find(each).inboxes
    assert (inbox.isDirect, control.isDirect) == (True, False)


# Linkages


def linkagesOf(taken):
    return [
        (each.source, each.sourceBox, each.sink, each.sinkBox, each.kind, each.maker)
        for each in taken.linkages
    ]


def test_linkages_have_a_kind_and_a_maker():
    outer, inner, maker = (Waiting().activate() for _ in range(3))
    maker.link((outer, "outbox"), (inner, "control"))
    outer.link((outer, "inbox"), (inner, "inbox"), passthrough=1)
    outer.link((inner, "signal"), (outer, "signal"), passthrough=2)
    assert sorted(linkagesOf(snapshot(scheduler.run))) == sorted(
        [
            (outer.id, "outbox", inner.id, "control", "outbox to inbox", maker.id),
            (outer.id, "inbox", inner.id, "inbox", "inbox to inbox", outer.id),
            (inner.id, "signal", outer.id, "signal", "outbox to outbox", outer.id),
        ]
    )


def test_a_linkage_that_no_postoffice_has_made_is_direct():
    source, sink = Waiting().activate(), Waiting().activate()
    sink.placeOfBox("inbox", True).addsource(source.placeOfBox("outbox", False))
    assert linkagesOf(snapshot(scheduler.run)) == [
        (source.id, "outbox", sink.id, "inbox", "direct", None)
    ]


@pytest.mark.parametrize("isActive", [True, False])
@pytest.mark.parametrize("isLinkedFirst", [True, False])
def test_a_linkage_to_a_direct_box_appears_once(isActive, isLinkedFirst):
    source, sink = Waiting(), Waiting().activate()
    if isActive:
        source.activate()
    if isLinkedFirst:
        sink.link((source, "outbox"), (sink, "inbox"))
    sink.takeDirectly("inbox", lambda message: None)
    if not isLinkedFirst:
        sink.link((source, "outbox"), (sink, "inbox"))
    assert linkagesOf(snapshot(scheduler.run)) == [
        (source.id, "outbox", sink.id, "inbox", "outbox to inbox", sink.id)
    ]


@pytest.mark.parametrize("passthrough", [0, 1, 2])
@pytest.mark.parametrize("actives", [(True, False), (False, True), (True, True)])
def test_a_linkage_appears_once_if_either_end_is_active(passthrough, actives):
    source, sink = Waiting(), Waiting()
    for each, isActive in zip((source, sink), actives, strict=True):
        if isActive:
            each.activate()
    boxes = [("outbox", "inbox"), ("inbox", "inbox"), ("outbox", "outbox")][passthrough]
    source.link((source, boxes[0]), (sink, boxes[1]), passthrough=passthrough)
    (found,) = snapshot(scheduler.run).linkages
    assert (found.source, found.sink) == (source.id, sink.id)
    assert find(source)
    assert find(sink)


def test_a_linkage_that_was_removed_does_not_appear():
    source, sink = Waiting().activate(), Waiting().activate()
    joint = sink.link((source, "outbox"), (sink, "inbox"))
    sink.unlink(thelinkage=joint)
    assert list(snapshot(scheduler.run).linkages) == []


# As data


def test_a_snapshot_does_not_change_and_cannot_be_changed():
    each = Busy().activate()
    taken = snapshot(scheduler.run)
    before = repr(taken)
    each._deliver("a message", "inbox")
    Busy().activate()
    run()
    assert repr(taken) == before
    assert taken == taken  # noqa: PLR0124
    assert taken != snapshot(scheduler.run)
    with pytest.raises(FrozenInstanceError):
        taken.components[0].name = "another"


def test_a_snapshot_as_plain_data_is_json():
    source, sink = Waiting().activate(), Waiting().activate()
    sink.link((source, "outbox"), (sink, "inbox"), capacity=7)
    plain = asPlainData(snapshot(scheduler.run))
    assert json.loads(json.dumps(plain)) == plain
    assert plain["components"][0]["name"] == source.name
    assert plain["components"][1]["inboxes"][0]["capacity"] == 7
    assert plain["linkages"][0]["kind"] == "outbox to inbox"


def test_the_parts_of_a_snapshot_are_sequences():
    parts = [Waiting().activate() for _ in range(4)]
    components = snapshot(scheduler.run).components
    assert len(components) == 4
    assert components[-1].id == parts[-1].id
    assert [each.id for each in components[1:3]] == [each.id for each in parts[1:3]]
    with pytest.raises(IndexError):
        components[4]


def test_a_snapshot_keeps_no_component_alive():
    each = Once().activate()
    taken = snapshot(scheduler.run)
    watch = weakref.ref(each)
    del each
    run()
    gc.collect()
    assert watch() is None
    assert len(taken.components) == 1


# Threads


def test_a_snapshot_in_another_thread_than_the_schedulers_raises_RuntimeError():
    errors, taken = [], []

    class Elsewhere(threadedcomponent):
        def main(self):
            try:
                snapshot(self.scheduler)
            except RuntimeError as error:
                errors.append(str(error))
            self.scheduler.callFromThread(lambda: taken.append(snapshot(self.scheduler)))
            self.sync()

    Elsewhere().run()
    assert "callFromThread" in errors[0]
    assert len(taken[0].components) == 1


def test_a_scheduler_that_does_not_run_may_be_examined_in_any_thread():
    Waiting().activate()
    taken = []
    thread = Thread(target=lambda: taken.append(snapshot(scheduler.run)))
    thread.start()
    thread.join()
    assert len(taken[0].components) == 1


def test_a_coroutine_may_take_a_snapshot_between_turns():
    async def program():
        Waiting().activate()
        running = asyncio.create_task(scheduler.run.runAsync())
        while (found := snapshot(scheduler.run).components[0]).state != "waiting":
            await asyncio.sleep(0)
        scheduler.run.stop()
        await running
        return found

    assert asyncio.run(program()).waitsFor == ("inbox", "control")
