"""The order of items with sequence numbers that arrive late, twice or not at all.

Example usage
-------------
    order = SequenceOrder(size=3, modulo=65536)
    order.add(65535, "a"), order.add(1, "c"), order.add(0, "b")     # [], [], [(65535, "a")]
    order.rest()                                                    # [(0, "b"), (1, "c")]

How does it work?
-----------------
Up to `size` items are kept, and the earliest leaves when there are more. Of the two numbers that a
wrapped sequence number may mean, the one nearer to the last item that has left is taken. An item
that arrives after its successors have left leaves at once. An item that is equal to one that is
kept, or that was among the last that left, is a duplicate and is discarded.
"""

from collections import deque
from heapq import heappop, heappush
from itertools import count
from typing import Any

__all__ = ["SequenceOrder"]

Item = tuple[int, Any]


class SequenceOrder:
    """SequenceOrder(size, modulo): puts items in the order of their sequence numbers.

    size: the number of items that may be kept. modulo: sequence numbers run from 0 to modulo - 1;
    None if they do not wrap. Raises ValueError if size is less than 1.
    """

    def __init__(self, size: int = 30, modulo: int | None = 1 << 32) -> None:
        if size < 1:
            raise ValueError(f"the size must be at least 1, not {size}")
        self.size = size
        self.modulo = modulo
        self._heap: list[tuple[int, int, Item]] = []
        self._arrivals = count()
        self._known: dict[int, list[Item]] = {}  # the items kept and the last that left
        self._left: deque[tuple[int, Item]] = deque()
        self._last: int | None = None

    def add(self, number: int, item: Any) -> list[Item]:
        """Add an item and return the items (number, item) that leave."""
        pair = (number, item)
        place = self._placeOf(number)
        same = self._known.setdefault(place, [])
        if pair in same:
            return []
        same.append(pair)
        heappush(self._heap, (place, next(self._arrivals), pair))
        return [self._release()] if len(self._heap) >= self.size else []

    def rest(self) -> list[Item]:
        """Return the items that are kept, in order, and keep them no more."""
        return [self._release() for _ in range(len(self._heap))]

    def _placeOf(self, number: int) -> int:
        """Return the number as it would be without wrapping."""
        if self._last is None:
            self._last = number
        if self.modulo is None:
            return number
        half = self.modulo // 2
        return self._last + (number - self._last + half) % self.modulo - half

    def _release(self) -> Item:
        place, _, pair = heappop(self._heap)
        self._last = place
        self._left.append((place, pair))
        if len(self._left) > self.size:
            old, forgotten = self._left.popleft()
            self._known[old].remove(forgotten)
            if not self._known[old]:
                del self._known[old]
        return pair
