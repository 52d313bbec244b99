"""Taps, which show the messages that arrive at an inbox of a running system."""

import gc
import weakref

import pytest

from Axon.Box import directsink, realsink
from Axon.Component import component
from Axon.Introspection import snapshot
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler
from Axon.Taps import KEPT, tap
from Axon.ThreadedComponent import threadedcomponent


class Sender(component):
    """Send the given messages, one a turn."""

    messages = (1, 2, 3)

    def main(self):
        for message in self.messages:
            self.send(message)
            yield 1
        self.send(producerFinished(self), "signal")


class Receiver(component):
    """Take what arrives until the end."""

    def main(self):
        self.seen = []
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            self.seen += self.Inbox()


@pytest.fixture
def linked():
    sender, receiver = Sender(), Receiver()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    sender.link((sender, "signal"), (receiver, "control"))
    return sender, receiver


def test_taps_may_come_and_go_between_any_two_messages(linked):
    pairs = [linked, (Sender(), Receiver())]
    pairs[1][0].link((pairs[1][0], "outbox"), (pairs[1][1], "inbox"))
    counts = []
    for number in range(12):
        taps = [tap(receiver) for _, receiver in pairs for _ in range(number % 3)]
        for sender, _ in (*pairs, pairs[1]):
            sender.send(number)
        counts.append([each.count for each in taps])
        for each in taps:
            each.close()
    assert counts == [[], [1, 2], [1, 1, 2, 2]] * 4


def test_a_tap_of_a_new_inbox_does_not_see_the_taps_of_one_that_has_gone():
    counts = []
    for number in range(20):
        sender, receiver = Sender(), Receiver()
        sender.link((sender, "outbox"), (receiver, "inbox"))
        tapped = tap(receiver)
        sender.send(number)
        counts.append(tapped.count)
        del sender, receiver
        gc.collect()
    assert counts == [1] * 20


def test_a_tap_counts_the_messages_and_knows_their_sender(linked):
    sender, receiver = linked
    with tap(receiver) as tapped:
        sender.activate()
        receiver.run()
    assert (tapped.count, receiver.seen) == (3, [1, 2, 3])
    assert [(each.number, each.message, each.text) for each in tapped.last()] == [
        (1, 1, "1"),
        (2, 2, "2"),
        (3, 3, "3"),
    ]
    assert {each.sender for each in tapped.last()} == {sender}
    assert {(each.receiver, each.boxname) for each in tapped.last()} == {(receiver, "inbox")}


def test_an_inbox_has_its_usual_class_before_and_after(linked):
    _, receiver = linked
    sink = receiver.inboxes["inbox"]
    first, second = tap(receiver), tap(receiver)
    assert type(sink) is not realsink
    first.close()
    first.close()
    assert type(sink) is not realsink
    second.close()
    assert type(sink) is realsink


def test_only_the_last_messages_are_kept(linked):
    sender, receiver = linked
    with tap(receiver) as tapped:
        for number in range(KEPT + 10):
            sender.send(number)
    sender.send("later")
    assert tapped.count == KEPT + 10
    assert [each.message for each in tapped.last()] == list(range(10, KEPT + 10))


def test_several_senders_are_told_apart_by_their_turns(linked):
    one, receiver = linked
    other = Sender(messages=("a",))
    other.link((other, "outbox"), (receiver, "inbox"))
    tapped = tap(receiver)
    onlyOne = tap(one, "outbox", isInbox=False, onlySender=True)
    other.activate()
    one.activate()
    receiver.run()
    assert {(each.sender, each.message) for each in tapped.last()} == {
        (one, 1),
        (one, 2),
        (one, 3),
        (other, "a"),
    }
    assert [each.message for each in onlyOne.last()] == [1, 2, 3]


def test_the_sender_is_unknown_if_several_could_have_sent(linked):
    sender, receiver = linked
    other = Sender()
    other.link((other, "outbox"), (receiver, "inbox"))
    with tap(receiver) as tapped:
        sender.send("outside of any turn")
    assert tapped.last()[0].sender is None
    assert tapped.last()[0].sourceBoxes() == []


def test_a_message_names_the_outbox_that_leads_to_the_inbox(linked):
    sender, receiver = linked
    with tap(receiver, "control") as tapped:
        sender.send("x", "signal")
    assert tapped.last()[0].sourceBoxes() == ["signal"]


def test_a_tap_of_a_chain_is_at_its_end():
    outer, inner = component(), component()
    outer.link((outer, "inbox"), (inner, "inbox"), passthrough=1)
    other = Sender()
    other.link((other, "outbox"), (outer, "inbox"))
    with tap(outer) as tapped, tap(other, "outbox", isInbox=False) as tappedOutbox:
        other.send("x")
    assert [tapped.count, tappedOutbox.count] == [1, 1]
    assert tapped.last()[0].receiver is inner


def test_an_outbox_that_leads_nowhere_cannot_be_tapped():
    with pytest.raises(ValueError, match="'outbox' leads to no inbox"):
        tap(Sender(), "outbox", isInbox=False)


def test_a_box_that_does_not_exist_cannot_be_tapped():
    with pytest.raises(KeyError, match="inbx"):
        tap(Sender(), "inbx")


def test_limits_hold_while_an_inbox_is_tapped(linked):
    sender, receiver = linked
    receiver.inboxes["inbox"].setSize(2)
    with tap(receiver) as tapped:
        sender.send(1)
        sender.send(2)
        with pytest.raises(Exception, match="2"):
            sender.send(3)
    assert tapped.count == 2
    assert receiver.inboxes["inbox"].size == 2


def test_a_full_inbox_holds_its_sender_while_it_is_tapped(linked):
    sender, receiver = linked
    receiver.inboxes["inbox"].setCapacity(1)
    with tap(receiver) as tapped:
        sender.activate()
        receiver.run()
    assert (tapped.count, receiver.seen) == (3, [1, 2, 3])


class Edge(component):
    """Pass each message on at once."""

    def __init__(self):
        super().__init__()
        self.taken = []
        self.takeDirectly("inbox", self.taken.append)


def test_an_inbox_that_takes_directly_can_be_tapped():
    sender, edge = Sender(), Edge()
    sender.link((sender, "outbox"), (edge, "inbox"))
    sink = edge.inboxes["inbox"]
    with tap(edge) as tapped:
        sender.send("x")
        edge.takeDirectly("inbox", lambda message: edge.taken.append(message * 2))
        sender.send("y")
        assert snapshot(_schedulerWith(edge)).components[0].inboxes[0].isDirect
    sender.send("z")
    assert edge.taken == ["x", "yy", "zz"]
    assert tapped.count == 2
    assert type(sink) is directsink


def _schedulerWith(each):
    made = scheduler()
    each.activate(Scheduler=made)
    return made


def test_a_message_to_a_component_that_has_ended_is_counted(linked):
    sender, receiver = linked
    tapped = tap(receiver)
    receiver.stop()
    sender.send("late")
    assert tapped.count == 1


def test_a_thread_is_a_sender_like_any_other(linked):
    class Threaded(threadedcomponent):
        def main(self):
            self.send("from a thread")
            self.send(producerFinished(self), "signal")

    _, receiver = linked
    threaded = Threaded()
    threaded.link((threaded, "outbox"), (receiver, "inbox"))
    threaded.link((threaded, "signal"), (receiver, "control"))
    with tap(receiver) as tapped:
        threaded.activate()
        receiver.run()
    assert [(each.sender, each.message) for each in tapped.last()] == [(threaded, "from a thread")]


def test_each_passage_can_be_reported_as_it_happens(linked):
    sender, receiver = linked
    reported = []
    with tap(receiver, call=reported.append) as tapped:
        sender.send("x")
    [passage] = reported
    assert (passage.number, passage.message, passage.receiver) == (1, "x", receiver)
    assert [each.text for each in tapped.last()] == [passage.text]


def test_a_tap_that_nothing_refers_to_is_closed(linked):
    _, receiver = linked
    sink = receiver.inboxes["inbox"]
    tapped = tap(receiver)
    assert type(sink) is not realsink
    del tapped
    assert type(sink) is realsink


def test_a_tap_that_was_not_closed_does_not_keep_its_component_alive():
    sender, receiver = Sender(), Receiver()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    receiver.tapped = tap(receiver)  # each refers to the other
    sender.send("x")
    gone = weakref.ref(receiver)
    del sender, receiver
    gc.collect()
    assert gone() is None


class Confidential(Sender):
    def shown(self, message):
        return f"{len(message)} bytes of mail"


def test_the_sender_says_what_is_shown_of_its_messages():
    sender, receiver = Confidential(), Receiver()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    with tap(receiver) as tapped:
        sender.send(b"Dear Bob")
    assert tapped.last()[0].text == "8 bytes of mail"
    assert tapped.last()[0].message == b"Dear Bob"


def test_the_receiver_says_what_is_shown_of_messages_to_it():
    sender, receiver = Sender(), Confidential()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    with tap(receiver) as tapped:
        sender.send(b"Dear Bob")
    assert tapped.last()[0].text == "8 bytes of mail"


def test_what_is_shown_is_one_line_of_at_most_200_characters():
    class Long(Sender):
        def shown(self, message):
            return "line\n" * 100

    sender, receiver = Long(), Receiver()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    with tap(receiver) as tapped:
        sender.send(b"")
    text = tapped.last()[0].text
    assert (len(text), text[-8:], "\n" in text) == (200, "ne li...", False)


def test_an_error_in_shown_shows_nothing_of_the_message():
    sender, receiver = Confidential(), Receiver()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    with tap(receiver) as tapped:
        sender.send(5)
    assert tapped.last()[0].text == "<shown() raised TypeError>"


def test_what_is_kept_is_the_same_with_and_without_a_function_to_call(linked):
    sender, receiver = linked
    with tap(receiver) as plain, tap(receiver, call=lambda _: None) as calling:
        for number in range(2 * KEPT + 3):
            sender.send(number)
    assert [(each.number, each.sender, each.message) for each in plain.last()] == [
        (each.number, each.sender, each.message) for each in calling.last()
    ]
    assert plain.last()[-1].number == plain.count == calling.count == 2 * KEPT + 3


def test_a_listener_that_raises_raises_in_the_sender_after_the_message_has_arrived(linked):
    sender, receiver = linked

    def fail(passage):
        raise ValueError("in the listener")

    with tap(receiver, call=fail), pytest.raises(ValueError, match="in the listener"):
        sender.send("x")
    assert receiver.recv() == "x"


def test_a_tapped_inbox_that_is_empty_refuses_to_give_a_message(linked):
    _, receiver = linked
    with tap(receiver), pytest.raises(IndexError, match="inbox"):
        receiver.recv()


def test_a_tap_that_is_closed_while_listeners_are_called_ends_with_that_message(linked):
    sender, receiver = linked
    taps = []
    taps.append(tap(receiver, call=lambda _: taps[1].close()))
    taps.append(tap(receiver))
    sender.send(1)
    sender.send(2)
    assert [each.count for each in taps] == [2, 1]
