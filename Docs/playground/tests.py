"""The tests that a learner writes: functions whose names begin with test_, run without pytest.

A test that asks for `virtualClock` gets a scheduler whose clock advances when everything waits, as
the plugin of pytest gives it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from Axon.Scheduler import scheduler
from Axon.Timers import Clock, VirtualClock

FIXTURE = "virtualClock"


def testsIn(names: dict[str, Any]) -> dict[str, Callable[..., object]]:
    """Return the tests in a program, by name."""
    return {
        name: value
        for name, value in names.items()
        if name.startswith("test_") and inspect.isfunction(value)
    }


def usesClock(test: Callable[..., object]) -> bool:
    """Return whether a test asks for the virtual clock."""
    return FIXTURE in inspect.signature(test).parameters


def newScheduler(clock: Clock | None = None) -> None:
    """Make a new scheduler.run."""
    scheduler.run = scheduler(clock=clock)


def run(
    test: Callable[..., object], begin: Callable[[Clock | None], object] = newScheduler
) -> Exception | None:
    """Run a test with a new scheduler, which begin(clock) makes. Return its error, or None."""
    clock = VirtualClock() if usesClock(test) else None
    begin(clock)
    try:
        test(**({FIXTURE: clock} if clock is not None else {}))
    except Exception as error:  # noqa: BLE001 - a test may raise anything
        return error
    finally:
        scheduler.run.endAll()
    return None


def reports(names: dict[str, Any], begin: Callable[[Clock | None], object]) -> Iterator[str]:
    """Run all tests in a program. Yield a sentence about each."""
    for name, test in testsIn(names).items():
        error = run(test, begin)
        sentence = name.removeprefix("test_").replace("_", " ")
        if error is None:
            yield f"passed: {sentence}"
        else:
            yield f"failed: {sentence} ({type(error).__name__}{f': {error}' if str(error) else ''})"
