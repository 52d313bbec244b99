"""A graph of components as SVG, in Kamaelia's notation.

Example usage::

    >>> from Kamaelia.Support.Drawing.Graph import Graph, Node
    >>> drawing(Graph((Node("1", "Echo"),)))[:4]
    '<svg'

How does it work?

A component is a thick hexagon, with its inboxes at the left and its outboxes at the right. A
chassis is a glass box around its parts. Linkages of data are plain, those of shutdown messages
dashed. A bar at an inbox shows how much waits in it: yellow from half of its capacity, red when
it is full; without a capacity, a hundred messages count as full. A held component is outlined,
and a dotted line leads to what holds it.
"""

from __future__ import annotations

from collections.abc import Iterator

from Kamaelia.Support.Counts import counted
from Kamaelia.Support.Drawing.Graph import Box, Edge, Graph, Node
from Kamaelia.Support.Drawing.Layout import Block, Point, placed
from Kamaelia.Support.Drawing.Shapes import (
    hexagon,
    number,
    picture,
    text,
    tooltip,
)

FULL = 100  # messages that fill the bar of an inbox without a capacity
ASLEEP = frozenset({"paused", "waiting", "ended", "not activated"})
BAR = 26.0  # length of the bar of a full inbox
ARROWHEAD = 8  # by which the name of an outbox is moved away from the arrowhead before it


def drawing(graph: Graph, label: str = "") -> str:
    """Return the SVG of a graph. label: what it shows, for readers who do not see it."""
    block = placed(graph)
    parts = [part for node in graph.nodes for part in _node(node, block)]
    parts += [part for index, edge in enumerate(graph.edges) for part in _edge(index, edge, block)]
    parts += [part for node in graph.allNodes() for part in _holds(node, block)]
    return picture(block.width, block.height, label or _spoken(graph), parts)


def _spoken(graph: Graph) -> str:
    titles = [node.title for node in graph.allNodes()]
    components, linkages = counted(len(titles), "component"), counted(len(graph.edges), "linkage")
    return f"{components}: {', '.join(titles)}; {linkages}"


def _node(node: Node, block: Block) -> Iterator[str]:
    frame = block.frames[node.key]
    sleep = " asleep" if node.state in ASLEEP and not node.parts else ""
    yield f'<g class="node{sleep}">'
    yield tooltip(", ".join(filter(None, [node.title, node.kind, node.state])))
    held = " held" if node.heldBy else ""
    if node.parts:
        yield (
            f'<rect class="glass{held}" x="{number(frame.x)}" y="{number(frame.y)}" rx="10"'
            f' width="{number(frame.width)}" height="{number(frame.height)}"/>'
        )
    else:
        yield hexagon(frame.x, frame.y, frame.width, frame.height, f"body{held}")
    middle = frame.x + frame.width / 2
    yield text(node.title, middle, frame.y + 20, "title")
    if node.kind:
        yield text(node.kind, middle, frame.y + 34, "kind")
    for part in node.parts:
        yield from _node(part, block)
    for boxes, isInbox in ((node.inboxes, True), (node.outboxes, False)):
        for box in boxes:
            at = block.ports[node.key, box.name, isInbox]
            yield from _port(box, at, isInbox, isRaised=bool(node.parts))
    yield "</g>"


def _port(box: Box, at: Point, isInbox: bool, isRaised: bool) -> Iterator[str]:
    """Draw a box. isRaised: its name is above the edge that leads to the same side."""
    x, y = at
    stop = " stop" if box.isControl else ""
    inherited = " inherited" if box.isInherited else ""
    waiting = f": {box.depth} waiting" if box.depth else ""
    words = f"{box.name}{waiting}{': ' if box.sentence else ''}{box.sentence}"
    yield f"<g>{tooltip(words)}"
    yield (
        f'<rect class="port{stop}{inherited}" x="{number(x - 4.5)}" y="{number(y - 4.5)}"'
        ' width="9" height="9"/>'
    )
    side, end, down = (9, "", 4) if isInbox else (-9, " end", 4)
    if isRaised:
        down = -4
        side -= 0 if isInbox else ARROWHEAD
    yield text(box.name, x + side, y + down, f"label{stop}{end}")
    if box.depth:
        yield _bar(box, x, y)
    yield "</g>"


def _bar(box: Box, x: float, y: float) -> str:
    share = min(box.depth / (box.capacity or FULL), 1.0)
    kind = "bad" if share >= 1 else "mid" if share >= 0.5 else "good"
    length = max(BAR * share, 3.0)
    return (
        f'<rect class="{kind}" x="{number(x - 6 - length)}" y="{number(y - 9)}"'
        f' width="{number(length)}" height="5"/>'
    )


def _edge(index: int, edge: Edge, block: Block) -> Iterator[str]:
    start = _end(block, edge.source, edge.sourceBox, isStart=True)
    end = _end(block, edge.sink, edge.sinkBox, isStart=False)
    if start is None or end is None:
        return
    kind, head = ("edge stop", "stop") if edge.isControl else ("edge", "flow")
    if index in block.detours:
        way = _detour(start, end, block.detours[index])
    else:
        way = _curve([start, *block.ways.get(index, ()), end])
    words = f"{edge.sourceBox} to {edge.sinkBox}"
    yield (f'<path class="{kind}" d="{way}" marker-end="url(#k-{head})">{tooltip(words)}</path>')


def _end(block: Block, key: str, boxname: str, isStart: bool) -> Point | None:
    """Return where an edge begins or ends: at an outbox or inbox, beside its square."""
    for isInbox in (not isStart, isStart):
        at = block.ports.get((key, boxname, isInbox))
        if at is not None:
            return at[0] + (5 if isStart else -5), at[1]
    return None


def _curve(points: list[Point]) -> str:
    x, y = points[0]
    way = [f"M{number(x)},{number(y)}"]
    for nextX, nextY in points[1:]:
        bend = max(abs(nextX - x) / 2, 18.0)
        way.append(
            f"C{number(x + bend)},{number(y)} {number(nextX - bend)},{number(nextY)}"
            f" {number(nextX)},{number(nextY)}"
        )
        x, y = nextX, nextY
    return "".join(way)


def _detour(start: Point, end: Point, below: float) -> str:
    """Return a way down, back and up, with rounded corners."""
    (x, y), (toX, toY) = start, end
    far, near = x + 16, toX - 16
    return (
        f"M{number(x)},{number(y)}H{number(far - 8)}Q{number(far)},{number(y)} {number(far)},"
        f"{number(y + 8)}V{number(below - 8)}Q{number(far)},{number(below)} {number(far - 8)},"
        f"{number(below)}H{number(near + 8)}Q{number(near)},{number(below)} {number(near)},"
        f"{number(below - 8)}V{number(toY + 8)}Q{number(near)},{number(toY)} {number(near + 8)},"
        f"{number(toY)}H{number(toX)}"
    )


def _holds(node: Node, block: Block) -> Iterator[str]:
    frame = block.frames[node.key]
    for key in node.heldBy:
        other = block.frames.get(key)
        if other is not None:
            x, y = frame.right - 20, frame.y + frame.height
            toX, toY = other.right - 20, other.y
            bend = max(frame.right, other.right) + 24
            yield (
                f'<path class="hold" d="M{number(x)},{number(y)}C{number(bend)},{number(y)}'
                f' {number(bend)},{number(toY)} {number(toX)},{number(toY)}">'
                f"{tooltip('held until messages are taken there')}</path>"
            )
