"""A time limit for a component.

Example usage
-------------
    TTL(Download("http://localhost/"), delay=30).run()

How does it work?
-----------------
A TTL has the boxes of its component, as boxes of its own instance. When the time is over, it sends
to the component's "control" one message after the other: producerFinished, shutdownMicroprocess,
serverShutdown, shutdown. Between them it waits `grace` seconds for the end of the component. Then
it stops it, and sends shutdownMicroprocess to "signal".

Termination: when the component has ended.
"""

from collections.abc import Generator, Mapping
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdown, shutdownMicroprocess
from Kamaelia.Apps.SA.Time import SingleTick
from Kamaelia.IPC import serverShutdown
from Kamaelia.Util.Parent import parent

__all__ = ["TTL"]


class TTL(parent):
    """A component that runs `comp` for at most `delay` seconds.

    Boxes of comp whose names begin with "_" remain its own.
    """

    Inboxes = {"_trigger": "the time is over"}
    Outboxes = {"_sigkill": "shutdown messages to the component", "_disarm": "end of the timer"}

    grace: float = 0.1  # seconds after each shutdown message

    def __init__(self, comp: component, delay: float, **argd: Any) -> None:
        inward, outward = _publicBoxes(comp.Inboxes), _publicBoxes(comp.Outboxes)
        self.Inboxes = dict(self.Inboxes) | inward  # type: ignore[misc]
        self.Outboxes = dict(self.Outboxes) | outward  # type: ignore[misc]
        super().__init__(**argd)
        self.child = comp
        self.timebomb = SingleTick(delay=delay)
        self.link((self.timebomb, "outbox"), (self, "_trigger"))
        self.link((self, "_disarm"), (self.timebomb, "control"))
        for name in inward:
            self.link((self, name), (comp, name), passthrough=1)
        for name in outward:
            self.link((comp, name), (self, name), passthrough=2)
        if "control" in comp.inboxes:
            self.link((self, "_sigkill"), (comp, "control"))
        self.addChildren(comp, self.timebomb)

    def main(self) -> Generator[int, None, None]:
        self.child.activate()
        self.timebomb.activate()
        while not (self.child.isStopped() or self.dataReady("_trigger")):
            yield from self.waitForChange()
        isLate = not self.child.isStopped()
        self.send(producerFinished(self), "_disarm")
        for message in (producerFinished(), shutdownMicroprocess(), serverShutdown(), shutdown()):
            yield from self._order(message)
        if isLate and not self.child.isStopped():
            self.child.stop()
            if "signal" in self.outboxes:
                self.send(shutdownMicroprocess(), "signal")
        yield from self.waitForChildren()

    def _order(self, message: Any) -> Generator[int, None, None]:
        """Send a shutdown message to the component, and wait for a time until it has ended."""
        clock = self.scheduler.timers.clock
        until = clock.now() + self.grace
        if not self.child.isStopped():
            self.send(message, "_sigkill")
        while not self.child.isStopped() and (left := until - clock.now()) > 0:
            yield from self.waitForChange(left)


def _publicBoxes(boxes: Any) -> dict[str, str]:
    """Return the boxes that are not private, with their descriptions."""
    described = dict(boxes) if isinstance(boxes, Mapping) else dict.fromkeys(boxes, "")
    return {name: text for name, text in described.items() if not name.startswith("_")}


__kamaelia_components__ = (TTL,)
