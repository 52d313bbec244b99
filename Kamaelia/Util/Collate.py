"""Collects all messages, and sends them as one list at the end.

Example usage
-------------
    Pipeline(Reader(), Collate(), PureTransformer(sorted), Writer()).run()

How does it work?
-----------------
Everything is kept until the end: it is for streams that have one, and fit into memory.

Termination: at a producerFinished or shutdownMicroprocess, after the list.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["Collate"]


class Collate(component):
    """Collate() -> sends a list of all messages, in order, at the end."""

    Inboxes = {"inbox": "anything", "control": "when to stop"}
    Outboxes = {"outbox": "one list", "signal": "whatever ended it"}

    def main(self) -> Iterator[int]:
        collected: list[Any] = []
        while True:
            yield from self.waitForMessage()
            collected += self.Inbox()
            for message in self.Inbox("control"):
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    self.send(collected)
                    self.send(message, "signal")
                    return


__kamaelia_components__ = (Collate,)
