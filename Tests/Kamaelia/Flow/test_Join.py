"""Merge, Zip and CombineLatest: what they send, and when they end."""

import pytest

from Axon.AxonExceptions import noSpaceInBox, wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Flow.Join import CombineLatest, Merge, Zip
from Kamaelia.Util.Chargen import Chargen
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.PassThrough import PassThrough
from Tests.Kamaelia.consumers import runInto

JOINS = pytest.mark.parametrize("kind", [Merge, Zip, CombineLatest])


def kindsOf(messages):
    return [type(message) for message in messages]


@pytest.mark.roundRobin
def test_a_Merge_sends_the_messages_of_all_components_and_ends_after_the_last():
    outcome = feed(Merge(DataSource([1, 2]), DataSource("abcd")), control=())
    assert sorted(outcome["outbox"], key=str) == [1, 2, "a", "b", "c", "d"]
    assert [each for each in outcome["outbox"] if isinstance(each, str)] == list("abcd")
    assert kindsOf(outcome["signal"]) == [producerFinished]


def test_a_Zip_pairs_messages_in_order_and_ends_with_the_shorter_input():
    outcome = feed(Zip(DataSource([1, 2]), DataSource("abcd")), control=())
    assert outcome["outbox"] == [(1, "a"), (2, "b")]
    assert kindsOf(outcome["signal"]) == [producerFinished]


def test_a_Zip_tells_the_components_that_are_left_to_stop():
    endless = Chargen()
    outcome = feed(Zip(DataSource([1, 2]), endless), control=())
    assert outcome["outbox"] == [(1, "Hello World"), (2, "Hello World")]
    assert endless.isStopped()


def test_CombineLatest_sends_the_latest_messages_once_each_input_has_one():
    join = CombineLatest("price", "rate")
    sent = []

    class Talk(component):
        Outboxes = {"price": "", "rate": "", "end": ""}

        def main(self):
            for boxname, message in [("price", 1), ("price", 2), ("rate", "a"), ("price", 3)]:
                self.send(message, boxname)
                yield from self.waitForChange(0)
            self.send(producerFinished(), "end")

    class Keep(component):
        def main(self):
            talk = Talk()
            for boxname in ("price", "rate"):
                self.link((talk, boxname), (join, boxname))
            self.link((talk, "end"), (join, "control"))
            self.link((join, "outbox"), (self, "inbox"))
            self.link((join, "signal"), (self, "control"))
            talk.activate()
            join.activate()
            while not self.isShuttingDown():
                yield from self.waitForMessage()
                sent.extend(self.Inbox())

    Keep().run()
    assert sent == [(2, "a"), (3, "a")]


def test_CombineLatest_ends_when_an_input_ends_without_a_message():
    outcome = feed(CombineLatest(DataSource([]), Chargen()), control=())
    assert outcome["outbox"] == []
    assert kindsOf(outcome["signal"]) == [producerFinished]


def test_inboxes_with_names_are_joined_as_components_are():
    end = producerFinished()
    outcome = feed(Zip("a", "b"), a=[1, 2, 3], b="xy", a_control=[end], b_control=[end], control=())
    assert outcome["outbox"] == [(1, "x"), (2, "y")]
    assert kindsOf(outcome["signal"]) == [producerFinished]


def test_an_input_is_over_when_its_own_control_has_received_the_end():
    end = producerFinished()
    merge = Merge("a", "b")
    outcome = feed(merge, a=[1], a_control=[end], b=[2], control=())
    assert sorted(outcome["outbox"]) == [1, 2]
    assert outcome["signal"] == []
    merge = Merge("a", "b")
    outcome = feed(merge, a=[1], a_control=[end], b=[2], b_control=[end], control=())
    assert kindsOf(outcome["signal"]) == [producerFinished]


@JOINS
def test_a_producerFinished_on_control_ends_all_inputs_with_names(kind):
    outcome = feed(kind("a", "b"), a=[1], b=[2])
    assert len(outcome["outbox"]) in (1, 2)
    assert kindsOf(outcome["signal"]) == [producerFinished]


@JOINS
def test_a_producerFinished_on_control_is_passed_to_components(kind):
    outcome = feed(kind(PassThrough(), PassThrough()))
    assert outcome["outbox"] == []
    assert kindsOf(outcome["signal"]) == [producerFinished]


@JOINS
def test_a_shutdownMicroprocess_ends_the_components_and_is_passed_on(kind):
    message = shutdownMicroprocess()
    sources = [Chargen(), Chargen()]
    assert feed(kind(*sources), control=[message])["signal"] == [message]
    assert all(source.isStopped() for source in sources)


def test_a_join_is_the_first_part_of_a_pipeline():
    outcome = feed(Pipeline(Merge(DataSource([1]), DataSource([2])), PassThrough()), control=())
    assert sorted(outcome["outbox"]) == [1, 2]


def test_a_component_that_ends_without_a_signal_ends_its_input():
    class Silent(component):
        def main(self):
            self.send("only")
            yield 1

    assert feed(Merge(Silent(), Silent()), control=())["outbox"] == ["only"] * 2


@JOINS
@pytest.mark.parametrize("limit", [{"size": 1}, {"capacity": 1}])
def test_nothing_is_lost_before_a_slow_consumer(kind, limit):
    slow = runInto(kind(DataSource(range(10)), DataSource("abcdefghij")), **limit)
    if kind is Merge:
        assert [each for each in slow.got if isinstance(each, int)] == list(range(10))
        assert "".join(each for each in slow.got if isinstance(each, str)) == "abcdefghij"
    else:
        assert slow.got[-1] == (9, "j")
    assert kindsOf(slow.signals) == [producerFinished]
    assert slow.longest <= 2


def test_a_capacity_holds_the_senders_of_the_faster_input():
    class Slowly(component):
        def main(self):
            for number in range(10):
                for _ in range(20):
                    yield 1
                self.send(number)

    class Watched(Zip):
        most = 0

        def results(self):
            self.most = max(self.most, self.dataReady("input1"))
            return super().results()

    made = Watched(DataSource(range(1000)), Slowly(), capacity=5)
    assert feed(made, control=())["outbox"] == [(each, each) for each in range(10)]
    assert made.most <= 5


def test_an_inbox_with_a_size_raises_in_its_sender_when_the_other_input_is_late():
    join = Zip("a", "b")
    join.setInboxSize("a", 1)
    join.deliver(1, "a")
    with pytest.raises(noSpaceInBox):
        join.deliver(2, "a")


@pytest.mark.parametrize(
    "inputs", [(), ("a", "a"), ("control",), ("a", "a_control"), ("input2", 1)]
)
def test_inputs_that_cannot_be_told_apart_are_an_error(inputs):
    with pytest.raises(wiringError):
        Merge(*[DataSource(()) if each == 1 else each for each in inputs])


def test_a_class_in_place_of_a_component_is_an_error():
    with pytest.raises(wiringError, match="Chargen"):
        Merge(Chargen)


def test_messages_to_the_inbox_that_is_not_used_do_not_accumulate():
    join = Merge("a")
    feed(join, inbox=[1, 2, 3], control=())
    assert join.dataReady("inbox") == 0


def test_an_input_may_have_the_name_inbox():
    assert feed(Merge("inbox", "more"), inbox=[1, 2], more=[3])["outbox"] == [1, 3, 2]


def test_the_class_keeps_no_boxes_of_an_instance():
    Merge("a", "b")
    assert set(Merge.Inboxes) == {"inbox", "control"}


def test_FINISHED_after_the_messages_of_a_named_input_loses_none():
    assert feed(Merge("a"), a=[1, 2, 3], control=[FINISHED])["outbox"] == [1, 2, 3]
