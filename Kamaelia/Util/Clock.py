"""A periodic tick.

Example usage
-------------
    Pipeline(CheapAndCheerfulClock(0.5), TriggeredSource("tick\\n"), ConsoleEchoer()).run()

How does it work?
-----------------
It sleeps for the interval between two ticks. It does not correct delays, so it drifts.

Termination: at a producerFinished or shutdownMicroprocess.
"""

from collections.abc import Iterator

from Axon.Component import component

__all__ = ["CheapAndCheerfulClock"]


class CheapAndCheerfulClock(component):
    """A source that sends True at once, and then every `interval` seconds."""

    Inboxes = {"inbox": "nothing", "control": "a shutdown message"}
    Outboxes = {"outbox": "True, at each tick", "signal": "the shutdown message from control"}

    def __init__(self, interval: float) -> None:
        super().__init__()
        self.interval = interval

    def main(self) -> Iterator[int]:
        while not self.isShuttingDown():
            self.send(True)
            yield from self.waitForMessage("control", timeout=self.interval)


__kamaelia_components__ = (CheapAndCheerfulClock,)
