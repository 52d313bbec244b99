"""What happens to the default scheduler when the process forks, and when the interpreter exits."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterable
from typing import Any, ClassVar, Protocol

from Axon import ErrorRouting, WaitDescriptions
from Axon.Attendants import Attendants


class DefaultScheduler(Protocol):
    """The class of schedulers, whose `run` is the default scheduler."""

    run: Any  # an instance, or None
    hasRun: ClassVar[bool]

    @property
    def tasks(self) -> Iterable[Any]:
        """The tasks that have been activated and have not ended."""

    @property
    def attendants(self) -> Attendants:
        """The components that only observe the others."""

    def isRunning(self) -> bool:
        """Return whether it runs."""


def install(schedulerClass: type[DefaultScheduler]) -> None:
    """Install the hooks for `schedulerClass.run`, once in a process."""

    def replaceAfterFork() -> None:
        """In a child that was forked within a turn, start afresh: the parent continues the run."""
        if schedulerClass.run is not None and schedulerClass.run.isRunning():
            schedulerClass.run = schedulerClass()

    def reportNeverRun() -> None:
        """At exit, log that components other than attendants were activated and never run."""
        run = schedulerClass.run
        hasFailed = hasattr(sys, "last_value") or hasattr(sys, "last_exc")
        if run is None or schedulerClass.hasRun or hasFailed:
            return
        forgotten = run.attendants.others(run.tasks)
        if forgotten:
            ErrorRouting.warn(
                f"{WaitDescriptions.namesOf(forgotten)} activated, but never run: call"
                " scheduler.run.runThreads(), or run() instead of the last activate()"
            )

    atexit.register(reportNeverRun)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=replaceAfterFork)
