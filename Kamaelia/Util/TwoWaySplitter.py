"""A splitter with two outboxes.

Example usage
-------------
    Graphline(IN=Reader(), TWO=TwoWaySplitter(), ONE=Writer(), OTHER=Display(), linkages={
        ("IN", "outbox"): ("TWO", "inbox"),
        ("TWO", "outbox"): ("ONE", "inbox"),
        ("TWO", "outbox2"): ("OTHER", "inbox"),
    }).run()

How does it work?
-----------------
Both destinations receive the same object. A destination that changes it changes it for both.
Fanout has any number of outboxes.

Termination: at a producerFinished or shutdownMicroprocess, which is sent to both signal boxes.
"""

from collections.abc import Iterator

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["TwoWaySplitter"]


class TwoWaySplitter(component):
    """A component that sends each message to "outbox" and then to "outbox2"."""

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "every message",
        "outbox2": "every message",
        "signal": "the shutdown message from control",
        "signal2": "the shutdown message from control",
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
