"""Seq: one component after the other."""

import sys

import pytest

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Chassis.Seq import Seq


class Say(component):
    """Sends one message and its end in one turn."""

    def __init__(self, message):
        super().__init__()
        self.message = message

    def main(self):
        self.send(self.message)
        self.send(producerFinished(self), "signal")
        return
        yield


class Echo(component):
    """Sends on one message, or ends at a shutdown."""

    def main(self):
        yield from self.waitForMessage()
        for message in self.Inbox():
            self.send(message)
            return
        self.isShuttingDown()


def test_they_run_in_turn():
    outcome = feed(Seq("first", Say(1), Say(2), "now the last", Say(3)), control=[])
    assert outcome["outbox"] == [1, 2, 3]


def test_a_text_is_printed_when_its_turn_comes(capsys):
    class Prints(component):
        def main(self):
            sys.stdout.write(f"{self.text}\n")
            yield 1

    Seq("first", Prints(text="one"), "then", "again", Prints(text="two"), "last").run()
    assert capsys.readouterr().out.split() == ["first", "one", "then", "again", "two", "last"]


def test_one_producerFinished_at_the_end_and_none_of_theirs():
    outcome = feed(Seq(Say(1), Say(2)), control=[])
    assert [type(each) for each in outcome["signal"]] == [producerFinished]


def test_the_inbox_goes_to_the_one_that_runs():
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


def test_an_empty_one_ends_at_once():
    assert [type(each) for each in feed(Seq("nothing"))["signal"]] == [producerFinished]


def test_a_producerFinished_does_not_end_it():
    assert feed(Seq(Say(1), Say(2)))["outbox"] == [1, 2]


def test_a_shutdown_ends_the_one_that_runs_and_is_passed_on():
    message = shutdownMicroprocess()
    outcome = feed(Seq(Echo(), Say("never")), control=[message])
    assert outcome == {"outbox": [], "signal": [message]}


def test_what_is_neither_component_nor_string_is_an_error():
    with pytest.raises(wiringError):
        Seq(Say)
