"""For tests: a fresh scheduler for each, time that flies, turns in any order, and boxes to feed.

Example usage
-------------
    from Axon.testing import FINISHED, feed

    def test_it_adds_up():
        assert feed(Total(), inbox=[1, 2, 3]) == {"outbox": [6], "signal": [FINISHED]}

    def test_it_gives_up_after_an_hour(virtualClock):
        assert feed(Patient(), control=())["signal"] == ["I give up"]
        assert virtualClock.now() >= 3600

    pytest --axon-shuffle           the order of turns is any that the promises allow
    pytest --axon-seed 1234         the very order that a failed test has reported

How does it work?
-----------------
pytest finds this as a plugin once the distribution is installed. Each test has
a scheduler of its own, as `scheduler.run`, and a tracker; what is left of
either is ended after it. A test whose subject is the order of turns says
`@pytest.mark.roundRobin`, and is never shuffled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator
from random import Random, SystemRandom
from typing import Any

import pytest

from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ending import raiseAll
from Axon.EventLoop import newLoop
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler
from Axon.Timers import VirtualClock
from Axon.Turns import READY, RunQueue

FINISHED = producerFinished()  # what feed() sends to "control" when all has been sent

Outcome = dict[str, list[Any]]


def feed(
    fed: Any, /, *, until: Callable[[Outcome], object] | float | None = None, **boxes: Iterable[Any]
) -> Outcome:
    """feed(component, inbox=[...]) -> a list of what came out, for each outbox that was not linked.

    Before its first turn each inbox is sent what is given for it, and FINISHED
    comes to "control" unless `control` is given. It runs in `scheduler.run`,
    beside what was activated there, until it has ended, until nothing is left
    that could wake anybody, or, if that is sooner, until `until`: a number of
    seconds, or a question that is asked, after each message that comes out,
    of all that came out so far. Then all that still run are ended.

    Raises what the run raises, noSuchBox for a box that is not there.
    """
    run = scheduler.run
    outcome = _collect(fed, run, until if callable(until) else lambda _: False)
    if "control" in fed.inboxes:
        boxes.setdefault("control", [FINISHED])
    for boxname, messages in boxes.items():
        for message in messages:
            fed._deliver(message, boxname)
    _Ender(fed).activate(Scheduler=run)
    with asyncio.Runner(loop_factory=lambda: _loopThatStops(run)) as runner:
        if until is not None and not callable(until):
            runner.get_loop().call_later(until, run.stop)
        run._isHost = True
        try:
            runner.run(run.runAsync())
        finally:
            run._isHost = False
    return outcome


class _Ender(component):
    """_Ender(fed) -> activates `fed`, and stops the scheduler when that has ended."""

    def __init__(self, fed: Any) -> None:
        super().__init__()
        self.fed = fed
        self.addChildren(fed)

    def main(self) -> Generator[int, None, None]:
        self.fed.activate(Scheduler=self.scheduler)
        while self.fed._task.isAlive():
            yield from self.waitForChange()
        self.scheduler.stop()


def _collect(fed: Any, run: scheduler, isEnough: Callable[[Outcome], object]) -> Outcome:
    """Links each outbox that is not linked to a list, in which its messages are found."""
    free = [boxname for boxname in fed.outboxes if fed._postbox(boxname, False).target is None]
    outcome: Outcome = {boxname: [] for boxname in free}
    collector = component()
    collector.inboxes = collector.inboxes | dict.fromkeys(free, collector.inboxes["inbox"])

    def takerOf(boxname: str) -> Callable[[Any], None]:
        def take(message: Any) -> None:
            outcome[boxname].append(message)
            if isEnough(outcome):
                run.stop()

        return take

    for boxname in free:
        collector._takeDirectly(boxname, takerOf(boxname))
        collector.link((fed, boxname), (collector, boxname))
    return outcome


def _loopThatStops(run: scheduler) -> asyncio.AbstractEventLoop:
    """An event loop that stops `run` where it would wait for what can never happen."""
    clock = run.timers.clock
    loop: Any = newLoop(clock) if isinstance(clock, VirtualClock) else asyncio.SelectorEventLoop()
    selector, select = loop._selector, loop._selector.select

    def selectUnlessIdle(timeout: float | None = None) -> Any:
        mayBeWoken = len(selector.get_map()) > 1 or run.outside > len(run.jobs)
        if timeout is None and not mayBeWoken:
            run.stop()
            timeout = 0
        return select(timeout)

    selector.select = selectUnlessIdle
    return loop  # type: ignore[no-any-return]


class ShuffledQueue(RunQueue):
    """ShuffledQueue(seed) -> a turn for each in each round, in an order that the seed decides."""

    __slots__ = ("_random",)

    def __init__(self, seed: object, keeper: Any = None) -> None:
        super().__init__(keeper)
        self._random = Random(str(seed))

    def run(self, turns: int) -> bool:
        ready = self.ready
        while ready and not READY <= ready[0].state <= READY + 1:  # it was ended where it stood
            ready.popleft()
        isNewRound = not ready or ready[0].state == self.mark
        if isNewRound and not self.isStopping:
            ready.extend(task for task in self.newcomers if task.isAlive())
            self.newcomers.clear()
            self._random.shuffle(ready)
        thisRound = sum(task.state == ready[0].state for task in ready)
        return super().run(min(turns, max(thisRound, 1)))


# The plugin


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("axon", "Axon")
    group.addoption(
        "--axon-shuffle", action="store_true", help="shuffle the order of turns in each round"
    )
    group.addoption(
        "--axon-seed", metavar="N", type=int, help="shuffle it as a run with this seed did"
    )


_SEED = pytest.StashKey["int | None"]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "roundRobin: the order of turns is what is tested: never shuffle it"
    )
    seed: int | None = config.getoption("axon_seed")
    if seed is None and config.getoption("axon_shuffle"):
        seed = SystemRandom().randrange(1_000_000)
    config.stash[_SEED] = seed


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.stash[_SEED]
    return None if seed is None else f"Axon: turns are shuffled, --axon-seed {seed}"


def _seedOf(test: pytest.Item) -> int | None:
    """The seed with which this test's turns are shuffled, if they are."""
    return None if test.get_closest_marker("roundRobin") else test.config.stash[_SEED]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    seed = _seedOf(item)
    if report.failed and seed is not None:
        report.sections.append(
            ("Axon", f"the turns were shuffled; replay them with --axon-seed {seed}")
        )
    return report


@pytest.fixture(autouse=True)
def freshScheduler(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[scheduler]:
    """The test's own scheduler, as scheduler.run, and tracker; what is left is ended after it."""
    seed = _seedOf(request.node)
    if seed is not None:
        order = f"{seed} {request.node.nodeid}"
        monkeypatch.setattr("Axon.Scheduler.RunQueue", lambda: ShuffledQueue(order))
    tracker, coordinatingassistanttracker.basecat = coordinatingassistanttracker.basecat, None
    before, scheduler.run = scheduler.run, scheduler()
    try:
        yield scheduler.run
        endAll(scheduler.run)
    finally:
        scheduler.mortalise()
        scheduler.wait_for_one = False
        scheduler.run = before
        coordinatingassistanttracker.basecat = tracker


def endAll(run: scheduler) -> None:
    """Ends all that were left in a scheduler that does not run, and raises their errors."""
    if run._thread is None:
        run.errors = []
        run._endAll()
        run._isEnding = False
        raiseAll(run.errors)


@pytest.fixture
def virtualClock(freshScheduler: scheduler) -> VirtualClock:
    """The clock of the test's scheduler: an hour passes as soon as everybody waits for it."""
    clock = VirtualClock()
    scheduler.run = scheduler(clock=clock)
    return clock
