"""A clock: sends the same message again and again.

Example usage
-------------
    Pipeline(PeriodicWakeup(interval=20), WakeableIntrospector(), ConsoleEchoer()).run()

Termination: at once, at producerFinished or shutdownMicroprocess on "control".
"""

from __future__ import annotations

from Axon.ThreadedComponent import threadedcomponent


class PeriodicWakeup(threadedcomponent):
    """PeriodicWakeup(interval=300, message="tick") -> sends `message` every `interval` seconds."""

    Inboxes = {"inbox": "not used", "control": "when to stop"}
    Outboxes = {"outbox": "the message, each time", "signal": "whatever ended it"}

    interval: float = 300
    message: object = "tick"

    def main(self) -> None:
        while not self.isShuttingDown():
            self.pause(self.interval)
            if not self.dataReady("control"):
                self.send(self.message)


__kamaelia_components__ = (PeriodicWakeup,)
