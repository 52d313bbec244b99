"""The text that an Introspector sends, and its end."""

import random
import re

import pytest

from Axon import Introspector as module
from Axon import Postbox
from Axon.AdaptiveCommsComponent import AdaptiveCommsComponent
from Axon.AxonExceptions import BoxAlreadyLinkedToDestination
from Axon.Component import component
from Axon.Introspector import Introspector
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler


class Idle(component):
    def main(self):
        yield from self.passOnShutdown()


@pytest.fixture
def watched():
    """An Introspector, its texts, a function that runs until one matches, and the receiver."""

    class Ear(component):
        def main(self):
            while True:
                yield from self.waitForMessage()
                said.extend(self.Inbox())
                if self.dataReady("control"):
                    return

    said = []
    ear, introspector = Ear(), Introspector()
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


def test_the_first_text_deletes_everything(watched):
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


def test_changes_are_reported_in_an_applicable_order(watched):
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
    introspector, ear = Introspector(), component()
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


class Once(component):
    def main(self):
        yield 1


class Starter(component):
    """Activates a component in each turn."""

    def main(self):
        for each in self.parts:
            each.activate()
            yield 1


class Picture:
    """What a reader of the text knows. An impossible command is an error."""

    def __init__(self):
        self.nodes, self.links = {}, set()

    def read(self, texts):
        for line in "".join(texts).splitlines():
            command, rest = line[:8], line[9:]
            if command == "ADD NODE":
                node, attributes = re.fullmatch(r'("[^"]*") (.*)', rest).groups()
                assert node not in self.nodes, line
                self.nodes[node] = attributes
            elif command == "DEL NODE":
                del self.nodes[rest]
            elif command == "ADD LINK":
                assert rest not in self.links, line
                assert set(re.findall('"[^"]*"', rest)) <= set(self.nodes), line
                self.links.add(rest)
            elif command == "DEL LINK":
                self.links.remove(rest)
            else:
                assert line == "DEL ALL"


def truth(introspector):
    """The nodes and the links that a picture of the whole system has."""
    components, boxes, linkages = introspector.introspect()
    nodes = {f'"{each.id}"' for each in components} | {f'"{each}"' for each in boxes}
    links = {f'"{each[0]}" "{each}"' for each in boxes}
    return nodes, links | {f'"{source}" "{sink}"' for source, sink in linkages}


def settle(steps):
    """Runs until no component is ready."""
    for _ in steps:
        if not scheduler.run.queue:
            return


@pytest.fixture
def read():
    """An Introspector, the texts that it has sent, and the steps of the scheduler."""
    texts, introspector, ear = [], Introspector(), component()
    ear.takeDirectly("inbox", texts.append)
    ear.link((introspector, "outbox"), (ear, "inbox"))
    introspector.activate()
    steps = scheduler.run.main()
    next(steps)
    yield introspector, texts, steps
    steps.close()


def test_a_program_with_an_introspector_becomes_idle(read):
    _, texts, steps = read
    Idle().activate()
    settle(steps)
    for _ in range(5):
        next(steps)
    assert not scheduler.run.queue
    assert scheduler.run.timers.next() is None
    assert len(texts) >= 2


@pytest.mark.parametrize("turns", [0, 1, 2])
def test_each_component_that_ends_is_added_before_it_is_deleted(read, turns):
    class Short(component):
        def main(self):
            for _ in range(turns):
                yield 1
            if not turns:
                return
                yield

    _, texts, steps = read
    parts = [Short() for _ in range(20)]
    Starter(parts=parts).activate()
    settle(steps)
    text = "".join(texts)
    for each in parts:
        added = text.index(f'ADD NODE "{each.id}" "{each.name}" ')
        assert added < text.index(f'DEL NODE "{each.id}"\n')
        assert text.count(f'NODE "{each.id}"') == 2


def test_a_component_that_was_linked_while_it_lived_is_shown_with_its_linkage(read):
    _, texts, steps = read
    hub, short = Idle().activate(), Once()
    settle(steps)
    short.link((short, "outbox"), (hub, "inbox"))
    short.activate()
    settle(steps)
    link = f'LINK "{box(short, "o", "outbox")}" "{box(hub, "i", "inbox")}"\n'
    text = "".join(texts)
    assert text.index(f"ADD {link}") < text.index(f"DEL {link}")


def test_added_and_deleted_boxes_are_described(read):
    _, texts, steps = read

    class Resting(AdaptiveCommsComponent):
        def main(self):
            yield from self.passOnShutdown()

    each = Resting().activate()
    settle(steps)
    texts.clear()
    name = each.addInbox("extra")
    settle(steps)
    assert f'ADD NODE "{box(each, "i", name)}" "extra" randompos inbox\n' in "".join(texts)
    each.deleteInbox(name)
    settle(steps)
    assert f'DEL NODE "{box(each, "i", name)}"\n' in "".join(texts)


@pytest.mark.parametrize("limit", [10_000, 3])
@pytest.mark.parametrize("seed", range(10))
def test_the_text_leads_to_the_true_picture_whatever_happens(read, monkeypatch, seed, limit):
    monkeypatch.setattr(module, "LIMIT", limit)
    introspector, texts, steps = read
    choose, picture, parts, joints = random.Random(seed), Picture(), [], []

    def activate():
        parts.append(choose.choice([Idle, Idle, Once])())
        if choose.random() < 0.7:
            parts[-1].activate()

    def link():
        source, sink, maker = (choose.choice(parts) for _ in range(3))
        boxes = choose.choice(
            [("outbox", "inbox", 0), ("inbox", "inbox", 1), ("signal", "signal", 2)]
        )
        try:
            joint = maker.link((source, boxes[0]), (sink, boxes[1]), passthrough=boxes[2])
            joints.append((maker, joint))
        except (TypeError, ValueError, KeyError, BoxAlreadyLinkedToDestination):
            """These two cannot be linked."""

    def unlink():
        if joints:
            maker, joint = joints.pop(choose.randrange(len(joints)))
            maker.unlink(thelinkage=joint)

    def end():
        choose.choice(parts).stop()

    activate()
    for _ in range(200):
        choose.choice([activate, link, link, unlink, end])()
        if choose.random() < 0.3:
            settle(steps)
            picture.read(texts)
            texts.clear()
            assert (set(picture.nodes), picture.links) == truth(introspector)


def test_an_introspector_that_is_held_describes_the_present_when_it_goes_on(monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 5)
    introspector, slow, picture = Introspector().activate(), Idle().activate(), Picture()
    slow.link((introspector, "outbox"), (slow, "inbox"), capacity=1)
    steps = scheduler.run.main()
    settle(steps)
    parts = [each for _ in range(50) for each in (Once().activate(), Idle().activate())]
    settle(steps)
    assert all(each._isStopped() for each in parts[::2])
    while texts := list(slow.Inbox("inbox")):
        picture.read(texts)
        settle(steps)
    assert (set(picture.nodes), picture.links) == truth(introspector)
    steps.close()


def test_components_that_lived_while_it_was_held_are_described_afterwards():
    introspector, slow = Introspector().activate(), Idle().activate()
    slow.link((introspector, "outbox"), (slow, "inbox"), capacity=1)
    steps = scheduler.run.main()
    settle(steps)
    parts = [Once().activate() for _ in range(20)]
    settle(steps)
    assert all(each._isStopped() for each in parts)
    text = ""
    while texts := list(slow.Inbox("inbox")):
        text += "".join(texts)
        settle(steps)
    for each in parts:
        assert text.index(f'ADD NODE "{each.id}"') < text.index(f'DEL NODE "{each.id}"')
    steps.close()


def test_an_ended_introspector_is_not_notified(read):
    introspector, _, steps = read
    introspector._deliver(shutdownMicroprocess(), "control")
    for _ in steps:
        """until it has ended"""
    assert scheduler.run.observers == Postbox.observers == ()
