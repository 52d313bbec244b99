"""Clock and RateFilter: the times at which messages are sent."""

import pytest

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Util.Clock import CheapAndCheerfulClock
from Kamaelia.Util.RateFilter import (
    ByteRate_RequestControl,
    MessageRateLimit,
    OnDemandLimit,
    VariableByteRate_RequestControl,
)


class Stopwatch(component):
    """A component that records the arrival time of each message."""

    def __init__(self, watched, clock):
        super().__init__()
        self.watched, self.clock, self.times, self.isOver = watched, clock, [], False
        self.link((watched, "outbox"), (self, "inbox"))
        self.link((watched, "signal"), (self, "control"))

    def main(self):
        self.watched.activate()
        start = self.clock.now()
        while not self.isOver:
            yield from self.waitForMessage()
            self.times += [round(self.clock.now() - start, 3) for _ in self.Inbox()]
            self.isOver = any(True for _ in self.Inbox("control"))


def test_a_clock_ticks_at_once_and_after_each_interval(virtualClock):
    clock = CheapAndCheerfulClock(60)
    outcome = feed(clock, control=[], until=lambda outcome: len(outcome["outbox"]) == 4)
    assert outcome["outbox"] == [True] * 4
    assert round(virtualClock.now()) >= 180


def test_a_shutdown_message_ends_a_clock():
    message = shutdownMicroprocess()
    assert feed(CheapAndCheerfulClock(60), control=[message])["signal"] == [message]


def test_messages_are_sent_no_faster_than_the_rate(virtualClock):
    limit = MessageRateLimit(4, buffer=2)
    for number in range(4):
        limit.deliver(number)
    limit.deliver(FINISHED, "control")
    watch = Stopwatch(limit, virtualClock)
    watch.run()
    assert watch.times == [0, 0.25, 0.5, 0.75]


def test_nothing_is_sent_before_the_buffer_is_full_or_the_input_ends():
    assert feed(MessageRateLimit(1000, buffer=3), inbox=[1, 2], control=[])["outbox"] == []
    outcome = feed(MessageRateLimit(1000, buffer=3), inbox=[1, 2])
    assert outcome == {"outbox": [1, 2], "signal": [FINISHED]}


def test_an_OnDemandLimit_sends_one_message_for_each_request():
    outcome = feed(OnDemandLimit(), inbox=[1, 2, 3], slidecontrol=["NEXT", "else", "NEXT"])
    assert outcome == {"outbox": [1, 2], "signal": [FINISHED]}


CONTROLS = pytest.mark.parametrize(
    "kind", [ByteRate_RequestControl, VariableByteRate_RequestControl]
)


def enough(count):
    return lambda outcome: len(outcome["outbox"]) >= count


@CONTROLS
def test_a_request_control_sends_requests_at_once_and_then_at_its_rate(virtualClock, kind):
    start = virtualClock.now()
    outcome = feed(kind(rate=100, chunksize=25), control=[], until=enough(5))
    assert outcome["outbox"] == [25] * 5
    assert virtualClock.now() - start == pytest.approx(1)


@CONTROLS
def test_a_rate_that_is_not_a_multiple_is_exact_on_average(virtualClock, kind):
    outcome = feed(kind(rate=10, chunkrate=4), control=[], until=enough(4))
    assert outcome["outbox"] == [2, 3, 2, 3]


@pytest.mark.parametrize(("aggregate", "expected"), [(False, [10] * 4), (True, [10, 30])])
def test_overdue_requests_are_sent_combined_or_one_by_one(virtualClock, aggregate, expected):
    class Late(ByteRate_RequestControl):
        """A request control that wakes up 0.25 seconds late, when three more requests are due."""

        def waitForMessage(self, *boxes, timeout=None):
            yield from super().waitForMessage(*boxes, timeout=timeout + 0.25)

    control = Late(100, 10, allowchunkaggregation=aggregate)
    outcome = feed(control, control=[], until=enough(len(expected)))
    assert outcome["outbox"] == expected


def test_a_change_of_the_rate_keeps_the_progress_towards_the_next_request(virtualClock):
    control = VariableByteRate_RequestControl(rate=10, chunksize=10)
    start = virtualClock.now()
    outcome = feed(control, inbox=[20, 40], control=[], until=enough(5))
    assert outcome["outbox"] == [10] * 5
    assert virtualClock.now() - start == pytest.approx(1)


@CONTROLS
def test_a_shutdown_message_ends_a_request_control(kind):
    message = shutdownMicroprocess()
    assert feed(kind(), control=[message])["signal"] == [message]


@pytest.mark.parametrize(
    "wrong", [{"rate": 0}, {"chunksize": -1}, {"chunkrate": 0}, {"chunkrate": None}]
)
def test_a_request_control_without_a_valid_rate_raises_ValueError(wrong):
    with pytest.raises(ValueError, match="chunkrate"):
        ByteRate_RequestControl(**wrong)


def test_a_new_rate_that_is_not_above_zero_is_an_error():
    with pytest.raises(ValueError, match="above 0"):
        feed(VariableByteRate_RequestControl(), inbox=[0], control=[])
