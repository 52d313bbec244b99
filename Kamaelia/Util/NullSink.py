"""A sink that discards all messages.

Example usage
-------------
    Pipeline(Source(), nullSinkComponent()).run()

How does it work?
-----------------
An outbox without a linkage discards its messages, too. This component serves where a chassis
needs a component.

Termination: at a producerFinished or shutdownMicroprocess.
"""

from collections.abc import Iterator

from Axon.Component import component

__all__ = ["nullSinkComponent"]


class nullSinkComponent(component):
    """A component that discards each message."""

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {"outbox": "nothing", "signal": "the shutdown message from control"}

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for _ in self.Inbox():
                pass
            if self.isShuttingDown():
                return


__kamaelia_components__ = (nullSinkComponent,)
