"""What the modules of a package contain: components and prefabs, with their first sentences.

Example usage::

    for module in contentsIn("Kamaelia", Path("kept.json")):
        print(module.name, [each.name for each in module.components])

How does it work?

What a module contains is kept in a file, with the time of each source file from which it was read.
A module is imported only if one of them has changed, or if it could not be imported before.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from Kamaelia.Support.Sphinx.Markup import Entry, synopsisOf, thumbnailOf


@dataclass
class Contents:
    """The components and prefabs that a module defines. times: by the source file."""

    name: str
    components: list[Entry] = field(default_factory=list)
    prefabs: list[Entry] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)


def contentsOf(module: Any) -> Contents:
    """Return what a module contains."""
    found = Contents(module.__name__)
    files = {getattr(module, "__file__", None)}
    for attribute, entries in (
        ("__kamaelia_components__", found.components),
        ("__kamaelia_prefabs__", found.prefabs),
    ):
        for item in getattr(module, attribute, ()):
            if item.__module__ == module.__name__:
                name = f"{item.__module__}.{item.__qualname__}"
                sentence, isClass = synopsisOf(item)[1], inspect.isclass(item)
                picture = thumbnailOf(item) if isClass else ""
                entries.append(Entry(name, item.__qualname__, sentence, isClass, picture))
                files |= _filesOfSentence(item)
    found.times = {name: _timeOf(name) for name in files if name is not None}
    return found


def _filesOfSentence(item: Any) -> set[str | None]:
    """Return the files of the bases, from which a class without a docstring inherits one."""
    if not inspect.isclass(item) or vars(item).get("__doc__") is not None:
        return set()
    modules = (sys.modules.get(base.__module__) for base in item.__mro__)
    return {getattr(module, "__file__", None) for module in modules}


def _timeOf(name: str) -> int:
    try:
        return Path(name).stat().st_mtime_ns
    except OSError:
        return 0


def moduleNames(package: str) -> Iterator[str]:
    """Yield the name of a module and of those below it. None is imported, except its parents."""
    yield package
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        yield from _namesIn(Path(folder), package)


def _namesIn(folder: Path, package: str) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        name = f"{package}.{path.stem}"
        if path.suffix == ".py" and path.stem not in ("__init__", "__main__"):
            yield name
        elif (path / "__init__.py").exists():
            yield name
            yield from _namesIn(path, name)


def contentsIn(
    package: str, cache: Path, failed: Callable[[str, Exception], object] | None = None
) -> list[Contents]:
    """Return what the modules of a package contain, except those that cannot be imported.

    cache: a file that keeps what has been found. failed: called with the name of a module that
    cannot be imported, and the error.
    """
    kept = _read(cache)
    found: dict[str, Contents] = {}
    for name in moduleNames(package):
        contents = kept.get(name)
        if contents is None or not contents.times or not _isCurrent(contents):
            try:
                contents = contentsOf(importlib.import_module(name))
            except Exception as error:  # noqa: BLE001 - a module may raise anything
                if failed is not None:
                    failed(name, error)
                continue
        found[name] = contents
    if found != kept:
        _write(cache, found.values())
    return list(found.values())


def _isCurrent(contents: Contents) -> bool:
    return all(_timeOf(name) == time for name, time in contents.times.items())


def _read(cache: Path) -> dict[str, Contents]:
    """Return what the cache contains: nothing if it is missing or was cut off."""
    try:
        rows = json.loads(cache.read_text(encoding="utf-8"))
        return {row["name"]: _restored(row) for row in rows}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _restored(row: dict[str, Any]) -> Contents:
    for kind in ("components", "prefabs"):
        row[kind] = [Entry(**entry) for entry in row[kind]]
    return Contents(**row)


def _write(cache: Path, contents: Iterable[Contents]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps([asdict(each) for each in contents]), encoding="utf-8")
