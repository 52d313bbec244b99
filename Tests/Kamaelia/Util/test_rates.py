"""Clock and RateFilter: what comes when."""

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Util.Clock import CheapAndCheerfulClock
from Kamaelia.Util.RateFilter import MessageRateLimit, OnDemandLimit


class Stopwatch(component):
    """Notes when each message came."""

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


def test_a_clock_ticks_at_once_and_each_interval(virtualClock):
    clock = CheapAndCheerfulClock(60)
    outcome = feed(clock, control=[], until=lambda outcome: len(outcome["outbox"]) == 4)
    assert outcome["outbox"] == [True] * 4
    assert round(virtualClock.now()) >= 180


def test_a_shutdown_ends_a_clock():
    message = shutdownMicroprocess()
    assert feed(CheapAndCheerfulClock(60), control=[message])["signal"] == [message]


def test_messages_come_no_faster_than_the_rate(virtualClock):
    limit = MessageRateLimit(4, buffer=2)
    for number in range(4):
        limit._deliver(number)
    limit._deliver(FINISHED, "control")
    watch = Stopwatch(limit, virtualClock)
    watch.run()
    assert watch.times == [0, 0.25, 0.5, 0.75]


def test_nothing_comes_before_the_buffer_is_full_or_the_end():
    assert feed(MessageRateLimit(1000, buffer=3), inbox=[1, 2], control=[])["outbox"] == []
    outcome = feed(MessageRateLimit(1000, buffer=3), inbox=[1, 2])
    assert outcome == {"outbox": [1, 2], "signal": [FINISHED]}


def test_one_message_for_each_time_it_is_asked():
    outcome = feed(OnDemandLimit(), inbox=[1, 2, 3], slidecontrol=["NEXT", "else", "NEXT"])
    assert outcome == {"outbox": [1, 2], "signal": [FINISHED]}
