"""A component that sends a message periodically.

Example usage
-------------
    Pipeline(PeriodicWakeup(interval=20), WakeableIntrospector(), ConsoleEchoer()).run()

Termination: immediately, at producerFinished or shutdownMicroprocess on "control".
"""

from __future__ import annotations

from Axon.ThreadedComponent import threadedcomponent


class PeriodicWakeup(threadedcomponent):
    """PeriodicWakeup(interval=300, message="tick") -> sends `message` every `interval` seconds."""

    Inboxes = {"inbox": "not used", "control": "producerFinished, shutdownMicroprocess: stop"}
    Outboxes = {"outbox": "message, every interval seconds", "signal": "the message from control"}

    interval: float = 300  # seconds
    message: object = "tick"  # what to send

    def main(self) -> None:
        while not self.isShuttingDown():
            self.pause(self.interval)
            if not self.dataReady("control"):
                self.send(self.message)


__kamaelia_components__ = (PeriodicWakeup,)
