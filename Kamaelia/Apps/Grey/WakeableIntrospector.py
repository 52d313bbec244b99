"""Says which components there are, each time it is asked.

Example usage
-------------
    Pipeline(
        PeriodicWakeup(interval=20),
        LoggingWakeableIntrospector(logfile="components.log"),
    ).run()

Termination: at any message on "control", which goes on to "signal".
"""

from __future__ import annotations

from collections.abc import Iterator

from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.Append import Append
from Kamaelia.Util.PureTransformer import PureTransformer


class WakeableIntrospector(component):
    """WakeableIntrospector() -> the names of all components, at its start and when asked."""

    Inboxes = {"inbox": "anything: say it again", "control": "anything: stop"}
    Outboxes = {"outbox": "a list of names, sorted", "signal": "what came to control"}

    def main(self) -> Iterator[int]:
        while not self.dataReady("control"):
            self.send(sorted(each.name for each in self.scheduler.listAllThreads()))
            yield from self.waitForMessage()
            for _ in self.Inbox():
                """However often it was asked meanwhile: one answer."""
        self.send(self.recv("control"), "signal")


def LoggingWakeableIntrospector(logfile: str = "greylist-debug.log") -> Pipeline:
    """The same, as a line in a file each time."""
    return Pipeline(
        WakeableIntrospector(),
        PureTransformer(lambda names: f"*debug* THREADS{names}\n"),
        Append(filename=logfile, hold_open=False),
    )


__kamaelia_components__ = (WakeableIntrospector,)
__kamaelia_prefabs__ = (LoggingWakeableIntrospector,)
