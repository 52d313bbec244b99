"""A filter that passes the messages whose first element lies in given ranges.

Example usage
-------------
    Pipeline(Frames(), TagWithSequenceNumber(), RangeFilter([(25, 49), (100, 199)]), sink).run()

How does it work?
-----------------
The first element of each message, such as the number in (number, frame), is compared with the
ranges. If the destination has no space, the message and all later ones wait.

Termination: at a producerFinished, after the messages that arrived before it; at a
shutdownMicroprocess even while a message waits for space.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from Axon.Component import component
from Axon.Hooks import plainResult
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["RangeFilter"]


class RangeFilter(component):
    """A component that passes each message whose message[0] is in one of the ranges.

    ranges: pairs (low, high), both inclusive.
    """

    Inboxes = {"inbox": "tuples or lists: (value, ...)", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "the messages in the ranges, unchanged",
        "signal": "the shutdown message from control",
    }

    def __init__(self, ranges: Iterable[tuple[Any, Any]]) -> None:
        super().__init__()
        self.ranges = list(ranges)

    def inRange(self, index: Any) -> tuple[Any, Any] | None:
        """Return the first range that contains `index`, or None."""
        for low, high in self.ranges:
            if low <= index <= high:
                return low, high
        return None

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                if plainResult(self.inRange(message[0]), "inRange", self) is None:
                    continue
                if not (yield from sendWithRoom(self, message)):
                    break
            if self.isShuttingDown():
                return


__kamaelia_components__ = (RangeFilter,)
