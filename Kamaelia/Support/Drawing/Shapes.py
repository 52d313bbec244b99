"""The parts of an SVG: text, hexagons and lines, and the colours of both themes.

Example usage::

    >>> text("A <b>", 10, 20, "title")
    '<text class="title" x="10" y="20">A &lt;b&gt;</text>'
    >>> shortened("a" * 100, 10)
    'aaaaaaaaa…'

How does it work?

The size of a text is estimated, because the fonts of the reader are unknown. Names may come from
anywhere: they are shortened, escaped, and isolated, so that right-to-left text stays in place.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

LONGEST = 28  # characters of a name in a picture; its tooltip has more
LONGEST_TOOLTIP = 400

TITLE = 7.6  # pixels of one character of a title, at 13 pixels
LABEL = 6.2  # of one character of a label, at 11 pixels

LIGHT = (
    "--k-line:#1f2937;--k-face:#fff;--k-glass:#3b82f614;--k-rim:#3b82f6;--k-flow:#1d4ed8;"
    "--k-stop:#a16207;--k-weak:#6b7280;--k-held:#b91c1c;--k-good:#15803d;--k-mid:#ca8a04;"
    "--k-bad:#dc2626"
)
DARK = (
    "--k-line:#e5e7eb;--k-face:#111827;--k-glass:#60a5fa1f;--k-rim:#60a5fa;--k-flow:#93c5fd;"
    "--k-stop:#facc15;--k-weak:#9ca3af;--k-held:#f87171;--k-good:#4ade80;--k-mid:#facc15;"
    "--k-bad:#f87171"
)
# A picture follows the reader's theme. In a page with a switch for the theme, it follows the
# switch: Sphinx's theme furo sets data-theme to "light", "dark" or "auto".
STYLE = f"""
.k{{{LIGHT};font-family:ui-sans-serif,system-ui,sans-serif}}
@media (prefers-color-scheme:dark){{.k{{{DARK}}}}}
body[data-theme=light] .k{{{LIGHT}}}
body[data-theme=dark] .k{{{DARK}}}
.k text{{fill:var(--k-line)}}
.k .title{{font-size:13px;font-weight:600;text-anchor:middle}}
.k .kind{{font-size:11px;fill:var(--k-weak);text-anchor:middle}}
.k .label{{font-size:11px}}.k .end{{text-anchor:end}}
.k .stop{{fill:var(--k-stop)}}
.k .body{{fill:var(--k-face);stroke:var(--k-line);stroke-width:2.5;stroke-linejoin:round}}
.k .glass{{fill:var(--k-glass);stroke:var(--k-rim);stroke-width:1.5}}
.k .held{{stroke:var(--k-held)}}.k .asleep{{opacity:.75}}
.k .port{{fill:var(--k-face);stroke:var(--k-flow);stroke-width:1.5}}
.k .port.stop{{stroke:var(--k-stop)}}.k .port.inherited{{stroke-dasharray:3 2}}
.k .edge{{fill:none;stroke:var(--k-flow);stroke-width:1.6}}
.k .edge.stop{{stroke:var(--k-stop);stroke-width:1;stroke-dasharray:5 3}}
.k .hold{{fill:none;stroke:var(--k-held);stroke-width:1.5;stroke-dasharray:2 3}}
.k .tip{{fill:var(--k-flow)}}.k .tip.stop{{fill:var(--k-stop)}}
.k .good{{fill:var(--k-good)}}.k .mid{{fill:var(--k-mid)}}.k .bad{{fill:var(--k-bad)}}
""".strip()


def number(value: float) -> str:
    """Return a length with at most one digit after the point."""
    return f"{value:.1f}".removesuffix(".0")


def shortened(name: str, most: int = LONGEST) -> str:
    """Return a name for a picture: printable, and not too long."""
    clean = "".join(
        each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in name[: most + 1]
    )
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def widthOf(name: str, character: float) -> float:
    """Return the estimated width of a name. Wide characters count twice."""
    short = shortened(name)
    return character * sum(2 if ord(each) > 0x1100 else 1 for each in short)


def text(words: str, x: float, y: float, kind: str) -> str:
    """Return a text element. kind: its classes. Text that may run right to left is isolated."""
    short = shortened(words)
    if not short.isascii():
        short = f"\N{FIRST STRONG ISOLATE}{short}\N{POP DIRECTIONAL ISOLATE}"
    return (
        f'<text class="{kind}" x="{number(x)}" y="{number(y)}">{escape(short, quote=False)}</text>'
    )


def tooltip(words: str) -> str:
    """Return a title element, which browsers show at the pointer; "" for no words."""
    return f"<title>{escape(shortened(words, LONGEST_TOOLTIP))}</title>" if words else ""


def hexagon(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Return the body of a component: a box with its corners cut off."""
    cut = min(14.0, height / 3)
    right, bottom = x + width, y + height
    points = (
        (x + cut, y), (right - cut, y), (right, y + cut), (right, bottom - cut),
        (right - cut, bottom), (x + cut, bottom), (x, bottom - cut), (x, y + cut),
    )  # fmt: skip
    corners = " ".join(f"{number(a)},{number(b)}" for a, b in points)
    return f'<polygon class="{kind}" points="{corners}"/>'


def arrowheads() -> str:
    """Return the definitions of the two heads of arrows."""
    return (
        "<defs>"
        + "".join(
            f'<marker id="k-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
            f' markerHeight="7" orient="auto"><path class="{kind}" d="M0,0 8,4 0,8z"/></marker>'
            for name, kind in (("flow", "tip"), ("stop", "tip stop"))
        )
        + "</defs>"
    )


def picture(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    """Return a whole SVG. label: what it shows, for readers who do not see it."""
    size = f"{number(width)} {number(height)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="k" viewBox="0 0 {size}" role="img"'
        f' width="{number(width)}" height="{number(height)}" style="max-width:100%;height:auto"'
        f' aria-label="{escape(shortened(label, LONGEST_TOOLTIP))}"><style>{STYLE}</style>'
        f"{arrowheads()}{''.join(parts)}</svg>"
    )
