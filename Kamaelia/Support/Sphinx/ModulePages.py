"""Files with a page for each module of a package, for autodoc.

Example usage::

    written = writeModulePages(Path("Docs/reference/Axon"), Path("Axon"))

How does it work?

The files are those of sphinx.ext.apidoc, which compiles a template for each module, and so takes
seconds in each build. Nothing is imported. A file is written only if its text has changed, and the
files of modules that are gone are removed. Modules whose name begins with "_" are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def writeModulePages(folder: Path, package: Path) -> list[str]:
    """Write a page for each module of a package, and "modules". Return their names."""
    pages = dict(_pagesOf(package, package.name))
    pages["modules"] = "\n".join([*_heading(package.name), *_tree([package.name])])
    writeFiles(folder, pages)
    return sorted(pages)


def writeFiles(folder: Path, pages: dict[str, str]) -> None:
    """Write these pages into a folder, unless they are there, and remove all others."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.glob("*.rst"):
        if path.stem not in pages:
            path.unlink()


def _pagesOf(package: Path, name: str) -> Iterator[tuple[str, str]]:
    modules, packages = [], []
    for path in sorted(package.iterdir()):
        if path.name.startswith("_"):
            continue
        if path.suffix == ".py":
            modules.append(f"{name}.{path.stem}")
        elif (path / "__init__.py").exists():
            packages.append(f"{name}.{path.name}")
            yield from _pagesOf(path, packages[-1])
    lines = _described(name, "package")
    for title, names in (("Subpackages", packages), ("Submodules", modules)):
        if names:
            lines += [*_heading(title, "-"), *_tree(names)]
    yield name, "\n".join(lines)
    for module in modules:
        yield module, "\n".join(_described(module, "module"))


def _described(name: str, kind: str) -> list[str]:
    options = ("members", "show-inheritance", "undoc-members")
    directive = [f".. automodule:: {name}", *(f"   :{each}:" for each in options), ""]
    return [*_heading(f"{name} {kind}".replace("_", "\\_")), *directive]


def _heading(title: str, line: str = "=") -> list[str]:
    return [title, line * len(title), ""]


def _tree(names: list[str]) -> list[str]:
    return [".. toctree::", "   :maxdepth: 1", "", *(f"   {name}" for name in names), ""]
