"""Passes on what there is room for, and drops the rest.

Example usage
-------------
    self.link((source, "outbox"), (lossy, "inbox"))
    self.link((lossy, "outbox"), (slow, "inbox"), pipewidth=1)

How does it work?
-----------------
A message that the inbox at the far end has no space for (noSpaceInBox) is lost. The limit
is that of `pipewidth` or setInboxSize; `capacity` holds the sender, and loses nothing.

Termination: at a producerFinished or shutdownMicroprocess, after what came before it.
"""

from collections.abc import Iterator
from contextlib import suppress

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component

__all__ = ["LossyConnector", "lossyConnector"]


class LossyConnector(component):
    """LossyConnector() -> sends on each message for which there is space."""

    Inboxes = {"inbox": "anything", "control": "when to stop"}
    Outboxes = {"outbox": "the messages that were not lost", "signal": "whatever ended it"}

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                with suppress(noSpaceInBox):
                    self.send(message)
            if self.isShuttingDown():
                return


lossyConnector = LossyConnector

__kamaelia_components__ = (LossyConnector,)
