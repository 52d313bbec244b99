"""The navigation tree of a page as HTML: only the branches that lead to the page are expanded.

Example usage::

    >>> children = {"index": ["start", "parts"], "parts": ["parts/a", "parts/b"]}
    >>> tree = NavigationTree(children, {"start": "Start", "parts": "Parts", "parts/a": "A"})
    >>> html = tree.htmlFor("parts/a", lambda page: f"{page}.html")
    >>> [title in html for title in ("Start", "Parts", ">A<")]
    [True, True, True]

How does it work?

Themes such as furo render the tree of all pages into each page, so the time for n pages grows with
n * n. Here, a branch that does not lead to the page is one line. A folder below the root with more
than `most` pages is not expanded, because its index page has a table of all. So all of its pages
have the same tree, which themes keep. A page that several others include stands below the first of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape


class NavigationTree:
    """NavigationTree(children, titles[, root][, most][, captions]): the pages, by their parent.

    captions: what stands above a page of the root, by the name of the page.
    """

    def __init__(
        self,
        children: Mapping[str, Sequence[str]],
        titles: Mapping[str, str],
        root: str = "index",
        most: int = 40,
        captions: Mapping[str, str] | None = None,
    ) -> None:
        self.children = children
        self.titles = titles
        self.root = root
        self.most = most
        self.captions = captions or {}
        self.parents: dict[str, str] = {}
        self._addParents(root)

    def _addParents(self, root: str) -> None:
        pending = [root]
        for parent in pending:
            for page in self.children.get(parent, ()):
                if page != root and page not in self.parents:
                    self.parents[page] = parent
                    pending.append(page)

    def _isShown(self, page: str, parent: str) -> bool:
        return page in self.titles and self.parents.get(page) == parent

    def pathTo(self, page: str) -> list[str]:
        """Return the page and its ancestors, beginning with the page."""
        path = [page]
        while path[-1] in self.parents:
            path.append(self.parents[path[-1]])
        return path

    def htmlFor(self, page: str, addressOf: Callable[[str], str]) -> str:
        """Return nested lists with the classes that Sphinx gives its own tree."""
        tree = "".join(self._branch(self.root, set(self.pathTo(page)), page, addressOf, 1))
        return tree.removeprefix("<ul></ul>")

    def _branch(
        self, parent: str, path: set[str], page: str, addressOf: Callable[[str], str], level: int
    ) -> Iterator[str]:
        names = [name for name in self.children.get(parent, ()) if self._isShown(name, parent)]
        if not names or (len(names) > self.most and parent != self.root):
            return
        yield "<ul>"
        for name in names:
            if parent == self.root and name in self.captions:
                yield '</ul><p class="caption" role="heading"><span class="caption-text">'
                yield f"{escape(self.captions[name])}</span></p><ul>"
            current = " current" if name in path else ""
            yield f'<li class="toctree-l{level}{current}"><a class="reference internal{current}"'
            yield f' href="{escape("#" if name == page else addressOf(name))}">'
            yield f"{escape(self.titles[name])}</a>"
            if current:
                yield from self._branch(name, path, page, addressOf, level + 1)
            yield "</li>"
        yield "</ul>"
