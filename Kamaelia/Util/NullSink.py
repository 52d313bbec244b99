"""Throws away what it gets.

Example usage
-------------
    Pipeline(Source(), nullSinkComponent()).run()

How does it work?
-----------------
An outbox that is linked to nothing throws away as well; this one is for where a part is
needed.

Termination: at a producerFinished or shutdownMicroprocess.
"""

from collections.abc import Iterator

from Axon.Component import component

__all__ = ["nullSinkComponent"]


class nullSinkComponent(component):
    """nullSinkComponent() -> throws away each message."""

    Inboxes = {"inbox": "anything", "control": "when to stop"}
    Outboxes = {"outbox": "nothing", "signal": "whatever ended it"}

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for _ in self.Inbox():
                pass
            if self.isShuttingDown():
                return


__kamaelia_components__ = (nullSinkComponent,)
