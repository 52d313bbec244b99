"""A profiler: how often each component of a system is at work.

Example usage
-------------
    Pipeline(FormattedProfiler(samplingrate=100, outputrate=1), ConsoleEchoer()).activate()

How does it work?
-----------------
A thread looks at all microprocesses at regular times. One that runs or is ready to run counts as
active. The thread may look in the middle of a turn, so a component with long turns is seen.

Termination: at a producerFinished or shutdownMicroprocess, which is passed on.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["FormattedProfiler", "Profiler", "ProfilerOutputFormatter"]

Row = dict[str, Any]


@dataclass
class _Counts:
    """What has been seen of one microprocess."""

    running: int = 0  # samples in which it existed
    active: int = 0  # samples in which it was at work
    recent: int = 0  # the same, since the last output
    line: int = -1
    latest: int = 0  # the number of the last sample in which it existed


class Profiler(threadedcomponent):
    """A component that sends statistics of all microprocesses.

    samplingrate: samples per second. outputrate: outputs per second. Statistics for which the
    receiver has no room are discarded.
    """

    Inboxes = {"inbox": "not used", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "a list of dicts: name, running and active (numbers of samples), %usage since the"
        " last output, lineno (-1: unknown), done (it has ended)",
        "signal": "the shutdown message from control",
    }

    def __init__(
        self, samplingrate: float = 1.0, outputrate: float = 1.0, queuelengths: int = 1000
    ) -> None:
        super().__init__(queuelengths)
        self.samplestep = 1.0 / samplingrate
        self.outputstep = 1.0 / outputrate
        self._counts: dict[str, _Counts] = {}
        self.samples = 0
        self._recentSamples = 0

    def main(self) -> None:
        sampleDue = outputDue = time.monotonic()
        while not self.isShuttingDown():
            now = time.monotonic()
            if now >= sampleDue:
                self.takeSample()
                sampleDue = now + self.samplestep
            if now >= outputDue:
                with suppress(noSpaceInBox):  # the receiver is slow: it gets later statistics
                    self.send(self.statistics())
                outputDue = now + self.outputstep
            self.waitForMessage("control", min(sampleDue, outputDue) - now)

    def takeSample(self) -> None:
        """Count which microprocesses are at work now."""
        self.samples += 1
        self._recentSamples += 1
        for task in list(self.scheduler.tasks):  # another thread changes the original
            process = task.process
            if process is None:
                continue
            counts = self._counts.setdefault(str(process.name), _Counts())
            isAtWork = not process.isPaused()
            counts.running += 1
            counts.active += isAtWork
            counts.recent += isAtWork
            counts.line = _lineOf(task)
            counts.latest = self.samples

    def statistics(self) -> list[Row]:
        """Return the statistics, and forget the microprocesses that have ended."""
        rows = []
        for name, counts in list(self._counts.items()):
            isDone = counts.latest != self.samples
            rows.append(
                {
                    "name": name,
                    "running": counts.running,
                    "active": counts.active,
                    "%usage": 100.0 * counts.recent / max(1, self._recentSamples),
                    "lineno": counts.line,
                    "done": isDone,
                }
            )
            counts.recent = 0
            if isDone:
                del self._counts[name]
        self._recentSamples = 0
        return rows


def _lineOf(task: Any) -> int:
    """Return the line at which the generator of a microprocess is suspended, or -1."""
    frame = getattr(task.body, "gi_frame", None)
    return -1 if frame is None or frame.f_lineno is None else int(frame.f_lineno)


class ProfilerOutputFormatter(PureTransformer):
    """A component that sends the statistics as a table."""

    Inboxes = {"inbox": "the list from a Profiler", "control": "a shutdown message"}
    Outboxes = {"outbox": "str: a table", "signal": "the shutdown message from control"}

    def processMessage(self, msg: Iterable[Row]) -> str:
        """Return the table."""
        lines = ["-----Run----Active--%Usage--LineNo--Name-----------------"]
        for row in msg:
            numbers = f"{row['running']:8d}  {row['active']:8d}  {row['%usage']:6.2f}"
            done = " [DONE]" if row["done"] else ""
            lines.append(f"{numbers}  {row['lineno']:6d}  {row['name']}{done}")
        return "\n".join([*lines, "-" * len(lines[0]), ""])


def FormattedProfiler(samplingrate: float = 1.0, outputrate: float = 1.0) -> Pipeline:
    """Return a component that sends statistics of all microprocesses as tables."""
    return Pipeline(Profiler(samplingrate, outputrate), ProfilerOutputFormatter())


__kamaelia_components__ = (Profiler, ProfilerOutputFormatter)
__kamaelia_prefabs__ = (FormattedProfiler,)
