import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Automata.Behaviours import (
    bouncingFloat,
    cartesianPingPong,
    continuousIdentity,
    continuousOne,
    continuousZero,
    loopingCounter,
)


def first(source, count):
    """Return the first values of a source."""
    return feed(source, control=(), until=lambda outcome: len(outcome["outbox"]) == count)["outbox"]


@pytest.mark.parametrize(
    ("source", "values"),
    [
        (loopingCounter(100), [100, 200, 300, 40, 140]),
        (loopingCounter(1, modulo=3), [1, 2, 0, 1]),
        (continuousIdentity("same"), ["same"] * 3),
        (continuousZero("ignored"), [0, 0]),
        (continuousOne(), [1, 1]),
        (bouncingFloat(5), [pytest.approx(each) for each in (1.05, 0.55, 0.05, 0.55, 1.05)]),
        (
            cartesianPingPong((50, 50), width=80, height=60, border=10),
            [[60, 60], [70, 50], [80, 40], [70, 30], [60, 20], [50, 10], [40, 0], [30, 10]],
        ),
    ],
)
def test_the_values_of_a_source(source, values):
    assert first(source, len(values)) == values


def test_positions_stay_near_the_area_and_the_argument_is_unchanged():
    point = [50, 50]
    positions = first(cartesianPingPong(point, 200, 100, 10), 500)
    assert point == [50, 50]
    assert all(0 <= x <= 200 and 0 <= y <= 100 for x, y in positions)


@pytest.mark.parametrize("end", ["shutdown", producerFinished(), shutdownMicroprocess()])
def test_an_end_on_control_is_passed_on(end):
    assert feed(loopingCounter(1), control=["other", end])["signal"] == [end]


class Conductor(component):
    """A component that pauses its source at the third value, and notes what still comes."""

    Outboxes = {"outbox": "orders", "signal": "the end"}

    def main(self):
        self.got = []
        while len(self.got) < 3:
            yield from self.waitForMessage()
            self.got += self.Inbox()
        self.send("pause")
        for _ in range(20):
            yield 1
        self.got += self.Inbox()
        before = len(self.got)
        for _ in range(20):
            yield 1
        self.duringPause = self.dataReady()
        self.send("unpause")
        yield from self.waitForMessage()
        self.after = self.recv()
        self.expected = self.got[before - 1] + 1
        self.send("shutdown")


def test_a_source_may_be_paused_and_continues_where_it_stopped():
    source, conductor = loopingCounter(1, modulo=10_000), Conductor()
    conductor.link((source, "outbox"), (conductor, "inbox"))
    conductor.link((conductor, "outbox"), (source, "control"))
    source.activate()
    conductor.run()
    assert conductor.duringPause == 0
    assert conductor.after == conductor.expected


@pytest.mark.parametrize("limit", [{"size": 2}, {"capacity": 2}])
def test_a_slow_receiver_gets_each_value_and_its_inbox_stays_short(limit):
    class Taker(component):
        longest = 0

        def main(self):
            got = []
            while len(got) < 20:
                yield from self.waitForMessage()
                for _ in range(5):
                    yield 1
                self.longest = max(self.longest, self.dataReady())
                got.append(self.recv())
            self.got = got
            self.send(shutdownMicroprocess(), "signal")

    source, taker = loopingCounter(1), Taker()
    if "size" in limit:
        taker.setInboxSize("inbox", limit["size"])
    taker.link((source, "outbox"), (taker, "inbox"), capacity=limit.get("capacity"))
    taker.link((taker, "signal"), (source, "control"))
    source.activate()
    taker.run()
    assert taker.got == list(range(1, 21))
    assert taker.longest <= 2
