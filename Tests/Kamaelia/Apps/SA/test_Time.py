import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Apps.SA.Time import PeriodicTick, SingleTick


def test_a_single_tick_comes_after_the_delay(virtualClock):
    tick = SingleTick(delay=90, check_interval=1)
    outcome = feed(tick, control=())
    assert virtualClock.now() == pytest.approx(90)
    assert outcome["outbox"] == [True]
    assert outcome["signal"][0].caller is tick


def test_any_message_on_control_ends_the_wait_at_once(virtualClock):
    assert feed(SingleTick(90), control=["stop"]) == {"outbox": [], "signal": ["stop"]}
    assert feed(PeriodicTick(90), control=["stop"]) == {"outbox": [], "signal": ["stop"]}
    assert virtualClock.now() == 0


def test_ticks_come_at_each_interval_without_drift(virtualClock):
    times = []
    feed(
        PeriodicTick(0.1, tick_mesg="tick"),
        control=(),
        until=lambda outcome: times.append(virtualClock.now()) or len(times) == 50,
    )
    assert times == pytest.approx([0.1 * (count + 1) for count in range(50)])


def test_the_message_of_a_tick_may_be_set(virtualClock):
    assert feed(SingleTick(1, tick_mesg="now"), control=())["outbox"] == ["now"]


@pytest.mark.parametrize("delay", [0, -1])
def test_an_interval_must_be_above_0(delay):
    with pytest.raises(ValueError, match="above 0"):
        PeriodicTick(delay)


def test_a_shutdown_ends_ticks():
    end = shutdownMicroprocess()
    assert feed(PeriodicTick(5), control=[end])["signal"] == [end]
    end = producerFinished()
    assert feed(SingleTick(5), control=[end])["signal"] == [end]


class Slow(component):
    """A component that takes a tick every ten seconds, and stops the source after five."""

    def main(self):
        self.longest = 0
        for _ in range(5):
            yield from self.waitForMessage("control", timeout=10)
            self.longest = max(self.longest, self.dataReady())
            self.recv()
        self.send(shutdownMicroprocess(), "signal")


@pytest.mark.parametrize("limit", [{"pipewidth": 2}, {"capacity": 2}])
def test_ticks_wait_for_a_slow_receiver(virtualClock, limit):
    source, slow = PeriodicTick(1), Slow()
    slow.link((source, "outbox"), (slow, "inbox"), **limit)
    slow.link((slow, "signal"), (source, "control"))
    source.activate()
    feed(slow, control=())
    assert slow.longest == 2
    assert source.hasEnded()
