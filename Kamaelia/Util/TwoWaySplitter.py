"""Sends each message to two places.

Example usage
-------------
    Graphline(IN=Reader(), TWO=TwoWaySplitter(), ONE=Writer(), OTHER=Display(), linkages={
        ("IN", "outbox"): ("TWO", "inbox"),
        ("TWO", "outbox"): ("ONE", "inbox"),
        ("TWO", "outbox2"): ("OTHER", "inbox"),
    }).run()

How does it work?
-----------------
Both get the same object: who changes it, changes it for both. See Fanout for more than
two.

Termination: at a producerFinished or shutdownMicroprocess, which goes to both.
"""

from collections.abc import Iterator

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["TwoWaySplitter"]


class TwoWaySplitter(component):
    """TwoWaySplitter() -> sends each message to outbox and outbox2, in this order."""

    Inboxes = {"inbox": "anything", "control": "when to stop"}
    Outboxes = {
        "outbox": "every message",
        "outbox2": "every message",
        "signal": "whatever ended it",
        "signal2": "whatever ended it",
    }

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(message)
                self.send(message, "outbox2")
            for message in self.Inbox("control"):
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    self.send(message, "signal")
                    self.send(message, "signal2")
                    return


__kamaelia_components__ = (TwoWaySplitter,)
