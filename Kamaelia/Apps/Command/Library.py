"""The components of the library: what there is, and what one component is for.

Example usage
-------------
    [each.path for each in entries("file")]
    print(described(find("Kamaelia.File.Reading.SimpleReader")))

How does it work?
-----------------
Each module lists its components and prefabs. A module whose optional libraries are not installed
is left out.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PACKAGES = ("Kamaelia",)


@dataclass(frozen=True)
class Entry:
    """A component or prefab. path: its import path. summary: its first sentence."""

    path: str
    summary: str
    isPrefab: bool
    item: Any


def entries(word: str = "") -> list[Entry]:
    """Return the components in whose path or summary a word occurs, in any case."""
    folded = word.casefold()
    found = {each.path: each for each in _all()}
    return [
        found[path]
        for path in sorted(found)
        if folded in path.casefold() or folded in found[path].summary.casefold()
    ]


def entryOf(item: Any, isPrefab: bool = False) -> Entry:
    """Return the entry of a component or prefab, which need not be of the library."""
    return Entry(f"{item.__module__}.{item.__qualname__}", summaryOf(item), isPrefab, item)


def find(name: str) -> list[Entry]:
    """Return the components with this import path, or with this name in any module."""
    return [each for each in _all() if name in (each.path, each.path.rpartition(".")[2])]


def _all() -> Iterator[Entry]:
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}.", onerror=lambda _: None):
            yield from _in(module.name)


def _in(name: str) -> Iterator[Entry]:
    if name.endswith("__main__"):
        return
    try:
        module = importlib.import_module(name)
    except ImportError:
        return
    for attribute, isPrefab in (
        ("__kamaelia_components__", False),
        ("__kamaelia_prefabs__", True),
    ):
        for item in getattr(module, attribute, ()):
            if item.__module__ == name:
                yield entryOf(item, isPrefab)


def summaryOf(item: Any) -> str:
    """Return the first sentence of a docstring, without the call in front of it."""
    first = (inspect.getdoc(item) or "").partition("\n\n")[0].replace("\n", " ")
    for arrow in (") -> ", "): "):
        before, found, after = first.partition(arrow)
        if found and "." not in before:
            return after
    return first


def described(entry: Entry) -> str:
    """Return what `kamaelia show` prints about a component."""
    own = entry.item.__doc__  # not that of a base, which describes something else
    lines = [entry.path, "", inspect.cleandoc(own) if own else "It has no description."]
    for title in ("Inboxes", "Outboxes"):
        boxes = getattr(entry.item, title, None)
        if boxes:
            lines += ["", title, *_boxLines(boxes)]
    return "\n".join(lines)


def _boxLines(boxes: Any) -> list[str]:
    described = dict(boxes) if isinstance(boxes, Mapping) else dict.fromkeys(boxes, "")
    width = max(map(len, described))
    return [f"  {name:{width}}  {sentence}".rstrip() for name, sentence in described.items()]
