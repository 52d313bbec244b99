"""A linkage: data that says what joins what, and a handle to set its limits."""

import logging

import pytest

from Axon.AxonExceptions import BoxAlreadyLinkedToDestination, noSpaceInBox, wiringError
from Axon.Component import component
from Axon.Linkage import linkage


def joined(**options):
    source, sink = component(), component()
    return source, sink, source.link((source, "outbox"), (sink, "inbox"), **options)


def test_a_linkage_names_its_ends():
    source, sink, joint = joined()
    assert isinstance(joint, linkage)
    assert joint.sourcePair() == (source, "outbox")
    assert joint.sinkPair() == (sink, "inbox")
    assert (joint.source, joint.sink) == (source, sink)
    assert str(joint) == f"Link( source:[{source.name},outbox], sink:[{sink.name},inbox] )"
    assert joint.short_str() == f"(component_{source.id},outbox):(component_{sink.id},inbox)"


def test_both_its_boxes_are_the_sink_in_which_messages_wait():
    source, sink, joint = joined()
    source.send("x")
    assert len(joint.getSourcebox()) == len(joint.getSinkbox()) == sink.dataReady() == 1


@pytest.mark.parametrize(
    ("options", "size"),
    [({"pipewidth": 3}, 3), ({"synchronous": True}, 1), ({"synchronous": 0}, 1)],
)
def test_pipewidth_and_synchronous_set_the_sinks_size_which_stays_after_unlink(options, size):
    source, sink, joint = joined(**options)
    for _ in range(2):
        for number in range(size):
            source.send(number)
        with pytest.raises(noSpaceInBox):
            source.send("one too many")
        assert list(sink.Inbox()) == list(range(size))
        source.unlink(thelinkage=joint)
        joint = source.link((source, "outbox"), (sink, "inbox"))


@pytest.mark.parametrize(("pipewidth", "size"), [(None, 1), (2, 2)])
def test_setSynchronous_sets_the_size_later(pipewidth, size):
    source, _, joint = joined()
    joint.setSynchronous(pipewidth)
    for number in range(size):
        source.send(number)
    with pytest.raises(noSpaceInBox):
        source.send("one too many")


def test_its_transit_can_be_shown_and_hidden_again(caplog):
    source, sink, joint = joined()
    with caplog.at_level(logging.INFO, "Axon.Box"):
        joint.setShowTransit(True, "here")
        source.send("seen")
        joint.setShowTransit(False)
        source.send("unseen")
    assert [record.getMessage() for record in caplog.records] == ["here: 'seen'"]
    assert list(sink.Inbox()) == ["seen", "unseen"]


def test_a_linkage_still_names_its_ends_after_one_of_them_has_ended():
    class Short(component):
        def main(self):
            yield 1

    class Long(component):
        def main(self):
            short = Short().activate()
            name = short.name
            joint = self.link((self, "outbox"), (short, "inbox"))
            del short
            for _ in range(4):
                yield 1
            assert not joint.sink._task.isAlive()
            assert str(joint) == f"Link( source:[{self.name},outbox], sink:[{name},inbox] )"
            self.unlink(joint.sink)
            assert self.postoffice.linkages == []

    Long().run()


def test_a_linkage_and_a_postoffice_accept_attributes_of_the_programs_own():
    a, b = component(), component()
    joint = a.link((a, "outbox"), (b, "inbox"))
    joint.purpose = a.postoffice.purpose = "trial"
    assert (joint.purpose, a.postoffice.purpose) == ("trial", "trial")


def test_showtransit_is_an_attribute_that_says_whether_messages_are_logged(caplog):
    a, b = component(), component()
    joint = a.link((a, "outbox"), (b, "inbox"))
    assert not joint.showtransit
    with caplog.at_level("INFO", "Axon"):
        for shown in (0, 1, 0):
            joint.showtransit = shown
            assert joint.showtransit == bool(shown)
            a.send(f"while it is {shown}")
    assert [record.args[1] for record in caplog.records] == ["while it is 1"]


def test_a_linkage_made_by_hand_takes_effect_and_is_undone_through_its_boxes():
    source, sink, other = component(), component(), component()
    made = linkage(source, sink)
    source.send("before")
    made.getSinkbox().addsource(made.getSourcebox())
    source.send("between")
    assert (len(made.getSourcebox()), len(made.getSinkbox())) == (1, 1)
    with pytest.raises(BoxAlreadyLinkedToDestination):
        linkage(source, other).getSinkbox().addsource(made.getSourcebox())
    made.getSinkbox().removesource(made.getSourcebox())
    made.getSinkbox().removesource(made.getSourcebox())
    source.send("after")
    assert list(sink.Inbox()) == ["between"]


@pytest.mark.parametrize("end", ["getSourcebox", "getSinkbox"])
def test_a_size_may_be_set_at_either_box_of_a_linkage(end):
    source, sink, joint = joined()
    getattr(joint, end)().setSize(1)
    source.send("x")
    with pytest.raises(noSpaceInBox):
        source.send("y")
    assert sink.inboxes["inbox"].getSize() == 1


def test_the_boxes_of_a_passthrough_linkage_are_its_own():
    outer, inner = component(), component()
    joint = outer.link((outer, "inbox"), (inner, "inbox"), passthrough=1)
    assert joint.getSourcebox() is outer.inboxes["inbox"]
    assert joint.getSinkbox() is inner.inboxes["inbox"]


def test_a_box_made_by_hand_cannot_lead_back_to_itself():
    source = component()
    made = linkage(source, source, "inbox", "inbox", passthrough=1)
    with pytest.raises(wiringError, match="would lead back to itself"):
        made.getSinkbox().addsource(made.getSourcebox())
