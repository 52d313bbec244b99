"""The methods that programs call most are plain methods to everything that looks at them."""

import copy
import inspect
import pydoc

import pytest

from Axon.AdaptiveCommsComponent import AdaptiveCommsComponent
from Axon.AxonExceptions import noSuchBox
from Axon.BoxMethods import BoxMethods
from Axon.Component import component

METHODS = ("send", "recv", "dataReady", "pause", "waitForMessage")


class Boxes(component):
    Inboxes = {f"in{number}": "" for number in range(5)}
    Outboxes = {f"out{number}": "" for number in range(5)}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_shows_its_name_text_and_parameters(name):
    method = getattr(component, name)
    assert method.__name__ == name
    assert method.__doc__
    assert inspect.isroutine(method)
    parameters = list(inspect.signature(method).parameters)
    assert parameters[0] == "self"
    assert list(inspect.signature(getattr(component(), name)).parameters) == parameters[1:]
    assert name in pydoc.plain(pydoc.render_doc(method))


@pytest.mark.parametrize("name", METHODS)
def test_a_bound_method_belongs_to_its_component(name):
    one = component()
    bound = getattr(one, name)
    assert bound.__self__ is one
    assert bound == getattr(one, name)
    assert bound != getattr(component(), name)
    assert copy.copy(bound) == bound


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("stranger", [None, 1, object(), component])
def test_a_method_does_not_accept_a_stranger_as_self(name, stranger):
    arguments = ("message",) if name == "send" else ()
    with pytest.raises((TypeError, AttributeError)):
        vars(BoxMethods)[name](stranger, *arguments)
    with pytest.raises((TypeError, AttributeError)):
        getattr(component, name)(stranger, *arguments)


@pytest.mark.parametrize("name", METHODS)
def test_wrong_arguments_raise_TypeError(name):
    one = component()
    with pytest.raises(TypeError):
        getattr(one, name)(*range(7))
    with pytest.raises(TypeError):
        getattr(one, name)(unknown=1)
    with pytest.raises(TypeError):
        vars(BoxMethods)[name]()


def test_arguments_may_have_keywords():
    sender, receiver = component(), component()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    sender.send(message=1, boxname="outbox")
    sender.send(2, boxname="outbox")
    component.send(sender, 3)
    assert receiver.dataReady(boxname="inbox") == 3
    assert [receiver.recv(boxname="inbox"), receiver.recv(), component.recv(receiver)] == [1, 2, 3]
    assert receiver.pause(timeout=None) == 1


def test_a_method_may_be_overridden_and_called_through_super():
    class Twice(component):
        def send(self, message, boxname="outbox"):
            super().send(message, boxname)
            component.send(self, message, boxname)

    sender, receiver = Twice(), component()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    sender.send("once")
    assert receiver.dataReady() == 2


@pytest.mark.parametrize("order", [range(5), reversed(range(5)), (4, 0, 4, 1, 3, 2, 2, 0)])
def test_each_of_many_boxes_is_found_in_any_order(order):
    sender, receiver = Boxes(), Boxes()
    for number in range(5):
        sender.link((sender, f"out{number}"), (receiver, f"in{number}"))
    for number in order:
        name = "".join(("out", str(number)))  # not the object that is a key
        sender.send(number, name)
        assert [receiver.dataReady(box) for box in Boxes.Inboxes] == [
            int(other == number) for other in range(5)
        ]
        assert receiver.recv(f"in{number}") == number


@pytest.mark.parametrize("boxes", [{}, {"only": ""}, {"one": "", "two": ""}])
def test_a_name_that_is_no_box_raises_an_error(boxes):
    one = type("Few", (component,), {"Inboxes": dict(boxes), "Outboxes": dict(boxes)})()
    with pytest.raises(noSuchBox):
        one.send(1, "other")
    with pytest.raises(noSuchBox):
        one.recv("other")
    with pytest.raises(noSuchBox):
        one.dataReady("other")
    with pytest.raises(TypeError):
        one.dataReady([])


def copyOf(name):
    """Return an equal string that is another object."""
    return "".join(list(name))


def newPair():
    """Return a sender and a receiver that are linked and have used the boxes."""
    sender, receiver = AdaptiveCommsComponent(), AdaptiveCommsComponent()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    sender.link((sender, "signal"), (receiver, "control"))
    for outbox, inbox in [("outbox", "inbox"), ("signal", "control")]:
        sender.send("first", outbox)
        assert (receiver.dataReady(inbox), receiver.recv(inbox)) == (1, "first")
        assert receiver.dataReady(inbox) == 0
    return sender, receiver


@pytest.mark.parametrize("exact", [str, copyOf])
def test_a_message_goes_where_the_outbox_leads_now(exact):
    sender, receiver = newPair()
    for _ in range(3):
        other = component()
        sender.unlink(receiver)
        sender.send("lost", exact("outbox"))
        sender.link((sender, "outbox"), (other, "inbox"))
        sender.send("found", exact("outbox"))
        assert (receiver.dataReady(), other.dataReady()) == (0, 1)
        sender.unlink(other)
        sender.link((sender, "outbox"), (receiver, "control"))
        sender.send("found", exact("outbox"))
        assert receiver.recv(exact("control")) == "found"


@pytest.mark.parametrize("exact", [str, copyOf])
def test_a_box_that_is_deleted_is_not_found_and_one_that_is_added_is(exact):
    sender, receiver = newPair()
    sender.unlink(receiver)
    receiver.deleteInbox("control")
    for method in (receiver.dataReady, receiver.recv):
        with pytest.raises(noSuchBox):
            method(exact("control"))
    sender.deleteOutbox("outbox")
    with pytest.raises(noSuchBox):
        sender.send("lost", exact("outbox"))
    assert receiver.addInbox("control") == "control"
    assert sender.addOutbox("outbox") == "outbox"
    sender.link((sender, "outbox"), (receiver, "control"))
    sender.send("found", exact("outbox"))
    assert receiver.recv(exact("control")) == "found"


def test_a_component_whose_boxes_are_replaced_uses_the_new_ones():
    sender, receiver = newPair()
    sender.send("before")
    boxes = receiver.placesOfInboxes()
    receiver._inboxes = {}
    with pytest.raises(noSuchBox):
        receiver.dataReady()
    receiver._inboxes = dict(boxes)
    boxes.clear()
    assert receiver.recv() == "before"
