"""The pytest plugin: a scheduler of its own for each test, a virtual clock, and shuffled turns.

Example usage
-------------
    def test_it_gives_up_after_an_hour(virtualClock):
        assert feed(Patient(), control=())["outbox"] == ["I give up"]
        assert virtualClock.now() >= 3600

    pytest --axon-shuffle           shuffle the turns in each round
    pytest --axon-seed 1234         repeat the order that a failed test has reported

How does it work?
-----------------
pytest loads `Axon.testing` through the entry point of the distribution, and that module names
this one. Each test has its own scheduler, as `scheduler.run`, and its own tracker. Components
that a test leaves in them are ended afterwards. A test that depends on the order of turns is
marked with `@pytest.mark.roundRobin` and is never shuffled.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from random import SystemRandom

import pytest

from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Scheduler import scheduler
from Axon.testing import ShuffledQueue, endAll
from Axon.Timers import VirtualClock


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("axon", "Axon")
    group.addoption(
        "--axon-shuffle", action="store_true", help="shuffle the order of turns in each round"
    )
    group.addoption(
        "--axon-seed", metavar="N", type=int, help="repeat the order of the run with this seed"
    )


_SEED = pytest.StashKey["int | None"]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "roundRobin: the test depends on the order of turns: never shuffle it"
    )
    seed: int | None = config.getoption("axon_seed")
    if seed is None and config.getoption("axon_shuffle"):
        seed = SystemRandom().randrange(1_000_000)
    config.stash[_SEED] = seed


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.stash[_SEED]
    return None if seed is None else f"Axon: turns are shuffled, --axon-seed {seed}"


def _seedOf(test: pytest.Item) -> int | None:
    """Return the seed with which the turns of this test are shuffled, or None."""
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
    """Give the test a scheduler, as scheduler.run, and a tracker; end its components afterwards."""
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


@pytest.fixture
def virtualClock(freshScheduler: scheduler) -> VirtualClock:
    """Give the test's scheduler a clock that advances as soon as all components wait for it."""
    clock = VirtualClock()
    scheduler.run = scheduler(clock=clock)
    return clock
