"""One component with all its boxes as SVG, in Kamaelia's notation.

Example usage::

    >>> from Kamaelia.Support.Drawing.Graph import Box
    >>> drawing("Total", [Box("inbox", "numbers")], [Box("outbox")])[:4]
    '<svg'

How does it work?

The body is a thick hexagon. Inboxes are arrows that lead into it at the left, outboxes arrows that
lead out of it at the right. The boxes of shutdown messages have a colour of their own, and the
frame of a box that a class has inherited is dashed. The sentence of a box is its tooltip.
A thumbnail has no words, and the colour of the text around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from Kamaelia.Support.Drawing.Graph import Box
from Kamaelia.Support.Drawing.Shapes import (
    LABEL,
    TITLE,
    hexagon,
    number,
    picture,
    text,
    tooltip,
    widthOf,
)

ROW = 24.0  # height of a box
ARROW = 22.0  # length of an arrow
MARGIN = 8.0
NARROWEST, LOWEST = 110.0, 64.0  # the least size of the body
WIDTH, HEIGHT = 72.0, 40.0  # of a thumbnail


def drawing(name: str, inboxes: Sequence[Box], outboxes: Sequence[Box]) -> str:
    """Return the picture of a component with this name and these boxes."""
    left, right = (
        max((widthOf(box.name, LABEL) for box in boxes), default=0.0) + ARROW + 16
        for boxes in (inboxes, outboxes)
    )
    width = max(NARROWEST, widthOf(name, TITLE) + 40)
    height = max(LOWEST, max(len(inboxes), len(outboxes)) * ROW + 26)
    parts = [
        hexagon(MARGIN + left, MARGIN, width, height, "body"),
        text(name, MARGIN + left + width / 2, MARGIN + height / 2 + 5, "title"),
    ]
    for boxes, x, isInbox in (
        (inboxes, MARGIN + left, True),
        (outboxes, MARGIN + left + width, False),
    ):
        top = MARGIN + (height - len(boxes) * ROW) / 2
        for row, box in enumerate(boxes):
            parts += _box(box, x, top + (row + 0.5) * ROW, isInbox)
    words = "; ".join(
        f"{kind}: {', '.join(box.name for box in boxes) or 'none'}"
        for kind, boxes in (("inboxes", inboxes), ("outboxes", outboxes))
    )
    return picture(
        left + width + right + 2 * MARGIN, height + 2 * MARGIN, f"{name}; {words}", parts
    )


def _box(box: Box, x: float, y: float, isInbox: bool) -> Iterator[str]:
    stop = " stop" if box.isControl else ""
    inherited = " inherited" if box.isInherited else ""
    side = -1 if isInbox else 1
    near, far = x + side * 6, x + side * (6 + ARROW)
    start, end = (far, near) if isInbox else (near, far)
    yield f"<g>{tooltip(f'{box.name}: {box.sentence}' if box.sentence else box.name)}"
    yield (
        f'<path class="edge{stop}" d="M{number(start)},{number(y)}H{number(end)}"'
        f' marker-end="url(#k-{"stop" if stop else "flow"})"/>'
    )
    yield (
        f'<rect class="port{stop}{inherited}" x="{number(x - 5.5)}" y="{number(y - 5.5)}"'
        ' width="11" height="11"/>'
    )
    yield text(box.name, x + side * (ARROW + 10), y + 4, f"label{stop}{' end' if isInbox else ''}")
    yield "</g>"


def thumbnail(inboxes: Sequence[Box], outboxes: Sequence[Box]) -> str:
    """Return a small picture of a component with these boxes, for a table."""
    edge = ARROW - 4
    parts = [f'<g stroke-width="2">{hexagon(edge, 2, WIDTH - 2 * edge, HEIGHT - 4, "body")}</g>']
    for boxes, start in ((inboxes, 1.0), (outboxes, WIDTH - edge + 2)):
        for row, box in enumerate(boxes, 1):
            y = HEIGHT * row / (len(boxes) + 1)
            parts.append(_smallArrow(start, start + edge - 4, y, box.isControl))
    return (
        f'<svg class="thumbnail" width="{number(WIDTH)}" height="{number(HEIGHT)}" fill="none"'
        f' stroke="currentColor" aria-hidden="true">{"".join(parts)}</svg>'
    )


def _smallArrow(start: float, end: float, y: float, isControl: bool) -> str:
    dashes = ' stroke-dasharray="2 2"' if isControl else ""
    return (
        f'<path d="M{number(start)},{number(y)}H{number(end)}"{dashes}/>'
        f'<path d="M{number(end - 3)},{number(y - 2.5)}L{number(end)},{number(y)}'
        f'L{number(end - 3)},{number(y + 2.5)}"/>'
    )
