"""The place of each node in a picture, and the way of each edge.

Example usage::

    >>> from Kamaelia.Support.Drawing.Graph import Box, Edge, Graph, Node
    >>> source = Node("1", "Source", outboxes=(Box("outbox"),))
    >>> sink = Node("2", "Sink", inboxes=(Box("inbox"),))
    >>> found = placed(Graph((source, sink), (Edge("1", "outbox", "2", "inbox"),)))
    >>> found.frames["1"].right < found.frames["2"].x
    True

How does it work?

Data flows from left to right: Layers sorts the nodes of each chassis into columns, inboxes are at
the left of a node and outboxes at the right. A chassis is placed when its parts have been, and
is then a node of the picture around it. An edge over several columns gets a gap in each of them.
An edge that leads back runs below all nodes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean

from Kamaelia.Support.Drawing.Graph import Edge, Graph, Node
from Kamaelia.Support.Drawing.Layers import forwardEdges, levels, sortColumns
from Kamaelia.Support.Drawing.Shapes import LABEL, TITLE, widthOf

Point = tuple[float, float]
Port = tuple[str, str, bool]  # the key of a node, a box, and whether that is an inbox

ROW = 17.0  # height of a box in a node
GAP = 26.0  # between two nodes of a column
AISLE = 58.0  # between two columns
MARGIN = 14.0
HEAD = 30.0  # height of a title
KIND = 14.0  # height of the line with the class

LEFT, RIGHT = "left", "right"  # the borders of a chassis, which are no nodes


@dataclass(slots=True)
class Frame:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.width


@dataclass(slots=True)
class Block:
    """A placed node with all that is inside it, relative to its own corner."""

    width: float
    height: float
    frames: dict[str, Frame] = field(default_factory=dict)
    ports: dict[Port, Point] = field(default_factory=dict)
    ways: dict[int, list[Point]] = field(default_factory=dict)  # by the number of the edge
    detours: dict[int, float] = field(default_factory=dict)  # the y of edges that lead back

    def include(self, other: Block, x: float, y: float) -> None:
        """Put another block at this place."""
        for key, frame in other.frames.items():
            self.frames[key] = Frame(frame.x + x, frame.y + y, frame.width, frame.height)
        for port, (atX, atY) in other.ports.items():
            self.ports[port] = (atX + x, atY + y)
        for edge, points in other.ways.items():
            self.ways[edge] = [(atX + x, atY + y) for atX, atY in points]
        for edge, below in other.detours.items():
            self.detours[edge] = below + y


def placed(graph: Graph) -> Block:
    """Return the block of a whole graph, with a margin."""
    inner = _Level(graph).block(None, graph.nodes)
    whole = Block(inner.width + 2 * MARGIN, inner.height + 2 * MARGIN)
    whole.include(inner, MARGIN, MARGIN)
    return whole


class _Level:
    """The levels of a graph: which edges belong into which chassis."""

    def __init__(self, graph: Graph) -> None:
        self.paths: dict[str, tuple[str, ...]] = {}
        for node in graph.nodes:
            self._note(node, ())
        self.edges: dict[str | None, list[tuple[int, str, str, Edge]]] = defaultdict(list)
        for index, edge in enumerate(graph.edges):
            if edge.source in self.paths and edge.sink in self.paths:
                self._sort(index, edge)

    def _note(self, node: Node, above: tuple[str, ...]) -> None:
        path = self.paths[node.key] = (*above, node.key)
        for part in node.parts:
            self._note(part, path)

    def _sort(self, index: int, edge: Edge) -> None:
        """Give an edge to the innermost chassis around both ends, which may be one of them."""
        source, sink = self.paths[edge.source], self.paths[edge.sink]
        depth = 0
        while depth < min(len(source), len(sink)) and source[depth] == sink[depth]:
            depth += 1
        if source == sink:  # from a component to itself
            depth -= 1
        within = source[depth - 1] if depth else None
        start = source[depth] if depth < len(source) else LEFT
        end = sink[depth] if depth < len(sink) else RIGHT
        self.edges[within].append((index, start, end, edge))

    def block(self, chassis: Node | None, parts: Sequence[Node]) -> Block:
        """Return the block of a chassis, or of the whole graph."""
        blocks = {
            part.key: self.block(part, part.parts) if part.parts else leaf(part) for part in parts
        }
        key = chassis.key if chassis is not None else None
        inner = _Columns(blocks, self.edges[key]).block()
        return inner if chassis is None else _framed(chassis, inner, self.edges[key])


class _Columns:
    """The blocks of one level, and the edges between them."""

    def __init__(
        self, blocks: dict[str, Block], edges: Iterable[tuple[int, str, str, Edge]]
    ) -> None:
        self.blocks = blocks
        self.edges = list(edges)
        self.places: dict[object, Point] = {}

    def block(self) -> Block:
        """Place all blocks, and return the block around them."""
        keys = [LEFT, *self.blocks, RIGHT]
        flow = [(start, end) for _, start, end, edge in self.edges if not edge.isControl]
        rest = [(start, end) for _, start, end, edge in self.edges if edge.isControl]
        forward = forwardEdges(keys, [*flow, *rest])
        level = levels(keys, forward)
        ends = [level[key] for key in self.blocks]
        level[LEFT], level[RIGHT] = min(ends, default=0) - 1, max(ends, default=0) + 1
        isForward = set(forward)
        columns, chains = self._columns(keys, level, forward)
        self._place(columns, chains)
        whole = Block(0.0, 0.0)
        for key, inner in self.blocks.items():
            whole.include(inner, *self.places[key])
        whole.width = max((each.right for each in whole.frames.values()), default=0.0)
        whole.height = max((each.y + each.height for each in whole.frames.values()), default=0.0)
        for index, start, end, _ in self.edges:
            if (start, end) in isForward:
                ways = chains.get((start, end), ())
                whole.ways[index] = [self.places[each] for each in ways]
            else:
                whole.height += 10.0
                whole.detours[index] = whole.height
        return whole

    def _columns(
        self, keys: list[str], level: dict[str, int], forward: list[tuple[str, str]]
    ) -> tuple[list[list[object]], dict[tuple[str, str], list[object]]]:
        """Return the columns, and the gaps that each edge over several columns has in them."""
        chains: dict[tuple[str, str], list[object]] = {}
        steps: list[tuple[object, object]] = []
        found: list[list[object]] = [[] for _ in range(level[RIGHT] - level[LEFT] + 1)]
        for key in keys:
            found[level[key] - level[LEFT]].append(key)
        for start, end in forward:
            between = range(level[start] + 1, level[end])
            chain: list[object] = [(start, end, at) for at in between]
            for gap, at in zip(chain, between, strict=True):
                found[at - level[LEFT]].append(gap)
            chains[start, end] = chain
            way = [start, *chain, end]
            steps += pairwise(way)
        sortColumns(found, steps)
        self._before = defaultdict(list)
        for source, sink in steps:
            self._before[sink].append(source)
        return found, chains

    def _place(
        self, columns: list[list[object]], chains: dict[tuple[str, str], list[object]]
    ) -> None:
        x = 0.0
        for column in columns:
            blocks = [
                self.blocks[each]
                for each in column
                if isinstance(each, str) and each in self.blocks
            ]
            width = max((each.width for each in blocks), default=0.0)
            self._stack(column, x, width)
            if width:
                x += width + AISLE
        top = min((self.places[key][1] for key in self.blocks), default=0.0)
        self.places = {key: (atX, atY - top) for key, (atX, atY) in self.places.items()}

    def _stack(self, column: list[object], x: float, width: float) -> None:
        """Place a column: each node as near to the middle of its predecessors as there is room."""
        cursor, drift = 0.0, []
        tops: list[tuple[object, float]] = []
        for key in column:
            height = self._heightOf(key)
            before = [self._middleOf(each) for each in self._before[key] if each in self.places]
            wish = fmean(before) - height / 2 if before else cursor
            top = max(wish, cursor) if tops else wish
            drift.append(wish - top)
            tops.append((key, top))
            cursor = top + height + GAP
        shift = fmean(drift) if drift else 0.0
        for key, top in tops:
            inner = self.blocks.get(key) if isinstance(key, str) else None
            indent = (width - inner.width) / 2 if inner is not None else width / 2
            self.places[key] = (x + indent, top + shift)

    def _heightOf(self, key: object) -> float:
        inner = self.blocks.get(key) if isinstance(key, str) else None
        return inner.height if inner is not None else 0.0

    def _middleOf(self, key: object) -> float:
        return self.places[key][1] + self._heightOf(key) / 2


def leaf(node: Node) -> Block:
    """Return the block of a node without parts."""
    rows = max(len(node.inboxes), len(node.outboxes), 1)
    head = HEAD + (KIND if node.kind else 0.0)
    labels = sum(
        max((widthOf(box.name, LABEL) for box in boxes), default=0.0)
        for boxes in (node.inboxes, node.outboxes)
    )
    width = 34 + max(widthOf(node.title, TITLE), widthOf(node.kind, LABEL), labels + 18)
    block = Block(width, head + rows * ROW + 8)
    block.frames[node.key] = Frame(0.0, 0.0, width, block.height)
    for boxes, x, isInbox in ((node.inboxes, 0.0, True), (node.outboxes, width, False)):
        for row, box in enumerate(boxes):
            block.ports[node.key, box.name, isInbox] = (x, head + (row + 0.5) * ROW)
    return block


def _framed(chassis: Node, inner: Block, edges: Iterable[tuple[int, str, str, Edge]]) -> Block:
    """Return the block of a chassis: its parts within a frame that has its own boxes."""
    names = [chassis.inboxes, chassis.outboxes]
    left, right = (
        max((widthOf(box.name, LABEL) for box in boxes), default=0.0) + 34 for boxes in names
    )
    head = HEAD + (KIND if chassis.kind else 0.0)
    rows = max(map(len, names))
    height = head + max(inner.height, rows * ROW) + MARGIN
    width = max(left + inner.width + right, widthOf(chassis.title, TITLE) + 34)
    block = Block(width, height)
    block.frames[chassis.key] = Frame(0.0, 0.0, width, height)
    block.include(inner, left, head)
    wishes: dict[Port, list[float]] = defaultdict(list)
    for _, start, end, edge in edges:
        if start == LEFT and edge.source == chassis.key:
            sink = block.ports.get((edge.sink, edge.sinkBox, True))
            if sink is not None:
                wishes[edge.source, edge.sourceBox, True].append(sink[1])
        if end == RIGHT and edge.sink == chassis.key:
            source = block.ports.get((edge.source, edge.sourceBox, False))
            if source is not None:
                wishes[edge.sink, edge.sinkBox, False].append(source[1])
    for boxes, x, isInbox in ((chassis.inboxes, 0.0, True), (chassis.outboxes, width, False)):
        ports = [(chassis.key, box.name, isInbox) for box in boxes]
        linked = sorted(
            (port for port in ports if wishes[port]), key=lambda port: fmean(wishes[port])
        )
        cursor = head
        for port in [*linked, *(port for port in ports if not wishes[port])]:
            if wishes[port]:
                cursor = max(cursor, fmean(wishes[port]) - ROW / 2)
            block.ports[port] = (x, cursor + ROW / 2)
            cursor += ROW
        block.height = max(block.height, cursor + MARGIN / 2)
    block.frames[chassis.key].height = block.height
    return block
