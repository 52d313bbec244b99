"""In which order events may have been that lie somewhere in spans of time.

Example usage
-------------
    for chain in overlapping(events):
        states = inAnyOrder(chain, states, lambda event, state: [state + 1])

How does it work?
-----------------
Events whose spans overlap may have been in any order, but that none came before
another that had ended before it began. All those orders are followed together:
for each set of events that may be over, the states that are possible then.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any


def overlapping(happened: list[Any]) -> Iterator[list[Any]]:
    """In order; together where it cannot be said which was first."""
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
    """The states that are possible after all of it; leadsTo(event, state): those after one."""
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
    """Those before whose begin nothing else that is still to come had its end."""
    open_ = [number for number in range(len(group)) if not done >> number & 1]
    end = min(group[number].when.high for number in open_)
    return [number for number in open_ if group[number].when.low <= end]
