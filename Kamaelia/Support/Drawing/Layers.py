"""The order of nodes in columns, so that edges lead from left to right and seldom cross.

Example usage::

    >>> columns(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")])
    [['a'], ['b'], ['c']]

How does it work?

Edges that close a cycle are set aside. Each node stands one column to the right of the last of
its predecessors. Within the columns, nodes are sorted by the mean place of their neighbours, to
and fro, as K. Sugiyama and others described it in 1981. The time grows with nodes and edges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

SWEEPS = 4


def columns(keys: Sequence[Key], edges: Iterable[tuple[Key, Key]]) -> list[list[Key]]:
    """Return the nodes in columns from left to right, each from top to bottom."""
    forward = forwardEdges(keys, edges)
    level = levels(keys, forward)
    found: list[list[Key]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for key in keys:
        found[level[key]].append(key)
    sortColumns(found, forward)
    return found


def forwardEdges(keys: Sequence[Key], edges: Iterable[tuple[Key, Key]]) -> list[tuple[Key, Key]]:
    """Return the edges without those that close a cycle, in a search from the first node on."""
    after: dict[Key, list[Key]] = defaultdict(list)
    for source, sink in dict.fromkeys(edges):
        after[source].append(sink)
    isDone: dict[Key, bool] = {}  # False while the search is below the node
    kept = []
    for start in keys:
        if start in isDone:
            continue
        isDone[start] = False
        path = [(start, iter(after[start]))]
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                isDone[node] = True
                path.pop()
                continue
            if isDone.get(following) is False:  # back to a node of this path
                continue
            kept.append((node, following))
            if following not in isDone:
                isDone[following] = False
                path.append((following, iter(after[following])))
    return kept


def levels(keys: Sequence[Key], forward: Iterable[tuple[Key, Key]]) -> dict[Key, int]:
    """Return the column of each node; the edges must not form a cycle."""
    after: dict[Key, list[Key]] = defaultdict(list)
    waits: dict[Key, int] = dict.fromkeys(keys, 0)
    for source, sink in forward:
        after[source].append(sink)
        waits[sink] += 1
    level = dict.fromkeys(keys, 0)
    ready = [key for key in keys if not waits[key]]
    for node in ready:  # grows meanwhile
        for following in after[node]:
            level[following] = max(level[following], level[node] + 1)
            waits[following] -= 1
            if not waits[following]:
                ready.append(following)
    return level


def sortColumns(found: list[list[Key]], forward: Iterable[tuple[Key, Key]]) -> None:
    """Sort each column by the mean place of the neighbours of its nodes."""
    before: dict[Key, list[Key]] = defaultdict(list)
    after: dict[Key, list[Key]] = defaultdict(list)
    for source, sink in forward:
        after[source].append(sink)
        before[sink].append(source)
    place = {key: at for column in found for at, key in enumerate(column)}
    for sweep in range(SWEEPS):
        isRightward = sweep % 2 == 0
        neighbours = before if isRightward else after
        for column in found if isRightward else reversed(found):
            means = {
                key: sum(place[each] for each in neighbours[key]) / len(neighbours[key])
                if neighbours[key]
                else place[key]
                for key in column
            }
            column.sort(key=means.__getitem__)
            place.update({key: at for at, key in enumerate(column)})
