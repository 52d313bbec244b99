"""reST for the page of a component, and for tables of components.

Example usage::

    >>> escaped("*args, my_ and `x*y`")
    '\\\\*args, my\\\\_ and ``x*y``'

How does it work?

The functions return lines. Docstrings are plain text: stars and underscores are escaped, single
backquotes become code, and indented paragraphs become literal blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from Kamaelia.Support.Drawing.ComponentDrawing import drawing, thumbnail
from Kamaelia.Support.Drawing.Graph import Box
from Kamaelia.Support.Sphinx.Description import (
    DescribedBox,
    boxesOf,
    methodsOf,
    paragraphsOf,
    settingsOf,
    summaryOf,
    terminationOf,
)
from Kamaelia.Support.Sphinx.TestIndex import Test

MOST_TESTS = 40  # that a page lists
PARAMETER = re.compile(r"(?:\*{0,2}\w+(?:=\.\.\.)?)?")
# Before "name: what it is for" at the beginning of a sentence:
NAMED = re.compile(r"(?:^|(?<=[.?])\s+)(?=[a-z_]\w*(?:, [a-z_]\w*)*: )")
EMPTY = "\\ "  # a cell without words
INDENT = " " * len("   * - ")  # of the further lines of a cell

Cells = Sequence[str]


@dataclass(frozen=True)
class Entry:
    """A component or prefab in a table. name: with its module. title: without. sentence: the first.

    thumbnail: a small SVG, or "" for a prefab.
    """

    name: str
    title: str
    sentence: str
    isClass: bool
    thumbnail: str


def pictureOf(kind: Any) -> str:
    """Return the SVG of a component's class."""
    return drawing(kind.__name__, *_boxes(kind))


def thumbnailOf(kind: Any) -> str:
    """Return the small SVG of a component's class, for a table."""
    return thumbnail(*_boxes(kind))


def _boxes(kind: Any) -> tuple[list[Box], list[Box]]:
    """Return the inboxes and the outboxes of a class."""
    inboxes, outboxes = (
        [
            Box(each.name, each.sentence, isInherited=each.owner is not None)
            for each in boxesOf(kind, side)
        ]
        for side in ("Inboxes", "Outboxes")
    )
    return inboxes, outboxes


def componentPage(
    kind: Any,
    module: Any,
    tests: Iterable[Test],
    examples: Iterable[str],
    isTarget: bool = True,
) -> list[str]:
    """Return the description of a component, without its picture.

    isTarget: whether references to the class lead here.
    """
    synopsis, summary = synopsisOf(kind)
    body = [escaped(summary), "", *_bases(kind)]
    for paragraph in paragraphsOf(kind):
        body += [*_paragraph(paragraph), ""]
    for title, side in (("Inboxes", "Inboxes"), ("Outboxes", "Outboxes")):
        body += _boxTable(title, boxesOf(kind, side))
    body += _settingTable(kind)
    body += _methodTable(kind)
    end = terminationOf(module)
    if end:
        body += [f"**When it ends**: {escaped(end)}", ""]
    body += _testList(list(tests))
    names = ", ".join(f"``{each}``" for each in examples)
    if names:
        body += [f"**Examples**: {names}", ""]
    return [
        f".. py:class:: {synopsis}",
        f"   :module: {kind.__module__}",
        *([] if isTarget else ["   :no-index:"]),
        "",
        *(f"   {line}".rstrip() for line in body),
    ]


def synopsisOf(kind: Any) -> tuple[str, str]:
    """Return "Name(parameters)" and the first sentence of a docstring that begins with them."""
    summary = summaryOf(kind)
    match = re.match(rf"{re.escape(kind.__name__)}\([^)]*\)(?: -> |: )", summary)
    if match is None:
        return kind.__name__, summary
    call = re.sub(r"\[, ?([\w*]+)\]", r", \1=...", match[0].rstrip(" :->"))
    call = re.sub(r"[\[\]]", "", call)
    parameters = call.removesuffix(")").partition("(")[2].split(", ")
    isValid = all(PARAMETER.fullmatch(each) for each in parameters)
    rest = summary[match.end() :]
    return (call if isValid else kind.__name__), f"{rest[:1].upper()}{rest[1:]}"


def _bases(kind: Any) -> list[str]:
    names = [_reference(base) for base in kind.__bases__ if base is not object]
    return [f"Bases: {', '.join(names)}", ""] if names else []


def _reference(kind: Any) -> str:
    return f":py:class:`~{kind.__module__}.{kind.__qualname__}`"


def _from(owner: Any) -> str:
    return f"from {_reference(owner)}" if owner is not None else ""


def _boxTable(title: str, boxes: Sequence[DescribedBox]) -> list[str]:
    if not boxes:
        return [f"**{title}**: none", ""]
    rows = [(f"``{each.name}``", escaped(each.sentence), _from(each.owner)) for each in boxes]
    return table(title, (20, 60, 20), rows)


def _settingTable(kind: Any) -> list[str]:
    rows = []
    for each in settingsOf(kind):
        value = " = ".join(filter(None, [code(each.typeName), code(each.default)]))
        words = " ".join(filter(None, [escaped(each.sentence), _from(each.owner)]))
        rows.append((f"``{each.name}``", value, words))
    return table("Settings", (25, 30, 45), rows) if rows else []


def _methodTable(kind: Any) -> list[str]:
    rows = [
        (f"``{each.name}{each.signature}``", escaped(each.summary), _from(each.owner))
        for each in methodsOf(kind)
        if each.summary
    ]
    return table("Methods", (35, 45, 20), rows) if rows else []


def _testList(tests: Sequence[Test]) -> list[str]:
    if not tests:
        return []
    lines = ["**Tests that use it**", ""]
    for each in tests[:MOST_TESTS]:
        outcome = f" ({each.outcome})" if each.outcome else ""
        lines.append(f"* {escaped(each.sentence)}{outcome} ``{each.file}``")
    if len(tests) > MOST_TESTS:
        lines.append(f"* and {len(tests) - MOST_TESTS} more.")
    return [*lines, ""]


def componentsTable(entries: Iterable[Entry], title: str) -> list[str]:
    """Return a table of components or prefabs: thumbnails, names and first sentences."""
    rows = []
    for each in entries:
        picture = f".. raw:: html\n\n   {each.thumbnail}" if each.thumbnail else ""
        role = ":py:class:" if each.isClass else ":py:func:"
        rows.append((picture, f"{role}`~{each.name}`", escaped(each.sentence)))
    return table(title, (10, 35, 55), rows) if rows else []


def table(title: str, widths: Sequence[int], rows: Iterable[Cells]) -> list[str]:
    """Return a list-table, without the columns in which all cells are empty."""
    rows = list(rows)
    kept = [column for column in range(len(widths)) if any(row[column] for row in rows)]
    widths = [widths[column] for column in kept]
    rows = [[row[column] for column in kept] for row in rows]
    lines = [f".. list-table:: {title}", f"   :widths: {' '.join(map(str, widths))}"]
    lines += ["   :class: kamaelia-table", ""]
    for row in rows:
        for column, cell in enumerate(row):
            words = (cell or EMPTY).replace("\n", "\n" + INDENT)
            lines.append(f"   {'  -' if column else '* -'} {words}")
    return [*lines, ""]


def code(words: str) -> str:
    """Return words as code, on one line."""
    clean = " ".join(words.split()).replace("`", "'")
    return f"``{clean}``" if clean else ""


def escaped(words: str) -> str:
    """Return plain text as reST: what stands in backquotes is code, and nothing else is markup."""
    parts = words.split("`")
    if len(parts) % 2 == 0:  # a single backquote
        return _plain(words.replace("`", "'"))
    for index, part in enumerate(parts):
        parts[index] = code(part) if index % 2 else _plain(part)
    return "".join(parts)


def _plain(words: str) -> str:
    return re.sub(r"([\\*|]|_(?=\W|$))", r"\\\1", words)


def _paragraph(paragraph: str) -> list[str]:
    lines = paragraph.split("\n")
    if all(line.startswith("    ") for line in lines if line):
        return ["::", "", *(f"   {line}" for line in lines)]
    return withItems(" ".join(lines), escaped)


def withItems(paragraph: str, escaped: Callable[[str], str]) -> list[str]:
    """Return a paragraph, and what it says about names, "name, other: ...", as a list.

    escaped: returns plain text as reST.
    """
    first, *items = NAMED.split(paragraph)
    lines = [escaped(first), ""] if first else []
    for each in items:
        names, _, rest = each.partition(": ")
        lines.append(f"* {', '.join(map(code, names.split(', ')))}: {escaped(rest)}")
    return lines
