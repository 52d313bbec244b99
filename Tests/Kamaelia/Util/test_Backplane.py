"""Backplane, PublishTo, SubscribeTo."""

import pytest

from Axon.AxonExceptions import ServiceAlreadyExists
from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import FINISHED
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.Backplane import Backplane, PublishTo, SubscribeTo, publishTo, subscribeTo
from Kamaelia.Util.Splitter import addsink


class Source(component):
    """A publisher that waits until all have subscribed, then sends and ends in one turn."""

    messages = (1, 2, 3)

    def main(self):
        for _ in range(10):
            yield 1
        for message in self.messages:
            self.send(message)
        self.send(FINISHED, "signal")


class Reader(component):
    """A component that keeps its messages until a shutdown message arrives."""

    got = ()

    def main(self):
        while True:
            yield from self.waitForMessage()
            self.got = (*self.got, *self.Inbox())
            if self.isShuttingDown():
                return


class Stopper(component):
    """A component that sends a shutdown message to `target` after a number of turns."""

    turns = 50

    def __init__(self, target, **argd):
        super().__init__(**argd)
        self.link((self, "signal"), (target, "control"))

    def main(self):
        for _ in range(self.turns):
            yield 1
        self.send(shutdownMicroprocess(), "signal")


def test_each_subscriber_receives_every_message_of_every_publisher_and_the_end():
    backplane = Backplane("news").activate()
    readers = [Reader(), Reader()]
    for reader in readers:
        Pipeline(SubscribeTo("news"), reader).activate()
    for messages in ((1, 2), (3,)):
        Pipeline(Source(messages=messages), PublishTo("news")).activate()
    Stopper(backplane).run()
    assert [sorted(reader.got) for reader in readers] == [[1, 2, 3]] * 2


def test_the_last_data_of_a_publisher_that_sends_and_ends_in_one_turn_arrives():
    backplane = Backplane("last").activate()
    reader = Reader()
    Pipeline(SubscribeTo("last"), reader).activate()
    Pipeline(Source(), PublishTo("last")).activate()
    Stopper(backplane).run()
    assert reader.got == (1, 2, 3)


def test_the_backplane_continues_when_a_publisher_ends():
    backplane = Backplane("lasting").activate()
    publisher = PublishTo("lasting")
    Pipeline(Source(), publisher).activate()
    late = Reader()

    class Late(component):
        def main(self):
            while not publisher.isStopped():
                yield 1
            Pipeline(SubscribeTo("lasting"), late).activate()
            Pipeline(Source(messages=("more",)), PublishTo("lasting")).activate()

    Late().activate()
    Stopper(backplane).run()
    assert late.got == ("more",)


def test_a_subscriber_that_ends_receives_nothing_more():
    backplane = Backplane("some").activate()
    early, faithful = SubscribeTo("some"), Reader()
    reader = Reader()
    Pipeline(early, reader).activate()
    Pipeline(SubscribeTo("some"), faithful).activate()
    Pipeline(Source(), PublishTo("some")).activate()
    Stopper(early, turns=3).activate()
    Stopper(backplane).run()
    assert (reader.got, faithful.got) == ((), (1, 2, 3))


def test_a_forwarder_also_sends_what_it_publishes():
    backplane = Backplane("copies").activate()
    copy, reader = Reader(), Reader()
    Pipeline(SubscribeTo("copies"), reader).activate()
    Pipeline(Source(), PublishTo("copies", forwarder=True), copy).activate()
    Stopper(backplane).run()
    assert copy.got == reader.got == (1, 2, 3)


def test_a_backplane_registers_its_services_and_removes_them_at_its_end():
    tracker = coordinatingassistanttracker.getcat()
    backplane = Backplane("service")
    assert tracker.retrieveService("Backplane_I_service") == (backplane, "inbox")
    assert "Backplane_O_service" in tracker.servicesRegistered()
    with pytest.raises(ServiceAlreadyExists):
        Backplane("service")
    backplane.deliver(producerFinished(), "control")
    backplane.run()
    assert not [each for each in tracker.servicesRegistered() if str(each).endswith("_service")]
    Backplane("service").stop()


def test_a_name_that_is_not_a_str_is_an_error():
    with pytest.raises(TypeError):
        Backplane(7)


@pytest.mark.parametrize("wrong", [PublishTo("nowhere"), SubscribeTo("nowhere")])
def test_the_error_for_a_missing_backplane_names_it(wrong):
    scheduler.run = scheduler()
    with pytest.raises(KeyError, match="nowhere"):
        wrong.run()


def test_with_a_capacity_publishers_wait_for_the_slowest_subscriber():
    class Slow(component):
        Outboxes = ["outbox", "signal", "stop"]
        most = taken = 0

        def main(self):
            while self.taken < 300:
                yield from self.waitForMessage("inbox")
                self.most = max(self.most, self.dataReady())
                self.recv()
                self.taken += 1
                yield 1
                yield 1
            self.send(shutdownMicroprocess(), "stop")

    class Many(component):
        def main(self):
            for _ in range(10):
                yield 1
            for i in range(300):
                self.send(i)
                yield 1
            self.send(FINISHED, "signal")

    backplane = Backplane("held", capacity=5).activate()
    slow = Slow()
    slow.link((slow, "stop"), (backplane, "control"))
    Pipeline(Many(), PublishTo("held")).activate()
    Pipeline(SubscribeTo("held"), slow, capacity=5).run()
    assert slow.taken == 300
    assert slow.most <= 10


def test_the_historical_names_are_the_same_classes():
    assert (publishTo, subscribeTo) == (PublishTo, SubscribeTo)


@pytest.mark.parametrize("forwarder", [True, False])
def test_messages_published_after_the_end_of_the_backplane_are_discarded(forwarder):
    backplane = Backplane("news").activate()
    publisher = PublishTo("news", forwarder=forwarder).activate()
    waiting = []

    class Publish(component):
        def main(self):
            for _ in range(5):
                yield 1
            backplane.deliver(FINISHED, "control")
            while not backplane.isStopped():
                yield 1
            yield 1
            for number in range(100):
                publisher.deliver(number)
                yield 1
                waiting.append(publisher.dataReady() + backplane.dataReady())
            publisher.deliver(FINISHED, "control")

    Publish().run()
    assert max(waiting) <= 2


def test_a_destination_that_ended_without_unsubscribing_is_removed():
    class Once(component):
        def main(self):
            yield 1

    backplane, once = Backplane("news").activate(), Once().activate()
    backplane.deliver(addsink(once, "inbox", "control"), "configuration")

    class Publish(component):
        def main(self):
            while not once.isStopped():
                yield 1
            for number in range(100):
                backplane.deliver(number)
                yield 1
            backplane.deliver(FINISHED, "control")

    Publish().run()
    assert once.dataReady() + once.dataReady("control") == 0
    assert list(backplane.outboxes) == ["outbox", "signal"]
