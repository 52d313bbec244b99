"""Lets through what is numbered within certain ranges.

Example usage
-------------
    Pipeline(Frames(), TagWithSequenceNumber(), RangeFilter([(25, 49), (100, 199)]), sink).run()

How does it work?
-----------------
The first part of each message, such as (number, frame), is what is looked at. A message
that an inbox of limited size has no space for waits, and so do all after it.

Termination: at a producerFinished, after what came before it; at a shutdownMicroprocess
also while it waits for space.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Hooks import plainResult
from Axon.Ipc import shutdownMicroprocess

__all__ = ["RangeFilter"]


class RangeFilter(component):
    """RangeFilter(ranges) -> sends on each message whose message[0] is in one of the ranges.

    ranges: pairs (low, high), both of which are within.
    """

    Inboxes = {"inbox": "tuples or lists: (value, ...)", "control": "when to stop"}
    Outboxes = {"outbox": "those within, unchanged", "signal": "whatever ended it"}

    def __init__(self, ranges: Iterable[tuple[Any, Any]]) -> None:
        super().__init__()
        self.ranges = list(ranges)

    def inRange(self, index: Any) -> tuple[Any, Any] | None:
        """Return the first range that `index` is in, or None."""
        for low, high in self.ranges:
            if low <= index <= high:
                return low, high
        return None

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                if plainResult(self.inRange(message[0]), "inRange", self) is not None:
                    yield from self._sendWhenThereIsSpace(message)
            if self.isShuttingDown():
                return

    def _sendWhenThereIsSpace(self, message: Any) -> Iterator[int]:
        while True:
            try:
                self.send(message)
                return
            except noSpaceInBox:
                if any(isinstance(each, shutdownMicroprocess) for each in self.inboxes["control"]):
                    return
            self.pause()
            yield 1


__kamaelia_components__ = (RangeFilter,)
