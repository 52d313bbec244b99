"""The tools for tests: feed, the virtual clock, shuffled turns, a fresh scheduler."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from Axon.AxonExceptions import deadlock, noSuchBox
from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Scheduler import scheduler
from Axon.testing import FINISHED, ShuffledQueue, endAll, feed, feedConnection

pytest_plugins = ["pytester"]

HOUR = 3600
ROOT = Path(__file__).resolve().parents[2]


class Total(component):
    def main(self):
        total = 0
        while True:
            yield from self.waitForMessage()
            total += sum(self.Inbox())
            if self.dataReady("control"):
                break
        self.send(total)
        yield from self.passOnShutdown()


class AsyncTotal(component):
    async def main(self):
        self.send(sum([number async for number in self.messages()]))


class OldStyleTotal(component):
    def initialiseComponent(self):
        self.total = 0

    def mainBody(self):
        self.total += sum(self.Inbox())
        return not self.isShuttingDown()

    def closeDownComponent(self):
        self.send(self.total)


class Echo(component):
    """Never ends."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)


class Patient(component):
    def main(self):
        for _ in range(60):
            self.pause(60)
            yield 1
            self.send("still here")


class AsyncPatient(component):
    async def main(self):
        for _ in range(60):
            await asyncio.sleep(60)
            self.send("still here")


# feed


@pytest.mark.parametrize("body", [Total, AsyncTotal, OldStyleTotal])
def test_what_is_fed_comes_out_whatever_the_body(body):
    assert feed(body(), inbox=[1, 2, 3])["outbox"] == [6]


def test_all_outboxes_are_given_and_the_end_is_one_that_can_be_compared():
    assert feed(Total(), inbox=[1, 2, 3]) == {"outbox": [6], "signal": [FINISHED]}


def test_what_is_given_for_control_is_sent_instead_of_the_end():
    assert feed(Echo(), inbox=[1], control=[]) == {"outbox": [1], "signal": []}


@pytest.mark.parametrize("body", [Echo, AsyncTotal])
def test_a_component_that_nothing_can_wake_is_ended(body):
    fed = body()
    feed(fed, inbox=["a"], control=[])
    assert fed._isStopped()
    assert scheduler.run.listAllThreads() == []


def test_an_error_of_the_component_is_raised():
    class Broken(component):
        def main(self):
            yield 1
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken") as caught:
        feed(Broken())
    assert "Broken" in caught.value.__notes__[0]


def test_a_box_that_does_not_exist_is_an_error():
    with pytest.raises(noSuchBox, match="no inbox 'inbx'"):
        feed(Total(), inbx=[1])


def test_it_runs_until_enough_has_come_out():
    class Counter(component):
        def main(self):
            for number in range(1_000_000):
                self.send(number)
                yield 1

    assert feed(Counter(), until=lambda out: len(out["outbox"]) == 3)["outbox"] == [0, 1, 2]


def test_the_function_that_ends_the_run_must_not_be_async():
    async def isEnough(outcome):
        return False

    with pytest.raises(TypeError, match=r"until\(\) returned a coroutine, but it must return"):
        feed(Total(), inbox=[1], until=isEnough)


@pytest.mark.parametrize("body", [Patient, AsyncPatient])
def test_it_runs_until_a_time(body, virtualClock):
    assert feed(body(), until=150)["outbox"] == ["still here"] * 2


def test_an_outbox_that_is_linked_is_left_alone():
    total, other = Total(), component()
    other.link((total, "outbox"), (other, "inbox"))
    assert feed(total, inbox=[1, 2]) == {"signal": [FINISHED]}
    assert list(other.Inbox()) == [3]


def test_others_run_beside_it_and_are_ended_with_it():
    beside = Echo().activate()
    total = Total()
    total.link((total, "outbox"), (beside, "inbox"))
    feed(total, inbox=[5])
    assert beside._isStopped()


def test_a_component_that_can_go_on_no_more_is_a_deadlock():
    class Flood(component):
        def main(self):
            while True:
                self.send("more")
                yield 1

    class Deaf(component):
        def main(self):
            yield from self.passOnShutdown()

    flood, deaf = Flood(), Deaf().activate()
    deaf.link((flood, "outbox"), (deaf, "inbox"), capacity=3)
    with pytest.raises(deadlock, match=r"Flood.* waits until .*Deaf"):
        feed(flood, control=[])


# Without pytest


def test_feed_does_not_need_pytest():
    program = """
import sys
sys.modules["pytest"] = sys.modules["_pytest"] = None  # an import raises ImportError
from Axon.Component import component
from Axon.testing import feed
class Two(component):
    def main(self):
        yield 1
        self.send(2)
print(feed(Two())["outbox"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr) == ("[2]\n", "")


# feedConnection


@pytest.mark.parametrize("message", [b"HI", bytearray(b"HI"), memoryview(b"HI"), "HI"])
def test_feedConnection_returns_what_the_peer_would_read(message):
    class Answer(component):
        async def main(self):
            async for data in self.messages():
                self.send(message)
                self.send(data)

    assert feedConnection(Answer(), b"1", b"2") == b"HI1HI2"


@pytest.mark.parametrize("message", [5, None, ["a"], object()])
def test_feedConnection_rejects_what_a_socket_does_not_accept(message):
    class Length(component):
        def main(self):
            yield from self.waitForMessage()
            self.send(message)

    with pytest.raises(TypeError, match=r"Length.* sends bytes or str") as caught:
        feedConnection(Length(), b"abc")
    assert "Length" in caught.value.__notes__[0]


# The virtual clock


@pytest.mark.parametrize("body", [Patient, AsyncPatient])
def test_an_hour_of_timeouts_passes_on_the_virtual_clock(body, virtualClock):
    body().run()
    assert virtualClock.now() == pytest.approx(HOUR)


def test_timeouts_of_several_bodies_expire_in_order(virtualClock):
    heard = []

    class Sleeper(component):
        def main(self):
            self.pause(self.seconds)
            yield 1
            heard.append((self.seconds, virtualClock.now()))

    class AsyncSleeper(component):
        async def main(self):
            await asyncio.sleep(self.seconds)
            heard.append((self.seconds, asyncio.get_running_loop().time()))

    for seconds in (40, 20):
        Sleeper(seconds=seconds).activate()
    for seconds in (30, 10):
        AsyncSleeper(seconds=seconds).activate()
    scheduler.run.runThreads()
    assert heard == [(10, 10), (20, 20), (30, 30), (40, 40)]


# A fresh scheduler


@pytest.mark.parametrize("_", [1, 2])
def test_each_test_begins_with_an_empty_scheduler_and_tracker(_):
    assert scheduler.run.listAllThreads() == []
    tracker = coordinatingassistanttracker.getcat()
    assert tracker.servicesRegistered() == []
    tracker.registerService("greetings", Echo().activate(), "inbox")
    assert Echo().tracker is tracker


@pytest.mark.roundRobin
def test_endAll_ends_the_remaining_components_and_raises_their_errors():
    class Stubborn(component):
        def main(self):
            try:
                yield 1
            finally:
                raise ValueError("not yet")

    Stubborn().activate()
    steps = scheduler.run.main()
    next(steps), next(steps)
    steps.close()
    with pytest.raises(ValueError, match="not yet"):
        endAll(scheduler.run)
    assert scheduler.run.listAllThreads() == []


# Shuffled turns


def order(seed, rounds=4, size=8):
    """Return the names of the components that had a turn, round by round."""
    run, turns = scheduler(queue=ShuffledQueue(seed)), []

    class Member(component):
        def main(self):
            for _ in range(rounds):
                turns.append(self.number)
                yield 1

    for number in range(size):
        Member(number=number).activate(Scheduler=run)
    run.runThreads()
    return [turns[first : first + size] for first in range(0, len(turns), size)]


def test_a_seed_decides_the_order_of_turns():
    assert order(1) == order(1)
    assert order(1) != order(2)


def test_each_still_has_one_turn_a_round():
    rounds = order(3)
    assert [sorted(each) for each in rounds] == [list(range(8))] * 4
    assert len(set(map(tuple, rounds))) == 4


def test_a_newcomer_waits_for_the_next_round_in_any_order():
    run, turns = scheduler(queue=ShuffledQueue(5)), []

    class Old(component):
        def main(self):
            yield 1
            New().activate(Scheduler=run)
            yield 1
            turns.append("old")

    class New(component):
        def main(self):
            turns.append("new")
            yield 1

    for _ in range(5):
        Old().activate(Scheduler=run)
    run.runThreads()
    assert sorted(turns) == ["new"] * 5 + ["old"] * 5


@pytest.mark.parametrize("steps", [1, 1000])
def test_shuffled_turns_can_be_stepped_by_hand_and_stopped(steps):
    run = scheduler(queue=ShuffledQueue(7))

    class Member(component):
        def main(self):
            while True:
                yield 1

    members = [Member().activate(Scheduler=run) for _ in range(4)]
    stepper = run.main()
    for _ in range(steps):
        next(stepper)
    members[0].stop()
    run.stop()
    assert len(list(stepper)) < 10
    assert all(each._isStopped() for each in members)


ORDERED = """
    from Axon.Component import component
    from Axon.Scheduler import scheduler
    {mark}
    def test_order():
        turns = []
        class Member(component):
            def main(self):
                turns.append(self.number)
                yield 1
        for number in range(20):
            Member(number=number).activate()
        scheduler.run.runThreads()
        assert turns == list(range(20)), turns
"""


@pytest.mark.roundRobin
def test_a_failure_report_contains_the_seed_for_a_replay(pytester):
    pytester.makepyfile(ORDERED.format(mark=""))
    assert pytester.runpytest_inprocess().ret == 0
    first = pytester.runpytest_inprocess("--axon-shuffle", "-rN")
    first.assert_outcomes(failed=1)
    (said,) = (line for line in first.outlines if "replay them with --axon-seed" in line)
    (turns,) = (line for line in first.outlines if line.startswith("E       AssertionError: ["))
    again = pytester.runpytest_inprocess("--axon-seed", said.rsplit(" ", 1)[1], "-rN")
    assert turns in again.outlines


@pytest.mark.roundRobin
def test_a_test_of_the_order_itself_is_never_shuffled(pytester):
    pytester.makepyfile(ORDERED.format(mark="import pytest\n    @pytest.mark.roundRobin"))
    pytester.runpytest_inprocess("--axon-shuffle").assert_outcomes(passed=1)
