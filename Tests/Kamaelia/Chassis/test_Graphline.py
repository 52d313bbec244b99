"""A Graphline: boxes, control and signal, capacity."""

import pytest

from Axon.AxonExceptions import noSuchBox, wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Supervisor import Supervisor

CHAIN = {
    ("one", "outbox"): ("two", "inbox"),
    ("one", "signal"): ("two", "control"),
    ("two", "outbox"): ("self", "outbox"),
}


class Burst(component):
    """Send all messages and end, in one turn."""

    def main(self):
        for message in (1, 2, 3):
            self.send(message)
        self.send(FINISHED, "signal")
        return
        yield


class Double(component):
    Inboxes = {"inbox": "numbers", "control": "when to stop"}

    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(2 * message)
            if self.isShuttingDown():
                return


class Listener(component):
    """Keep the messages from control until a shutdownMicroprocess arrives."""

    heard = ()

    def main(self):
        while not any(isinstance(each, shutdownMicroprocess) for each in self.heard):
            yield from self.waitForMessage()
            self.heard = (*self.heard, *self.Inbox("control"))


def test_the_last_data_of_a_producer_that_sends_and_ends_in_one_turn_arrive():
    outcome = feed(Graphline(one=Burst(), two=Double(), linkages=CHAIN), control=[])
    assert outcome["outbox"] == [2, 4, 6]


@pytest.mark.parametrize("own", ["", "self", "anything else"])
def test_a_name_that_no_component_has_means_the_graphline(own):
    linkages = {
        (own, "inbox"): ("double", "inbox"),
        (own, "control"): ("double", "control"),
        ("double", "outbox"): (own, "outbox"),
        ("double", "signal"): (own, "signal"),
    }
    outcome = feed(Graphline(double=Double(), linkages=linkages), inbox=[1, 2])
    assert outcome["outbox"] == [2, 4]
    assert outcome["signal"] == [FINISHED]


def test_missing_boxes_are_created_for_this_graphline_only():
    linkages = {("", "numbers"): ("double", "inbox"), ("double", "outbox"): ("", "doubled")}
    whole = Graphline(double=Double(), linkages=linkages)
    assert whole.Inboxes["numbers"] == "numbers"
    assert feed(whole, numbers=[4])["doubled"] == [8]
    other = Graphline(double=Double(), linkages={})
    assert set(other.inboxes) == {"inbox", "control"}
    assert "doubled" not in other.outboxes


def test_control_goes_to_each_child_whose_control_is_not_linked_inside():
    talker, listener, linked = Double(), Listener(), Listener()
    linkages = {("talker", "signal"): ("linked", "control")}
    message = shutdownMicroprocess()
    whole = Graphline(talker=talker, listener=listener, linked=linked, linkages=linkages)
    feed(whole, control=[message])
    assert listener.heard == (message,)
    assert linked.heard == (message,)  # from the talker, once


def test_at_the_end_it_passes_on_the_shutdown_that_it_received():
    message = shutdownMicroprocess()
    whole = Graphline(double=Double(), listener=Listener(), linkages={})
    assert feed(whole, control=[message])["signal"] == [message]


def test_at_the_end_it_sends_producerFinished_if_it_received_no_shutdown():
    first = producerFinished()
    outcome = feed(Graphline(double=Double(), linkages={}), control=[first])
    assert [type(each) for each in outcome["signal"]] == [producerFinished]
    assert outcome["signal"] != [first]


def test_it_sends_no_end_of_its_own_if_its_signal_is_linked():
    linkages = {("double", "signal"): ("", "signal")}
    outcome = feed(Graphline(double=Double(), linkages=linkages), control=[FINISHED])
    assert outcome["signal"] == [FINISHED]


def test_it_passes_no_control_message_on_if_its_control_is_linked():
    listener = Listener()
    double = Double()
    linkages = {("", "control"): ("double", "control")}
    message = shutdownMicroprocess()
    whole = Graphline(double=double, listener=listener, linkages=linkages)
    outcome = feed(whole, control=[message])
    assert double._isStopped()
    assert listener.heard == ()
    assert outcome["signal"] == []  # the listener still runs


def test_linkages_may_be_empty_but_not_missing():
    feed(Graphline(burst=Burst(), linkages={}))
    with pytest.raises(wiringError) as caught:
        Graphline(burst=Burst())
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("linkages", "sentence"),
    [
        ([("a", "outbox"), ("b", "inbox")], "are a dict, not a list: write linkages="),
        ({("a", "outbox"): "b"}, r"one pair \(name, box\), not 'b': write linkages="),
        ({("a", "outbox"): ("b",)}, r"one pair \(name, box\), not \('b',\)"),
        ({"ab": ("b", "inbox")}, r"one pair \(name, box\), not 'ab'"),
        ({("a", "outbox"): [("b", "inbox"), ("c", "inbox")]}, r"one pair \(name, box\), not \["),
    ],
)
def test_malformed_linkages_are_an_error_that_shows_the_form(linkages, sentence):
    with pytest.raises(wiringError, match=f"of a Graphline .*{sentence}"):
        Graphline(a=Burst(), b=Double(), linkages=linkages)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("BB", "B"), ("b", "B"), ("READR", "READER"), ("raeder", "READER"), ("reader2", "READER")],
)
@pytest.mark.parametrize("kind", [Graphline, Supervisor])
def test_a_name_that_is_nearly_that_of_a_component_is_an_error(name, meant, kind):
    parts = {"A": Burst, "B": Double, "READER": Double}
    if kind is Graphline:
        parts = {part: make() for part, make in parts.items()}
    for linkages in (
        {("A", "outbox"): (name, "inbox")},
        {(name, "outbox"): ("A", "inbox")},
    ):
        with pytest.raises(wiringError, match=rf"{kind.__name__} .*'{name}'.* mean '{meant}'\?"):
            kind(linkages=linkages, **parts)


@pytest.mark.parametrize("name", ["", "self", "out", "GRAPHLINE", None])
def test_self_and_names_that_resemble_no_component_still_mean_the_graphline(name):
    whole = Graphline(
        A=Burst(), B=Double(), sel=Double(), linkages={("A", "outbox"): (name, "outbox")}
    )
    assert feed(whole)["outbox"] == [1, 2, 3]


def test_an_argument_that_is_not_a_component_is_an_error_of_the_constructor():
    with pytest.raises(wiringError, match="Burst"):
        Graphline(burst=Burst, linkages={})


def test_the_error_for_a_missing_box_names_the_component_and_the_box():
    with pytest.raises(noSuchBox, match="outbx"):
        Graphline(a=Burst(), b=Double(), linkages={("a", "outbx"): ("b", "inbox")}).run()


def test_graphlines_can_be_nested():
    inner = Graphline(
        double=Double(),
        linkages={
            ("", "inbox"): ("double", "inbox"),
            ("", "control"): ("double", "control"),
            ("double", "outbox"): ("", "outbox"),
            ("double", "signal"): ("", "signal"),
        },
    )
    outcome = feed(Graphline(one=Burst(), two=inner, linkages=CHAIN), control=[])
    assert outcome["outbox"] == [2, 4, 6]


def test_with_a_capacity_a_component_waits_for_its_receiver():
    class Source(component):
        def main(self):
            for i in range(200):
                self.send(i)
                yield 1
            self.send(FINISHED, "signal")

    class Slow(component):
        most = taken = 0

        def main(self):
            while not self.dataReady("control") or self.dataReady():
                self.most = max(self.most, self.dataReady())
                if self.dataReady():
                    self.recv()
                    self.taken += 1
                yield 1
                yield 1

    slow = Slow()
    linkages = {("a", "outbox"): ("b", "inbox"), ("a", "signal"): ("b", "control")}
    Graphline(a=Source(), b=slow, linkages=linkages, capacity=4).run()
    assert (slow.taken, slow.most) == (200, 4)


def test_a_control_message_from_before_the_first_turn_is_not_lost():
    listener = Listener()
    whole = Graphline(listener=listener, linkages={})
    message = shutdownMicroprocess()
    whole._deliver(message, "control")
    assert feed(whole, control=[])["signal"] == [message]
