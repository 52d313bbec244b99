"""The messages of selected components."""

import threading

import pytest

from Axon.Component import component
from Kamaelia.Visualisation.Live.Messages import MOST_RECORDED, SHOWN, Selection


@pytest.fixture
def linked():
    sender, receiver = component().activate(), component().activate()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    yield sender, receiver
    sender.terminate()
    receiver.terminate()


@pytest.fixture
def selection():
    made = Selection()
    yield made
    made.close()


@pytest.mark.parametrize(("number", "box", "isInbox"), [(0, "outbox", False), (1, "inbox", True)])
def test_the_last_messages_of_each_box_are_shown(linked, selection, number, box, isInbox):
    selection.choose(linked[number])
    for message in range(20):
        linked[0].send(message)
    (shown,) = selection.lastMessages()
    assert (shown["box"], shown["isInbox"]) == (box, isInbox)
    assert [each["text"] for each in shown["last"]] == [str(n) for n in range(20 - SHOWN, 20)]
    assert selection.lastMessages() == []


def test_a_fast_box_is_tapped_for_some_messages_only(linked, selection):
    sender, receiver = linked
    sink = receiver.placeOfBox("inbox", True)
    plain = type(sink)
    selection.choose(receiver)
    for message in range(1000):
        sender.send(message)
    assert type(sink) is plain
    assert selection.lastMessages()[0]["last"][-1]["text"] == "31"
    sender.send("later")
    assert selection.lastMessages()[0]["last"][-1]["text"] == "'later'"


def test_a_recording_ends_by_itself(linked, selection):
    sender, receiver = linked
    selection.record([sender, receiver])
    for message in range(2 * MOST_RECORDED):
        sender.send(message)
    recorded = selection.recorded()
    assert len(recorded) == MOST_RECORDED
    assert recorded[0]["from"] == sender.id
    assert recorded[0]["to"] == receiver.id
    assert selection.recorded() == []


def test_secrets_are_left_out(linked, selection):
    selection.choose(linked[1])
    linked[0].send({"password": "s3cret"})
    assert "s3cret" not in str(selection.lastMessages())


class Hostile:
    def __repr__(self):
        raise ValueError("no")

    __str__ = __len__ = __iter__ = __repr__
    __class__ = property(__repr__)


class Blocking:
    def __repr__(self):
        threading.Event().wait()

    __str__ = __getattr__ = __repr__


class Huge:
    """An object whose text has a gigabyte, and whose attributes have some, too."""

    def __init__(self):
        self.data = bytes(1 << 30)  # the system provides no memory for it before it is read
        self.number = 1 << (1 << 23)
        self.items = range(1 << 60)

    def __repr__(self):
        return "x" * (1 << 30)


def circular():
    made = []
    made.append(made)
    return made


MESSAGES = {
    "hostile": Hostile,
    "blocking": Blocking,
    "huge": Huge,
    "a gigabyte": lambda: bytes(1 << 30),
    "circular": circular,
    "long": lambda: "x" * 10_000_000,
    "deep": lambda: [[[[[["deep"]]]]]],
    "binary": lambda: b"\xff\0",
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_any_message_has_a_short_text(linked, selection, kind):
    selection.choose(linked[1])
    linked[0].send(MESSAGES[kind]())
    (shown,) = selection.lastMessages()
    assert len(shown["last"][0]["text"]) <= 200


def test_nothing_is_tapped_after_close(linked):
    sink = linked[1].placeOfBox("inbox", True)
    plain = type(sink)
    selection = Selection()
    selection.choose(linked[1])
    selection.record([linked[0]])
    assert type(sink) is not plain
    selection.close()
    assert type(sink) is plain


@pytest.mark.parametrize("process", [None, object()])
def test_what_is_no_component_has_no_messages(selection, process):
    selection.choose(process)
    selection.record([process])
    assert selection.lastMessages() == []
