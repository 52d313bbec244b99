"""A watch on a component that is held because a peer reads nothing.

Example usage
-------------
    watch = watchHeld(self, seconds=60)
    ...
    watch.stop()

How does it work?
-----------------
A component that sends to a peer that does not read is held at its next yield. Its own
timeouts do not reach it there, but a message to "control" does.

Termination: with the component that it watches, or after a message on "control".
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol

from Axon.Component import component
from Axon.Ipc import ipc


class HeldTooLong(ipc):
    """HeldTooLong() -> a peer has read nothing from you for the whole time that it has."""


class Watched(Protocol):
    """What is asked of the component that is watched."""

    turns: int  # one more each time that it is held

    def isHeld(self) -> bool:
        """Return whether it waits for a peer to read."""

    def hasEnded(self) -> bool:
        """Return whether it has ended."""


class HeldWatch(component):
    """HeldWatch(watched, seconds) -> reports when `watched` was held so long without a turn."""

    Inboxes = {"inbox": "not used", "control": "any message: stop"}
    Outboxes = {"outbox": "HeldTooLong, after each such time", "signal": "not used"}

    def __init__(self, watched: Watched, seconds: float) -> None:
        super().__init__()
        self.watched = watched
        self.seconds = seconds

    def main(self) -> Generator[int, None, None]:
        watched, turns = self.watched, -1
        while not watched.hasEnded():
            yield from self.waitForMessage("control", timeout=self.seconds)
            if self.dataReady("control"):
                return
            if watched.isHeld() and watched.turns == turns:
                self.send(HeldTooLong())
            turns = watched.turns


def watchHeld(watched: Any, seconds: float) -> HeldWatch | None:
    """Return an active watch, which reports to the "control" of a component.

    Return None if there is no limit: seconds is 0.
    """
    if not seconds:
        return None
    watch = HeldWatch(watched, seconds)
    watch.link((watch, "outbox"), (watched, "control"))
    watch.activate(Scheduler=watched.scheduler)
    return watch


__kamaelia_components__ = (HeldWatch,)
