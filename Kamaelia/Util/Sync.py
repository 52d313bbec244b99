"""A barrier that waits for several messages and then sends one.

Example usage
-------------
    Graphline(A=Left(), B=Right(), BOTH=Sync(2), GO=Next(), linkages={
        ("A", "outbox"): ("BOTH", "inbox"),
        ("B", "outbox"): ("BOTH", "inbox"),
        ("BOTH", "outbox"): ("GO", "inbox"),
    }).run()

How does it work?
-----------------
It counts messages and ignores their origin.

Termination: at a producerFinished or shutdownMicroprocess, after the messages that arrived
before it.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component

__all__ = ["Sync"]


class Sync(component):
    """A component that sends the first of each `n` messages (2) when all `n` have arrived."""

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the first of each n messages",
        "signal": "the shutdown message from control",
    }

    def __init__(self, n: int = 2) -> None:
        super().__init__()
        self.n = n

    def main(self) -> Iterator[int]:
        batch: list[Any] = []
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                batch.append(message)
                if len(batch) == self.n:
                    self.send(batch[0])
                    batch.clear()
            if self.isShuttingDown():
                return


__kamaelia_components__ = (Sync,)
