"""Who does not read shall not hold others for ever: a watch on a component that may be held.

Example usage
-------------
    watch = Watch(self, seconds=60)
    self.link((watch, "outbox"), (self, "control"))
    watch.activate(Scheduler=self.scheduler)

A component that sends to a peer who does not read is held at its next yield,
and no timeout of its own reaches it there. A message to "control" does.

Termination: with the component that it watches, or by a message on "control".
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import ipc
from Axon.RunQueue import HELD, HELD_WAITING


class HeldTooLong(ipc):
    """HeldTooLong() -> a peer took nothing from you for the whole of the time that it had."""


class Watch(component):
    """Watch(watched, seconds) -> tells `watched` when it was held for so long, without a turn."""

    Inboxes = {"inbox": "not used", "control": "anything: stop"}
    Outboxes = {"outbox": "HeldTooLong, each time", "signal": "not used"}

    def __init__(self, watched: Any, seconds: float) -> None:
        super().__init__()
        self.watched = watched
        self.seconds = seconds

    def main(self) -> Generator[int, None, None]:
        task, turns = self.watched._task, -1
        while task.isAlive():
            yield from self.waitForMessage("control", timeout=self.seconds)
            if self.dataReady("control"):
                return
            if HELD <= task.state <= HELD_WAITING and self.watched.turns == turns:
                self.send(HeldTooLong())
            turns = self.watched.turns


__kamaelia_components__ = (Watch,)
