"""For tests: a fresh scheduler for each, and what comes out of a component when its boxes are fed.

pytest finds this as a plugin once the distribution is installed.
"""
from __future__ import annotations

from collections.abc import Iterator

import pytest

from Axon.Scheduler import scheduler


@pytest.fixture(autouse=True)
def freshScheduler() -> Iterator[scheduler]:
    """A scheduler of the test's own, as scheduler.run."""
    before, scheduler.run = scheduler.run, scheduler()
    yield scheduler.run
    scheduler.mortalise()
    scheduler.run = before
