"""A graph of components: nodes with boxes and parts, and the edges between boxes.

Example usage::

    >>> source = Node("1", "Source", outboxes=(Box("outbox"),))
    >>> sink = Node("2", "Sink", inboxes=(Box("inbox", depth=3),))
    >>> graph = Graph((source, sink), (Edge("1", "outbox", "2", "inbox"),))
    >>> [node.title for node in graph.allNodes()]
    ['Source', 'Sink']

How does it work?

A chassis is a node with parts. An edge from or to a box of the chassis itself is drawn inside
it, from its edge to one of its parts. Nothing here depends on how a graph is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# The boxes of shutdown messages, which are drawn less strongly.
CONTROL = re.compile(r"(?:.*_)?(?:control|signal)[0-9]*")


@dataclass(frozen=True, slots=True)
class Box:
    """A box. sentence: what it is for. depth: the messages in it; capacity: how many may wait."""

    name: str
    sentence: str = ""
    depth: int = 0
    capacity: int | None = None
    isInherited: bool = False

    @property
    def isControl(self) -> bool:
        """Whether it is one of the boxes for shutdown messages."""
        return isControlBox(self.name)


@dataclass(frozen=True, slots=True)
class Node:
    """A component. key: unique in its graph. parts: the components that are drawn inside it.

    title: its name in the picture. kind: its class, if the title is another name. state: for
    example "waiting"; "" if nothing is known. heldBy: the keys of the nodes that hold it.
    """

    key: str
    title: str
    kind: str = ""
    inboxes: tuple[Box, ...] = ()
    outboxes: tuple[Box, ...] = ()
    parts: tuple[Node, ...] = ()
    state: str = ""
    heldBy: tuple[str, ...] = ()

    def allNodes(self) -> Iterator[Node]:
        """Yield this node and all nodes inside it, parents before their parts."""
        yield self
        for part in self.parts:
            yield from part.allNodes()


@dataclass(frozen=True, slots=True)
class Edge:
    """A linkage, from a box of one node to a box of another, by their keys."""

    source: str
    sourceBox: str
    sink: str
    sinkBox: str

    @property
    def isControl(self) -> bool:
        """Whether it carries shutdown messages."""
        return isControlBox(self.sourceBox) and isControlBox(self.sinkBox)


@dataclass(frozen=True, slots=True)
class Graph:
    """The nodes that are in no other node, and all edges."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()

    def allNodes(self) -> Iterator[Node]:
        """Yield all nodes, parents before their parts."""
        for node in self.nodes:
            yield from node.allNodes()


def isControlBox(name: str) -> bool:
    """Return whether a box of this name is for shutdown messages, such as "tcp_control"."""
    return CONTROL.fullmatch(name) is not None
