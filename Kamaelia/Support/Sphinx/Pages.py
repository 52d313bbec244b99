"""Files with a page for each component of a package, and an index with a table of each module.

Example usage::

    written = writePages(Path("Docs/components"), "Kamaelia", contents)

How does it work?

A file is written only if its text has changed, so that Sphinx reads only what is new. Files of
components that are gone are removed. The page of a component contains a directive; its text comes
from the class. The index contains its tables, so that it changes only with a first sentence.
References to a class lead to the page that autodoc makes, so that a project may have both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from Kamaelia.Support.Sphinx.Contents import Contents
from Kamaelia.Support.Sphinx.Markup import Entry, componentsTable
from Kamaelia.Support.Sphinx.ModulePages import writeFiles


def writePages(folder: Path, package: str, contents: Iterable[Contents]) -> list[str]:
    """Write an index and a page for each component. Return the names of the pages."""
    groups: dict[str, list[Contents]] = defaultdict(list)
    pages: dict[str, str] = {}
    for module in contents:
        groups[".".join(module.name.split(".")[:2])].append(module)
        for each in module.components:
            pages[each.name] = _page(each)
    groups = {
        name: group for name, group in groups.items() if any(each.components for each in group)
    }
    pages["index"] = _index(package, groups)
    writeFiles(folder, pages)
    return sorted(pages)


def _page(entry: Entry) -> str:
    line = "=" * len(entry.title)
    return f"{entry.title}\n{line}\n\n.. component:: {entry.name}\n   :no-index:\n"


def _index(package: str, groups: dict[str, list[Contents]]) -> str:
    title = "Components"
    lines = [title, "=" * len(title), ""]
    for name in sorted(groups):
        heading = name.removeprefix(f"{package}.")
        lines += [heading, "-" * len(heading), ""]
        lines += componentsTable(
            (e for each in groups[name] for e in each.components), "Components"
        )
        lines += componentsTable((e for each in groups[name] for e in each.prefabs), "Prefabs")
    lines += [".. toctree::", "   :hidden:", ""]
    for group in groups.values():
        lines += sorted(f"   {entry.name}" for each in group for entry in each.components)
    return "\n".join([*lines, ""])
