"""The possible orders of events that happened at unknown moments within spans of time.

Example usage
-------------
    for chain in overlapping(events):
        states = inAnyOrder(chain, states, lambda event, state: [state + 1])

How does it work?
-----------------
Events whose spans overlap may have happened in any order, except that an event that ended before
another began happened first. All orders are followed together: for each set of events that may
have happened, the states that are then possible.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any


def overlapping(happened: list[Any]) -> Iterator[list[Any]]:
    """Generate the events in order, in groups whose order is unknown."""
    chain: list[Any] = []
    end = float("-inf")
    for each in sorted(happened, key=lambda each: each.when):
        if chain and each.when.low > end:
            yield chain
            chain = []
        chain.append(each)
        end = max(end, each.when.high) if len(chain) > 1 else each.when.high
    if chain:
        yield chain


def inAnyOrder(group: list[Any], states: set[Any], leadsTo: Callable[..., Any]) -> set[Any]:
    """Return the possible states after the group; leadsTo(event, state): those after one event."""
    layer: dict[int, set[Any]] = {0: states}
    for _ in group:
        following: dict[int, set[Any]] = defaultdict(set)
        for done, now in layer.items():
            for number in mayBeNext(group, done):
                after = {more for state in now for more in leadsTo(group[number], state)}
                following[done | 1 << number] |= after
        layer = following
    return layer[(1 << len(group)) - 1]


def mayBeNext(group: list[Any], done: int) -> list[int]:
    """Return the events that may happen next: no remaining event ended before their start."""
    open_ = [number for number in range(len(group)) if not done >> number & 1]
    end = min(group[number].when.high for number in open_)
    return [number for number in open_ if group[number].when.low <= end]
