"""A Pipeline: linkages, ends, capacity, and what it costs while messages pass."""

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
    """Sends all it has, and ends, in one turn."""

    messages = (1, 2, 3)

    def main(self):
        for message in self.messages:
            self.send(message)
        self.send(FINISHED, "signal")
        return
        yield


class Counter(component):
    """Sends 0 to n - 1, one a turn, and remembers how many it has sent."""

    n, sent = 1000, 0

    def main(self):
        for i in range(self.n):
            self.send(i)
            self.sent += 1
            yield 1
        self.send(FINISHED, "signal")


class Slow(component):
    """Takes a message every third turn, and remembers the most that ever waited."""

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


def test_its_own_boxes_are_those_of_the_first_and_of_the_last():
    assert feed(Pipeline(AddOne()), inbox=[1]) == {"outbox": [2], "signal": [FINISHED]}


def test_the_last_data_of_a_producer_that_sends_and_ends_in_one_turn_arrive():
    outcome = feed(Pipeline(Burst(), AddOne(), AddOne()), control=[])
    assert outcome == {"outbox": [3, 4, 5], "signal": [FINISHED]}


def test_it_sends_nothing_of_its_own():
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


def test_shutdown_passes_through_all_of_it():
    message = shutdownMicroprocess()
    outcome = feed(Pipeline(AddOne(), AddOne()), control=[message])
    assert outcome["signal"] == [message]


def test_pipelines_nest():
    inner = Pipeline(AddOne(), Pipeline(AddOne()))
    outcome = feed(Pipeline(Pipeline(Burst()), inner), control=[])
    assert outcome == {"outbox": [3, 4, 5], "signal": [FINISHED]}


def test_what_came_before_it_began_is_not_lost():
    whole = Pipeline(AddOne())
    whole._deliver(1)
    whole._deliver(2)
    assert feed(whole, inbox=[3])["outbox"] == [2, 3, 4]


def test_a_circular_pipeline_feeds_itself_and_sends_nothing_out():
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
def test_with_a_capacity_the_first_waits_for_the_second(nesting):
    slow = Slow()
    nesting(Counter(), slow).run()
    assert slow.taken == 1000
    assert slow.most <= 5


def test_without_a_capacity_nobody_waits():
    slow = Slow()
    Pipeline(Counter(), slow).run()
    assert slow.most > 100


def test_whoever_waited_for_room_goes_on_when_the_next_one_has_ended():
    class TooTired(component):
        def main(self):
            for _ in range(50):
                yield 1

    source = Counter()
    Pipeline(source, TooTired(), capacity=3).run()
    assert source.sent == source.n


def test_what_comes_after_the_first_has_ended_is_thrown_away():
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


def test_it_costs_no_turn_while_messages_pass():
    whole = Pipeline(Counter(n=100), AddOne(), Slow())
    turns = []
    waitForChange = whole.waitForChange
    whole.waitForChange = lambda: turns.append(1) or waitForChange()
    whole.run()
    assert len(turns) <= 3  # a wake for each child that ends


@pytest.mark.parametrize("wrong", [(), (AddOne,), (AddOne(), "AddOne")])
def test_what_is_no_component_is_an_error_where_the_pipeline_is_made(wrong):
    with pytest.raises(wiringError):
        Pipeline(*wrong)


def test_an_error_of_a_component_is_raised_out_of_run():
    class Broken(component):
        def main(self):
            yield 1
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        Pipeline(Broken(), AddOne()).run()


def test_the_old_name_is_the_same_thing():
    assert pipeline is Pipeline


def test_a_component_with_a_stop_of_its_own_ends_as_any_other():
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
