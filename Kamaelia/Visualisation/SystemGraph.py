"""Pictures of programs: the components and linkages of a system, before it runs or while it runs.

Example usage
-------------
    from Kamaelia.Visualisation.SystemGraph import graph

    system = Pipeline(ConsoleReader(), ConsoleEchoer())
    open("system.svg", "w").write(graph(system).svg())     # before it runs
    print(graph(scheduler.run).mermaid())                  # all that runs now

How does it work?
-----------------
A chassis that does not run yet has a plan (Kamaelia.Util.Parent), and a server that of one
connection with its handler, as there is for each client. Of a running system, a snapshot is taken
(Axon.Introspection). A component is drawn inside its parent if the parent has linked its boxes or
made a linkage between two of its children: that is a chassis. A handler and its connection are
drawn side by side, in the order of flow.

In a notebook, a graph that is the result of a cell is displayed as a picture.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from Axon.Component import component
from Axon.Introspection import BoxSnapshot, ComponentSnapshot, Snapshot, snapshot
from Kamaelia.Support.Drawing.Graph import Box, Edge, Graph, Node
from Kamaelia.Support.Drawing.GraphDrawing import drawing
from Kamaelia.Support.Drawing.GraphText import dot, mermaid, plainData
from Kamaelia.Util.Parent import hasPlan
from Kamaelia.Visualisation.Nesting import labelsIn, partsByChassis, systemSnapshot

__all__ = ["FORMATS", "SystemGraph", "graph", "plannedGraph"]


class SystemGraph(Graph):
    """SystemGraph(nodes, edges): a graph that can be written in several formats."""

    __slots__ = ()

    def svg(self) -> str:
        """Return the picture as SVG."""
        return drawing(self)

    def mermaid(self) -> str:
        """Return the text of a Mermaid flowchart."""
        return mermaid(self)

    def dot(self) -> str:
        """Return the text of a digraph for Graphviz."""
        return dot(self)

    def json(self) -> str:
        """Return nodes and edges as JSON."""
        return json.dumps(plainData(self), indent=1)

    _repr_svg_ = svg  # IPython calls it

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        titles = ", ".join(node.title for node in self.nodes[:5])
        return f"<SystemGraph of {titles}{', ...' if len(self.nodes) > 5 else ''}>"


FORMATS = {
    "svg": SystemGraph.svg,
    "mermaid": SystemGraph.mermaid,
    "dot": SystemGraph.dot,
    "json": SystemGraph.json,
}


def graph(system: Any) -> SystemGraph:
    """Return the graph of a component with all that is in it, of a scheduler, or of a snapshot.

    A component that is not active is drawn as it is planned, an active one as it is now. The
    attendants of a scheduler (Axon.Attendants) are left out.
    Raises TypeError for anything else, and RuntimeError if another thread runs the scheduler.
    """
    if isinstance(system, Snapshot):
        return _ofSnapshot(system, {})
    if isinstance(system, component):
        return _ofActive(system) if system.isActive() else plannedGraph([system])
    if hasattr(system, "listAllThreads"):
        return _ofSnapshot(systemSnapshot(system), labelsIn(system.listAllThreads()))
    raise TypeError(
        f"graph() draws a component, a scheduler or a snapshot, not {type(system).__name__}:"
        " pass the object that you would call run() on"
    )


# A plan


def plannedGraph(systems: Iterable[component]) -> SystemGraph:
    """Return the graph of components as they are planned, also if they are active already."""
    edges: list[Edge] = []
    systems = list(systems)
    for system in systems:
        _plannedEdges(system, edges)
    linked = _linkedBoxes(edges)
    return SystemGraph(tuple(_plannedNode(each, "", linked) for each in systems), tuple(edges))


def _plannedEdges(system: Any, edges: list[Edge]) -> None:
    """Add the edges of a chassis, and of each chassis inside it, to `edges`."""
    if hasPlan(system):
        for source, sink, _ in system.plannedLinkages():
            edges.append(Edge(_keyOf(source[0]), source[1], _keyOf(sink[0]), sink[1]))
        for part in system.plannedParts().values():
            _plannedEdges(part, edges)


def _plannedNode(system: Any, label: str, linked: Mapping[str, Collection[str]]) -> Node:
    key, className = _keyOf(system), type(system).__name__
    isNamed = label and not label.isdigit()
    parts = system.plannedParts() if hasPlan(system) else {}
    inboxes, outboxes = (
        tuple(Box(name, _sentence(boxes, name)) for name in boxes if name in linked.get(key, ()))
        for boxes in (system.Inboxes, system.Outboxes)
    )
    inner = tuple(_plannedNode(part, name, linked) for name, part in parts.items())
    title, kind = (label, className) if isNamed else (className, "")
    return Node(key, title, kind, inboxes, outboxes, inner)


def _keyOf(system: Any) -> str:
    return str(system.id)


def _sentence(boxes: Any, name: str) -> str:
    return str(boxes[name]) if isinstance(boxes, Mapping) else ""


def _linkedBoxes(edges: Iterable[Edge]) -> dict[str, set[str]]:
    """Return the names of the linked boxes of each node."""
    linked: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        linked[edge.source].add(edge.sourceBox)
        linked[edge.sink].add(edge.sinkBox)
    return linked


# A running system


def _ofActive(system: component) -> SystemGraph:
    """Return the graph of an active component: it, and all components below it."""
    scheduler = system.scheduler
    whole = snapshot(scheduler)
    parents = {each.id: each.parent for each in whole.components}

    def isWithin(number: int | None) -> bool:
        seen = set()
        while number is not None and number not in seen:
            if number == system.id:
                return True
            seen.add(number)
            number = parents.get(number)
        return False

    kept = [each for each in whole.components if isWithin(each.id)]
    ids = {each.id for each in kept}
    linkages = [each for each in whole.linkages if each.source in ids and each.sink in ids]
    return _ofSnapshot(Snapshot(kept, linkages), labelsIn(scheduler.listAllThreads()))


def _ofSnapshot(taken: Snapshot, labels: Mapping[int, str]) -> SystemGraph:
    components = {each.id: each for each in taken.components}
    edges = [
        Edge(str(each.source), each.sourceBox, str(each.sink), each.sinkBox)
        for each in taken.linkages
    ]
    inside = partsByChassis(components, taken.linkages)
    linked = _linkedBoxes(edges)

    def node(each: ComponentSnapshot) -> Node:
        used = linked.get(str(each.id), ())
        label, className = labels.get(each.id, ""), each.className.rpartition(".")[2]
        return Node(
            str(each.id),
            label or className,
            className if label else "",
            tuple(_box(box) for box in each.inboxes if box.depth or box.name in used),
            tuple(Box(name) for name in each.outboxes if name in used),
            tuple(node(components[part]) for part in inside.get(each.id, ())),
            each.state,
            tuple(str(held.component) for held in each.heldBy),
        )

    contained = {part for parts in inside.values() for part in parts}
    outer = (node(each) for each in taken.components if each.id not in contained)
    return SystemGraph(tuple(outer), tuple(edges))


def _box(box: BoxSnapshot) -> Box:
    limits = [each for each in (box.capacity, box.size) if each]
    return Box(box.name, depth=box.depth, capacity=min(limits, default=None))
