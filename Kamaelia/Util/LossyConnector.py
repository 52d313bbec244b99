"""A connector that discards the messages for which the receiver has no space.

Example usage
-------------
    self.link((source, "outbox"), (lossy, "inbox"))
    self.link((lossy, "outbox"), (slow, "inbox"), pipewidth=1)

How does it work?
-----------------
If the destination raises noSpaceInBox, the message is discarded. `pipewidth` or setInboxSize
limits the destination; `capacity` instead holds the sender, and no message is lost.

Termination: at a producerFinished or shutdownMicroprocess, after the messages that arrived
before it.
"""

from collections.abc import Iterator
from contextlib import suppress

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component

__all__ = ["LossyConnector", "lossyConnector"]


class LossyConnector(component):
    """A component that sends each message for which the destination has space."""

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the messages that were not discarded",
        "signal": "the shutdown message from control",
    }

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
