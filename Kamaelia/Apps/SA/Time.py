"""Ticks: one after a time, or one at each interval.

Example usage
-------------
    Pipeline(PeriodicTick(0.5, tick_mesg="tick\n"), ConsoleEchoer()).run()

How does it work?
-----------------
No thread is used, and a message on "control" ends the wait at once. So `check_interval`, which
older programs give, has no effect.

Termination: at any message on "control", which is passed on; a SingleTick also after its tick.
"""

from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["PeriodicTick", "SingleTick"]


class _Tick(component):
    """A component that waits; the base of the others."""

    Inboxes = {"inbox": "not used", "control": "anything: end"}

    tick_mesg: Any = True  # what to send
    check_interval: float | None = None  # not used: the wait ends at once

    def __init__(self, delay: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.delay = delay

    def waitUntilTime(self, due: float) -> Generator[int, None, bool]:
        """Wait until the time `due`. Return whether a message on "control" came first."""
        clock = self.scheduler.timers.clock
        while not self.dataReady("control") and (left := due - clock.now()) > 0:
            yield from self.waitForMessage("control", timeout=left)
        return bool(self.dataReady("control"))


class SingleTick(_Tick):
    """A component that sends `tick_mesg` (True) once, after `delay` seconds."""

    Outboxes = {
        "outbox": "tick_mesg",
        "signal": "producerFinished after the tick, or the message from control",
    }

    def main(self) -> Generator[int, None, None]:
        if (yield from self.waitUntilTime(self.scheduler.timers.clock.now() + self.delay)):
            self.send(self.recv("control"), "signal")
        else:
            self.send(self.tick_mesg)
            self.send(producerFinished(self), "signal")


class PeriodicTick(_Tick):
    """A component that sends `tick_mesg` (True) every `delay` seconds.

    The intervals do not drift: ticks that are late are followed by the next one on time. Raises
    ValueError if delay is not above 0.
    """

    Outboxes = {"outbox": "tick_mesg", "signal": "the message from control"}

    def __init__(self, delay: float, **kwargs: Any) -> None:
        super().__init__(delay, **kwargs)
        if delay <= 0:
            raise ValueError(f"the delay must be above 0 seconds, not {delay}")

    def main(self) -> Generator[int, None, None]:
        due = self.scheduler.timers.clock.now() + self.delay
        while not (yield from self.waitUntilTime(due)):
            yield from sendWithRoom(self, self.tick_mesg)
            due += self.delay
        self.send(self.recv("control"), "signal")


__kamaelia_components__ = (SingleTick, PeriodicTick)
