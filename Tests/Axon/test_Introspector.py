"""The text that an Introspector sends, and its end."""

import re

import pytest

from Axon.Component import component
from Axon.Introspector import Introspector
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler


class Idle(component):
    def main(self):
        yield from self.passOnShutdown()


@pytest.fixture
def watched():
    """An Introspector, what it says, how to run until it has said a pattern, and who listens."""

    class Ear(component):
        def main(self):
            while True:
                yield from self.waitForMessage()
                said.extend(self.Inbox())
                if self.dataReady("control"):
                    return

    said = []
    ear, introspector = Ear(), Introspector(interval=0.001)
    introspector.link((introspector, "outbox"), (ear, "inbox"))
    introspector.link((introspector, "signal"), (ear, "control"))
    steps = scheduler.run.main()

    def until(pattern):
        for _ in steps:
            if re.search(pattern, "".join(said)):
                return "".join(said)
        raise AssertionError("the run is over")

    ear.activate()
    introspector.activate()
    yield introspector, said, until, ear
    introspector._deliver(shutdownMicroprocess(), "control")
    for each in scheduler.run.listAllThreads():
        each._deliver(shutdownMicroprocess(), "control")
    for _ in steps:
        pass


def box(part, kind, name):
    return str((part.id, kind, name))


def test_the_first_thing_is_to_forget_all_that_was_known(watched):
    _, said, until, _ = watched
    until("ADD")
    assert said[0] == "DEL ALL\n"
    assert len(said) == 2


def test_each_component_is_a_node_and_so_is_each_box_linked_to_it(watched):
    introspector, _, until, ear = watched
    text = until("ADD LINK")
    for part in (introspector, ear):
        assert f'ADD NODE "{part.id}" "{part.name}" randompos component\n' in text
        for name in ("inbox", "control"):
            assert f'ADD NODE "{box(part, "i", name)}" "{name}" randompos inbox\n' in text
            assert f'ADD LINK "{part.id}" "{box(part, "i", name)}"\n' in text
        for name in ("outbox", "signal"):
            assert f'ADD NODE "{box(part, "o", name)}" "{name}" randompos outbox\n' in text


def test_linkages_join_boxes_also_through_passthroughs_and_to_those_not_active(watched):
    introspector, _, until, ear = watched
    outer, inner = Idle(), Idle()
    outer.link((outer, "inbox"), (inner, "inbox"), passthrough=1)
    outer.link((inner, "outbox"), (outer, "outbox"), passthrough=2)
    outer.activate()
    text = until(f'ADD LINK "{re.escape(box(inner, "o", "outbox"))}"')
    joints = [
        (box(introspector, "o", "outbox"), box(ear, "i", "inbox")),
        (box(outer, "i", "inbox"), box(inner, "i", "inbox")),
        (box(inner, "o", "outbox"), box(outer, "o", "outbox")),
    ]
    for source, sink in joints:
        assert f'ADD LINK "{source}" "{sink}"\n' in text
    assert f'ADD NODE "{inner.id}" ' in text


def test_changes_are_said_in_an_order_in_which_each_can_be_followed(watched):
    _, said, until, _ = watched
    old, new = Idle(), Idle()
    old.link((old, "outbox"), (old, "inbox"))
    old.activate()
    until(f'ADD NODE "{old.id}"')
    said.clear()
    old._deliver(shutdownMicroprocess(), "control")
    new.activate()
    until(f'(?s)DEL NODE "{old.id}".*ADD LINK "{new.id}"|ADD LINK "{new.id}".*DEL NODE "{old.id}"')
    order = ["DEL LINK", "DEL NODE", "ADD NODE", "ADD LINK"]
    for text in said:
        kinds = [order.index(line[:8]) for line in text.splitlines()]
        assert kinds == sorted(kinds)
    gone = "".join(said)
    assert f'DEL LINK "{box(old, "o", "outbox")}" "{box(old, "i", "inbox")}"\n' in gone
    assert f'DEL LINK "{old.id}" "{box(old, "i", "inbox")}"\n' in gone
    assert f'DEL NODE "{box(old, "i", "inbox")}"\n' in gone


def test_nothing_is_said_when_nothing_has_changed(watched):
    _, said, until, _ = watched
    until("ADD")
    part = Idle().activate()
    until(f'ADD NODE "{part.id}"')
    assert len(said) == 3


def test_only_shutdownMicroprocess_ends_it_and_is_passed_on():
    introspector, ear = Introspector(interval=0.001), component()
    introspector.link((introspector, "signal"), (ear, "control"))
    introspector._deliver(producerFinished(), "control")
    introspector.activate()
    message = shutdownMicroprocess()
    part = Idle().activate()
    part._deliver(message, "control")

    class Later(component):
        def main(self):
            for _ in range(5):
                self.pause(0.001)
                yield 1
            assert not introspector._isStopped()
            introspector._deliver(message, "control")

    Later().run()
    assert introspector._isStopped()
    assert ear.recv("control") is message


def test_introspect_gives_components_boxes_and_linkages(watched):
    introspector, _, until, ear = watched
    until("ADD")
    components, boxes, linkages = introspector.introspect()
    assert set(components) == {introspector, ear}
    assert (ear.id, "i", "inbox") in boxes
    assert ((introspector.id, "o", "outbox"), (ear.id, "i", "inbox")) in linkages
