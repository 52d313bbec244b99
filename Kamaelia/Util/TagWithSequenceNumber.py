"""A sequence number for each message.

Example usage
-------------
    Pipeline(Frames(), TagWithSequenceNumber(), RangeFilter([(25, 49)]), Display()).run()

How does it work?
-----------------
Each message becomes the tuple (number, message).

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from itertools import count
from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["TagWithSequenceNumber"]


class TagWithSequenceNumber(PureTransformer):
    """A transformer of each message into (number, message), with numbers from `initial` (0) up."""

    def __init__(self, initial: int = 0) -> None:
        super().__init__()
        self.numbers = count(initial)

    def processMessage(self, msg: Any) -> tuple[int, Any]:
        """Return the tuple of the next number and `msg`."""
        return next(self.numbers), msg


__kamaelia_components__ = (TagWithSequenceNumber,)
