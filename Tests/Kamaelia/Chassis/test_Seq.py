"""Seq: one component after another."""

import sys

import pytest

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Chassis.Seq import Seq


class Say(component):
    """Send one message and producerFinished, in one turn."""

    def __init__(self, message):
        super().__init__()
        self.message = message

    def main(self):
        self.send(self.message)
        self.send(producerFinished(self), "signal")
        return
        yield


class Echo(component):
    """Pass on one message, or end at a shutdown message."""

    def main(self):
        yield from self.waitForMessage()
        for message in self.Inbox():
            self.send(message)
            return
        self.isShuttingDown()


def test_components_run_one_after_another():
    outcome = feed(Seq("first", Say(1), Say(2), "now the last", Say(3)), control=[])
    assert outcome["outbox"] == [1, 2, 3]


def test_a_text_is_printed_when_its_turn_comes(capsys):
    class Prints(component):
        def main(self):
            sys.stdout.write(f"{self.text}\n")
            yield 1

    Seq("first", Prints(text="one"), "then", "again", Prints(text="two"), "last").run()
    assert capsys.readouterr().out.split() == ["first", "one", "then", "again", "two", "last"]


def test_it_sends_one_producerFinished_and_none_from_its_components():
    outcome = feed(Seq(Say(1), Say(2)), control=[])
    assert [type(each) for each in outcome["signal"]] == [producerFinished]


def test_messages_to_inbox_reach_the_running_component():
    class Until(component):
        def main(self):
            while True:
                yield from self.waitForMessage()
                message = self.recv()
                self.send((self.mark, message))
                if message == self.mark:
                    return

    class Source(component):
        def main(self):
            for message in "abcd":
                self.send(message)
                for _ in range(10):
                    yield 1

    whole = Seq(Until(mark="b"), Until(mark="d"))
    source = Source().activate()
    source.link((source, "outbox"), (whole, "inbox"))
    outcome = feed(whole, control=[])
    assert outcome["outbox"] == [("b", "a"), ("b", "b"), ("d", "c"), ("d", "d")]


def test_an_empty_seq_ends_at_once():
    assert [type(each) for each in feed(Seq("nothing"))["signal"]] == [producerFinished]


def test_producerFinished_does_not_end_it():
    assert feed(Seq(Say(1), Say(2)))["outbox"] == [1, 2]


def test_a_shutdown_ends_the_running_component_and_is_passed_on():
    message = shutdownMicroprocess()
    outcome = feed(Seq(Echo(), Say("never")), control=[message])
    assert outcome == {"outbox": [], "signal": [message]}


def test_an_argument_that_is_neither_a_component_nor_a_text_is_an_error():
    with pytest.raises(wiringError):
        Seq(Say)


class One(component):
    """A component that takes one message, sends it with its number, and ends."""

    number = 0

    def main(self):
        yield from self.waitForMessage("inbox")
        self.send((self.number, self.recv()))


def test_what_a_component_has_not_read_goes_to_the_next_one():
    sequence = Seq(One(number=1), One(number=2), One(number=3))
    assert feed(sequence, inbox="abcd", control=())["outbox"] == [(1, "a"), (2, "b"), (3, "c")]
