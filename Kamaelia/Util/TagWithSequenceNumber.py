"""Numbers messages.

Example usage
-------------
    Pipeline(Frames(), TagWithSequenceNumber(), RangeFilter([(25, 49)]), Display()).run()

How does it work?
-----------------
Each message becomes a tuple, with its number first.

Termination: as a PureTransformer's.
"""

from itertools import count
from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["TagWithSequenceNumber"]


class TagWithSequenceNumber(PureTransformer):
    """TagWithSequenceNumber([initial]) -> sends (number, message), from `initial` (0) up."""

    def __init__(self, initial: int = 0) -> None:
        super().__init__()
        self.numbers = count(initial)

    def processMessage(self, msg: Any) -> tuple[int, Any]:
        """`msg` with the next number."""
        return next(self.numbers), msg


__kamaelia_components__ = (TagWithSequenceNumber,)
