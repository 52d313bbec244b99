"""Keeps the pages that only list pages whose titles have not changed.

How does it work?

When a page changes, Sphinx also writes the pages that have it in a toctree, because its title may
have changed. The toctrees of the generated pages show titles only, and one of them lists all
components. So the titles are noted before Sphinx reads pages, and compared before it writes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class UnchangedTitles:
    """UnchangedTitles(folders): the titles of the pages in these folders of a project."""

    def __init__(self, folders: Iterable[str]) -> None:
        self.prefixes = tuple(f"{folder}/" for folder in folders)
        self.titles: dict[str, str] = {}

    def connect(self, app: Sphinx) -> None:
        """Take part in a build."""
        app.connect("env-before-read-docs", self.note)
        app.connect("write-started", self.compare)

    def note(self, app: Sphinx, env: Any, pages: Iterable[str]) -> None:
        """Note the titles of the pages that will be read."""
        names = [each for each in pages if each in env.titles and each.startswith(self.prefixes)]
        self.titles = {name: env.titles[name].astext() for name in names}

    def compare(self, app: Sphinx, builder: Any) -> None:
        """Forget which pages list a page with the same title; the stored environment knows it."""
        for name, title in self.titles.items():
            if name in app.env.titles and app.env.titles[name].astext() == title:
                app.env.files_to_rebuild.pop(name, None)
