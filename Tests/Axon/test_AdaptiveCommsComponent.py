"""Boxes that come and go: each belongs to one instance, and goes with its linkages."""

import pytest

from Axon.AdaptiveCommsComponent import AdaptiveCommsComponent
from Axon.Component import component


def link(source, outbox, sink, inbox="inbox", **options):
    wiring = component()
    wiring.link((source, outbox), (sink, inbox), **options)
    return wiring


def test_a_new_box_works_like_one_that_was_declared():
    source, sink = AdaptiveCommsComponent(), AdaptiveCommsComponent()
    out, into = source.addOutbox("left"), sink.addInbox("right")
    assert (out, into) == ("left", "right")
    link(source, out, sink, into)
    source.send("hello", out)
    assert sink.dataReady(into) == 1
    assert sink.anyReady() == into
    assert sink.recv(into) == "hello"


def test_a_name_that_is_taken_gets_a_number():
    part = AdaptiveCommsComponent()
    names = [part.addInbox("inbox") for _ in range(3)] + [part.addInbox()]
    assert len({*names, "inbox"}) == 5
    assert all(name.startswith("inbox") for name in names)
    assert part.addOutbox() not in ("outbox", "signal")


def test_boxes_belong_to_the_instance():
    part = AdaptiveCommsComponent()
    part.addInbox("mine")
    part.addOutbox("mine")
    for other in (AdaptiveCommsComponent(), AdaptiveCommsComponent, component):
        boxes = getattr(other, "inboxes", None) or other.Inboxes
        assert "mine" not in boxes
    assert "mine" not in AdaptiveCommsComponent.Outboxes


def test_a_deleted_inbox_is_gone_and_senders_to_it_are_cut_off():
    source, sink = component(), AdaptiveCommsComponent()
    sink.addInbox("extra")
    wiring = link(source, "outbox", sink, "extra")
    source.send("waits")
    sink.deleteInbox("extra")
    source.send("discarded")
    with pytest.raises(KeyError):
        sink.recv("extra")
    sink.addInbox("extra")
    assert not sink.dataReady("extra")
    wiring.unlink(sink)


def test_unlinking_what_a_deleted_box_had_leaves_later_linkages_alone():
    source, sink = component(), AdaptiveCommsComponent()
    sink.addInbox("extra")
    wiring = link(source, "outbox", sink, "extra")
    sink.deleteInbox("extra")
    link(source, "outbox", sink)
    wiring.unlink(sink)
    source.send("still comes")
    assert sink.recv() == "still comes"


def test_a_deleted_outbox_is_gone_with_its_linkage():
    source, sink = AdaptiveCommsComponent(), component()
    source.addOutbox("extra")
    link(source, "extra", sink)
    source.deleteOutbox("extra")
    with pytest.raises(KeyError):
        source.send("nowhere", "extra")
    source.addOutbox("extra")
    source.send("discarded", "extra")
    assert not sink.dataReady()


def test_a_sender_that_was_held_goes_on_when_the_inbox_is_deleted():
    class Sender(component):
        def main(self):
            self.send(1)
            yield 1

    class Owner(AdaptiveCommsComponent):
        def main(self):
            yield 1
            self.deleteInbox("narrow")

    sender, owner = Sender(), Owner()
    owner.addInbox("narrow")
    link(sender, "outbox", owner, "narrow", capacity=1)
    owner.activate()
    sender.run()
    assert sender._isStopped()


@pytest.mark.parametrize("call", ["deleteInbox", "deleteOutbox"])
def test_a_box_that_does_not_exist_cannot_be_deleted(call):
    with pytest.raises(KeyError):
        getattr(AdaptiveCommsComponent(), call)("nothing")


def test_resources_are_found_by_inbox_and_information_by_resource():
    part = AdaptiveCommsComponent()
    inbox, outbox = part.addInbox("guest"), part.addOutbox("guest")
    part.trackResource("the guest", inbox)
    assert part.retrieveTrackedResource(inbox) == "the guest"
    part.trackResourceInformation("the guest", [inbox], [outbox], 42)
    found = part.retrieveTrackedResourceInformation("the guest")
    assert found == ([inbox], [outbox], 42)
    part.ceaseTrackingResource("the guest")
    with pytest.raises(KeyError):
        part.retrieveTrackedResourceInformation("the guest")


def test_a_resource_cannot_have_boxes_that_do_not_exist():
    part = AdaptiveCommsComponent()
    with pytest.raises(KeyError):
        part.trackResource("x", "nothing")
    with pytest.raises(KeyError):
        part.trackResourceInformation("x", ["nothing"], [], None)
    with pytest.raises(KeyError):
        part.trackResourceInformation("x", [], ["nothing"], None)


def test_keywords_become_attributes():
    assert AdaptiveCommsComponent(colour="red").colour == "red"
