"""A collector that sends all messages as one list at the end.

Example usage
-------------
    Pipeline(Reader(), Collate(), PureTransformer(sorted), Writer()).run()

How does it work?
-----------------
All messages are kept in memory until the end, so the stream must be finite and fit into it.

Termination: at a producerFinished or shutdownMicroprocess, after the list.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess

__all__ = ["Collate"]


class Collate(component):
    """A component that sends one list of all messages, in order, at the end."""

    Inboxes = {"inbox": "anything", "control": "a shutdown message"}
    Outboxes = {"outbox": "one list of all messages", "signal": "the shutdown message from control"}

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
