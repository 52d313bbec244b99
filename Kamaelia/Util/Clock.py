"""Ticks.

Example usage
-------------
    Pipeline(CheapAndCheerfulClock(0.5), TriggeredSource("tick\\n"), ConsoleEchoer()).run()

How does it work?
-----------------
It sleeps between two ticks, and drifts by what its turns are late.

Termination: at a producerFinished or shutdownMicroprocess.
"""

from collections.abc import Iterator

from Axon.Component import component

__all__ = ["CheapAndCheerfulClock"]


class CheapAndCheerfulClock(component):
    """CheapAndCheerfulClock(interval) -> sends True at once, and each `interval` seconds.

    It does not make up for what it is late.
    """

    Inboxes = {"inbox": "nothing", "control": "when to stop"}
    Outboxes = {"outbox": "True at each tick", "signal": "whatever ended it"}

    def __init__(self, interval: float) -> None:
        super().__init__()
        self.interval = interval

    def main(self) -> Iterator[int]:
        while not self.isShuttingDown():
            self.send(True)
            yield from self.waitForMessage("control", timeout=self.interval)


__kamaelia_components__ = (CheapAndCheerfulClock,)
