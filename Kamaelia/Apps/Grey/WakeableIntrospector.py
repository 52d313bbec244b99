"""A component that sends the names of all components on request.

Example usage
-------------
    Pipeline(
        PeriodicWakeup(interval=20),
        LoggingWakeableIntrospector(logfile="components.log"),
    ).run()

Termination: at any message on "control", which is passed on to "signal".
"""

from __future__ import annotations

from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.Append import Append
from Kamaelia.Util.PureTransformer import PureTransformer


class WakeableIntrospector(component):
    """WakeableIntrospector() -> sends the names of all components at its start and on request."""

    Inboxes = {"inbox": "any message: send the names again", "control": "any message: stop"}
    Outboxes = {"outbox": "a sorted list of names", "signal": "the message from control"}

    def main(self) -> Iterator[int]:
        while not self.dataReady("control"):
            self.send(sorted(each.name for each in self.scheduler.listAllThreads()))
            yield from self.waitForMessage()
            for _ in self.Inbox():
                """Several requests get one answer."""
        self.send(self.recv("control"), "signal")


def LoggingWakeableIntrospector(logfile: str = "greylist-debug.log") -> Pipeline:
    """Return a pipeline that appends the names as a line to a file, on each request."""
    return Pipeline(
        WakeableIntrospector(),
        PureTransformer(lambda names: f"*debug* THREADS{names}\n"),
        Append(filename=logfile, hold_open=False),
    )


__kamaelia_components__ = (WakeableIntrospector,)
__kamaelia_prefabs__ = (LoggingWakeableIntrospector,)
