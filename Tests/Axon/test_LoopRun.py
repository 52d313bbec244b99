"""The slices of a run on an event loop: how long others on the loop have to wait."""

import asyncio
from collections.abc import Generator

import pytest

from Axon.Component import component
from Axon.LoopRun import SLICE, TURNS, turnsAfter
from Axon.Scheduler import scheduler
from Axon.Timers import Clock


class Busy(component):
    """Take `turns` turns of `seconds` each, on the clock of the test."""

    def __init__(self, clock: list[float], seconds: float, turns: int) -> None:
        super().__init__()
        self.clock, self.seconds, self.turns = clock, seconds, turns

    def main(self) -> Generator[int, None, None]:
        for _ in range(self.turns):
            self.clock[0] += self.seconds
            yield 1


@pytest.mark.parametrize("seconds", [SLICE / 4, SLICE / 2, SLICE, 10 * SLICE])
def test_other_callbacks_wait_for_one_slice_or_one_turn_at_most(
    seconds: float,
) -> None:
    clock = [0.0]
    measured = Clock()
    measured.elapsed = lambda: clock[0]  # type: ignore[method-assign]
    waits: list[float] = []

    async def others(run: "asyncio.Task[None]") -> None:
        before = clock[0]
        while not run.done():
            await asyncio.sleep(0)
            waits.append(clock[0] - before)
            before = clock[0]

    async def both() -> None:
        scheduler.run = scheduler(clock=measured)
        for _ in range(3):
            Busy(clock, seconds, turns=500).activate()
        run = asyncio.ensure_future(scheduler.run.runAsync())
        await others(run)

    asyncio.run(both())
    # The first slice has to find out how long the turns are.
    assert max(waits[10:]) <= max(2 * SLICE, seconds) * 1.001
    assert sum(waits) == pytest.approx(3 * 500 * seconds)


def test_short_turns_are_given_many_at_a_time() -> None:
    turns = 1
    for _ in range(10):
        turns = turnsAfter(turns, turns * SLICE / 10_000)
    assert turns == TURNS


@pytest.mark.parametrize("turns", [1, 2, 100, TURNS])
@pytest.mark.parametrize("each", [SLICE / 1000, SLICE / 10, SLICE, SLICE * 100])
def test_the_next_turns_take_no_longer_than_a_slice_unless_one_alone_does(
    turns: int, each: float
) -> None:
    following = turnsAfter(turns, turns * each)
    assert 1 <= following <= TURNS
    assert following == 1 or following * each <= SLICE or following == turns


@pytest.mark.parametrize("seconds", [0.0004, 0.0123])
def test_a_timeout_between_two_milliseconds_needs_few_slices(seconds: float) -> None:
    readings = 0

    class Counted(Clock):
        def now(self) -> float:  # type: ignore[override]
            nonlocal readings
            readings += 1
            return Clock.now()

    class Waits(component):
        def main(self) -> Generator[int, None, None]:
            for _ in range(10):
                yield from self.waitForChange(seconds)

    scheduler.run = scheduler(clock=Counted())
    Waits().activate()
    scheduler.run.runThreads()
    assert readings < 20 * 10
