"""Pipeline: linkages, ends, capacity, and its cost per message."""

import pytest

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline, pipeline


class AddOne(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message + 1)
            if self.isShuttingDown():
                return


class Burst(component):
    """Send all messages and end, in one turn."""

    messages = (1, 2, 3)

    def main(self):
        for message in self.messages:
            self.send(message)
        self.send(FINISHED, "signal")
        return
        yield


class Counter(component):
    """Send 0 to n - 1, one in each turn, and count them."""

    n, sent = 1000, 0

    def main(self):
        for i in range(self.n):
            self.send(i)
            self.sent += 1
            yield 1
        self.send(FINISHED, "signal")


class Slow(component):
    """Take a message in every third turn, and record the largest number that waited."""

    most = taken = 0

    def main(self):
        while True:
            yield from self.waitForMessage()
            if self.dataReady():
                self.most = max(self.most, self.dataReady())
                self.recv()
                self.taken += 1
                yield 1
                yield 1
            elif self.isShuttingDown():
                return


def test_outbox_leads_to_inbox_and_signal_to_control():
    outcome = feed(Pipeline(AddOne(), AddOne(), AddOne()), inbox=[1, 10])
    assert outcome == {"outbox": [4, 13], "signal": [FINISHED]}


def test_its_boxes_are_those_of_the_first_and_the_last_component():
    assert feed(Pipeline(AddOne()), inbox=[1]) == {"outbox": [2], "signal": [FINISHED]}


def test_the_last_data_of_a_producer_that_sends_and_ends_in_one_turn_arrive():
    outcome = feed(Pipeline(Burst(), AddOne(), AddOne()), control=[])
    assert outcome == {"outbox": [3, 4, 5], "signal": [FINISHED]}


def test_it_sends_no_message_of_its_own():
    class Silent(component):
        def main(self):
            yield 1

    assert feed(Pipeline(Silent(), Silent()), control=[]) == {"outbox": [], "signal": []}


def test_it_ends_when_all_its_components_have_ended():
    class Lasting(component):
        def main(self):
            for _ in range(50):
                yield 1

    class Watched(Pipeline):
        atTheEnd = ()

        def stop(self):
            self.atTheEnd = tuple(each._isStopped() for each in self.components)
            super().stop()

    whole = Watched(Burst(), Lasting(), Burst())
    whole.run()
    assert whole.atTheEnd == (True, True, True)


def test_a_shutdown_passes_through_all_components():
    message = shutdownMicroprocess()
    outcome = feed(Pipeline(AddOne(), AddOne()), control=[message])
    assert outcome["signal"] == [message]


def test_pipelines_can_be_nested():
    inner = Pipeline(AddOne(), Pipeline(AddOne()))
    outcome = feed(Pipeline(Pipeline(Burst()), inner), control=[])
    assert outcome == {"outbox": [3, 4, 5], "signal": [FINISHED]}


def test_messages_from_before_the_first_turn_are_not_lost():
    whole = Pipeline(AddOne())
    whole._deliver(1)
    whole._deliver(2)
    assert feed(whole, inbox=[3])["outbox"] == [2, 3, 4]


def test_a_circular_pipeline_feeds_itself_and_sends_no_message_out():
    class Countdown(component):
        seen = ()

        def main(self):
            while not self.seen or self.seen[-1] > 0:
                yield from self.waitForMessage()
                for number in self.Inbox():
                    self.seen = (*self.seen, number)
                    self.send(number - 1)
            self.send(producerFinished(), "signal")

    class Forward(AddOne):
        def main(self):
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.send(message)
                if self.isShuttingDown():
                    return

    head = Countdown()
    outcome = feed(Pipeline(head, Forward(), circular=True), inbox=[3], control=[])
    assert head.seen == (3, 2, 1, 0)
    assert outcome == {"outbox": [], "signal": []}


@pytest.mark.parametrize(
    "nesting",
    [
        lambda *parts: Pipeline(*parts, capacity=5),
        lambda first, second: Pipeline(first, Pipeline(second), capacity=5),
        lambda first, second: Pipeline(Pipeline(first), Pipeline(Pipeline(second)), capacity=5),
    ],
)
def test_with_a_capacity_the_first_component_waits_for_the_second(nesting):
    slow = Slow()
    nesting(Counter(), slow).run()
    assert slow.taken == 1000
    assert slow.most <= 5


def test_without_a_capacity_no_component_waits():
    slow = Slow()
    Pipeline(Counter(), slow).run()
    assert slow.most > 100


def test_a_held_component_continues_when_its_receiver_has_ended():
    class TooTired(component):
        def main(self):
            for _ in range(50):
                yield 1

    source = Counter()
    Pipeline(source, TooTired(), capacity=3).run()
    assert source.sent == source.n


def test_messages_are_discarded_after_the_first_component_has_ended():
    class ThreeTurns(component):
        def main(self):
            for _ in range(3):
                yield 1

    class Lasting(component):
        def main(self):
            for _ in range(2000):
                yield 1

    whole = Pipeline(ThreeTurns(), Lasting())
    Pipeline(Counter(n=500), whole).run()
    assert whole.dataReady() == 0


def test_it_takes_no_turn_while_messages_pass():
    whole = Pipeline(Counter(n=100), AddOne(), Slow())
    turns = []
    waitForChange = whole.waitForChange
    whole.waitForChange = lambda: turns.append(1) or waitForChange()
    whole.run()
    assert len(turns) <= 3  # one wake-up for each child that ends


@pytest.mark.parametrize("wrong", [(), (AddOne,), (AddOne(), "AddOne")])
def test_an_argument_that_is_not_a_component_is_an_error_of_the_constructor(wrong):
    with pytest.raises(wiringError):
        Pipeline(*wrong)


def test_an_error_in_a_component_is_raised_from_run():
    class Broken(component):
        def main(self):
            yield 1
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        Pipeline(Broken(), AddOne()).run()


def test_the_historical_name_is_the_same_class():
    assert pipeline is Pipeline


def test_a_component_that_overrides_stop_ends_like_any_other():
    class Closing(component):
        closed = 0

        def main(self):
            yield from self.waitForMessage()

        def stop(self):
            self.closed += 1

    closing = Closing()
    Pipeline(Once(), closing).run()
    assert closing.closed == 1


class Once(component):
    def main(self):
        self.send("x")
        yield
