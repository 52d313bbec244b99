"""Files with a page for each component of a package, and an index with a table of each module.

Example usage::

    written = writePages(Path("Docs/components"), "Kamaelia", modules)

How does it work?

A file is written only if its text has changed, so that Sphinx reads only what is new. Files of
components that are gone are removed. The pages contain directives; the text comes from the classes.
References to a class lead to the page that autodoc makes, so that a project may have both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from Kamaelia.Support.Sphinx.ModulePages import writeFiles


def writePages(folder: Path, package: str, modules: Iterable[Any]) -> list[str]:
    """Write an index and a page for each component. Return the names of the pages."""
    byPackage: dict[str, list[str]] = defaultdict(list)
    pages: dict[str, str] = {}
    for module in modules:
        for kind in getattr(module, "__kamaelia_components__", ()):
            if kind.__module__ == module.__name__:
                name = f"{module.__name__}.{kind.__qualname__}"
                pages[name] = _page(name, kind.__qualname__)
                byPackage[".".join(module.__name__.split(".")[:2])].append(name)
    pages["index"] = _index(package, byPackage)
    writeFiles(folder, pages)
    return sorted(pages)


def _page(name: str, title: str) -> str:
    return f"{title}\n{'=' * len(title)}\n\n.. component:: {name}\n   :no-index:\n"


def _index(package: str, byPackage: dict[str, list[str]]) -> str:
    title = "Components"
    lines = [title, "=" * len(title), ""]
    for name in sorted(byPackage):
        heading = name.removeprefix(f"{package}.")
        lines += [heading, "-" * len(heading), "", f".. components:: {name}", ""]
    lines += [".. toctree::", "   :hidden:", ""]
    lines += [f"   {name}" for names in byPackage.values() for name in sorted(names)]
    return "\n".join([*lines, ""])
