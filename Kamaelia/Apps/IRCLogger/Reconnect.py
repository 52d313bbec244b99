"""A component that runs another one again and again, for example a client with its connection.

Example usage
-------------
    Reconnect(lambda: Logger("#tea", host="irc.example.net"), delay=5.0).run()

How does it work?
-----------------
When the component has ended, the next one is created after a delay, which doubles each time up to
`longest` seconds. After a component that has run for longer than that, the delay is short again.

Termination: at a producerFinished or shutdownMicroprocess, when the component, which is told so,
has ended; or when the component has reported an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Util.Parent import parent

__all__ = ["Reconnect"]


class Reconnect(parent):
    """Reconnect(create[, delay][, longest]): runs the components that create() returns.

    delay: seconds before the second one. longest: the most seconds before any.
    """

    Inboxes = {"inbox": "not used", "control": "a shutdown message", "failure": "errors"}
    Outboxes = {
        "outbox": "the messages of the components",
        "signal": "the shutdown message from control, or producerFinished after an error",
        "error": "the errorInformation after which it has ended",
    }

    def __init__(
        self, create: Callable[[], component], delay: float = 5.0, longest: float = 300.0
    ) -> None:
        super().__init__()
        self.create = create
        self.delay = delay
        self.longest = longest

    def main(self) -> Iterator[int]:
        now = self.scheduler.timers.clock.now
        delay = self.delay
        while True:
            started = now()
            yield from self._runOne(self.create())
            if self.isShuttingDown():
                return
            if self.dataReady("failure"):
                self.send(self.recv("failure"), "error")
                self.send(producerFinished(self), "signal")
                return
            if now() - started > self.longest:
                delay = self.delay
            yield from self.waitForMessage("control", timeout=delay)
            if self.isShuttingDown():
                return
            delay = min(2 * delay, self.longest)

    def _runOne(self, child: Any) -> Iterator[int]:
        """Run a component until it ends. Pass on the first message from "control", and keep it."""
        self.link((child, "outbox"), (self, "outbox"), passthrough=2)
        if "error" in child.outboxes:
            self.link((child, "error"), (self, "failure"))
        self.addChildren(child)
        child.activate()
        isTold = False
        while child.isActive():
            if self.dataReady("control") and not isTold:
                isTold = True
                child.deliver(next(iter(self.inboxes["control"])), "control")
            yield from self.waitForChange()
        self.removeChild(child)


__kamaelia_components__ = (Reconnect,)
