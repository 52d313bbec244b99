"""The directives for components, and the roles `inbox` and `outbox`.

How does it work?

A directive imports the module that it is given, generates reST, and lets Sphinx parse that. The
page depends on the file of the module, so it is built again when that has changed. Whatever cannot
be shown becomes one warning and a paragraph, and the build goes on.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.addnodes import toctree
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from Kamaelia.Support.Sphinx.Contents import contentsIn, contentsOf
from Kamaelia.Support.Sphinx.Description import isComponent
from Kamaelia.Support.Sphinx.Markup import componentPage, componentsTable, pictureOf
from Kamaelia.Support.Sphinx.ModulePages import writeModulePages
from Kamaelia.Support.Sphinx.Navigation import NavigationTree
from Kamaelia.Support.Sphinx.Pages import writePages
from Kamaelia.Support.Sphinx.References import IndexedPythonDomain
from Kamaelia.Support.Sphinx.TestIndex import TestIndex, outcomesIn
from Kamaelia.Support.Sphinx.UnchangedTitles import UnchangedTitles

LOG = logging.getLogger(__name__)


class CannotShow(Exception):
    """A component or package cannot be shown; the message says why."""


class _Shown(SphinxDirective):
    """The common part: a failure is a warning."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        try:
            return self.shown(self.arguments[0])
        except CannotShow as error:
            LOG.warning("%s", error, location=self.get_location(), type="kamaelia")
            return [nodes.paragraph(text=str(error))]

    def shown(self, name: str) -> list[nodes.Node]:
        """Return what replaces the directive. Raises CannotShow."""
        raise NotImplementedError


class ComponentDirective(_Shown):
    """`.. component:: package.module.Name`: everything about one component."""

    option_spec = {  # noqa: RUF012 - docutils asks for it
        "no-tests": directives.flag,
        "no-index": directives.flag,  # another page is the target of references
    }

    def shown(self, name: str) -> list[nodes.Node]:
        module, kind = found(name)
        self.env.note_dependency(inspect.getsourcefile(module) or "")
        index = indexOf(self.env.app)
        tests = [] if "no-tests" in self.options else index.testsOf(kind.__name__)
        examples = examplesOf(self.env.app, kind.__name__)
        picture = nodes.raw("", pictureOf(kind), format="html")
        isTarget = "no-index" not in self.options
        lines = componentPage(kind, module, tests, examples, isTarget)
        parsed = self.parse_text_to_nodes("\n".join(lines))
        return [nodes.container("", picture, classes=["kamaelia-picture"]), *parsed]


class DrawingDirective(_Shown):
    """`.. component-drawing:: package.module.Name`: the picture of a component alone."""

    def shown(self, name: str) -> list[nodes.Node]:
        module, kind = found(name)
        self.env.note_dependency(inspect.getsourcefile(module) or "")
        picture = nodes.raw("", pictureOf(kind), format="html")
        return [nodes.container("", picture, classes=["kamaelia-picture"])]


class ComponentsDirective(_Shown):
    """`.. components:: package`: a table of the components in a package, and one of its prefabs."""

    def shown(self, name: str) -> list[nodes.Node]:
        kinds, prefabs = [], []
        for contents in map(contentsOf, modulesIn(name)):
            for file in contents.times:
                self.env.note_dependency(file)
            kinds += contents.components
            prefabs += contents.prefabs
        lines = componentsTable(kinds, "Components") + componentsTable(prefabs, "Prefabs")
        if not lines:
            raise CannotShow(f"{name} contains no component")
        return self.parse_text_to_nodes("\n".join(lines))


def found(name: str) -> tuple[Any, Any]:
    """Return the module and the class of a component. Raises CannotShow."""
    moduleName, _, className = name.rpartition(".")
    module = imported(moduleName or name)
    kind = getattr(module, className, None)
    if kind is None:
        raise CannotShow(f"{moduleName} has no {className!r}")
    if not isComponent(kind):
        raise CannotShow(
            f"{name} is no component: a component is a class with Inboxes and Outboxes"
        )
    return module, kind


def imported(name: str) -> Any:
    """Return a module. Raises CannotShow if importing it raises anything."""
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise CannotShow(f"{name} cannot be imported: {type(error).__name__}: {error}") from error


def modulesIn(name: str) -> Iterator[Any]:
    """Yield a module and those below it; one that needs an optional library is left out."""
    package = imported(name)
    yield package
    for each in pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}."):
        if each.name.endswith("__main__"):
            continue
        try:
            yield imported(each.name)
        except CannotShow as error:
            LOG.info("%s", error)


def indexOf(app: Sphinx) -> TestIndex:
    """Return the index of tests, which a process builds once."""
    index: TestIndex | None = getattr(app, "kamaeliaTestIndex", None)
    if index is None:
        folders = [Path(app.confdir, each) for each in app.config.kamaelia_tests]
        junit, outcomes = app.config.kamaelia_junit, {}
        if junit and Path(app.confdir, junit).is_file():
            try:
                outcomes = outcomesIn(Path(app.confdir, junit))
            except ParseError as error:
                LOG.warning("%s is no JUnit file: %s", junit, error, type="kamaelia")
        index = TestIndex(folders, outcomes, Path(app.doctreedir, "kamaelia-tests.json"))
        app.kamaeliaTestIndex = index  # type: ignore[attr-defined]
    return index


def examplesOf(app: Sphinx, name: str) -> list[str]:
    """Return the example programs in which a component's name occurs as a word."""
    texts: dict[str, set[str]] | None = getattr(app, "kamaeliaExamples", None)
    if texts is None:
        texts = {}
        for folder in app.config.kamaelia_examples:
            root = Path(app.confdir, folder).resolve()
            for path in sorted(root.rglob("*.py")):
                words = set(
                    path.read_text(encoding="utf-8").replace("(", " ").replace(",", " ").split()
                )
                texts[str(path.relative_to(root.parent))] = words
        app.kamaeliaExamples = texts  # type: ignore[attr-defined]
    return [path for path, words in texts.items() if name in words]


def writeAll(app: Sphinx) -> None:
    """Write the pages that the settings ask for, before Sphinx looks for files."""
    for folder, package in app.config.kamaelia_pages.items():
        cache = Path(app.doctreedir, f"kamaelia-{package}.json")
        contents = contentsIn(package, cache, lambda *error: LOG.info("%s: %s", *error))
        writePages(Path(app.srcdir, folder), package, contents)
    for folder, path in app.config.kamaelia_modules.items():
        writeModulePages(Path(app.srcdir, folder), Path(app.confdir, path).resolve())


def watchTitles(app: Sphinx) -> None:
    """Keep the pages that list generated pages, unless their titles change."""
    UnchangedTitles([*app.config.kamaelia_pages, *app.config.kamaelia_modules]).connect(app)


def useOwnTree(app: Sphinx, page: str, template: str, context: dict[str, Any], *_: Any) -> None:
    """Replace the function with which a theme renders the tree of all pages into each page."""
    if app.config.kamaelia_navigation and "toctree" in context:
        tree: NavigationTree | None = getattr(app, "kamaeliaTree", None)
        if tree is None:
            tree = app.kamaeliaTree = NavigationTree(  # type: ignore[attr-defined]
                app.env.toctree_includes,
                {name: title.astext() for name, title in app.env.titles.items()},
                app.config.root_doc,
                app.config.kamaelia_navigation,
                {
                    each["includefiles"][0]: each["caption"]
                    for each in app.env.get_doctree(app.config.root_doc).findall(toctree)
                    if each.get("caption") and each["includefiles"]
                },
            )
        context["toctree"] = lambda **_: tree.htmlFor(page, context["pathto"])


def boxRole(
    role: str, rawtext: str, text: str, lineno: int, inliner: Any, *_: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Return the name of a box, with a class for its direction."""
    return [nodes.literal(rawtext, text, classes=[f"kamaelia-{role}"])], []


def register(app: Sphinx) -> dict[str, Any]:
    """Add the directives, roles and settings."""
    app.add_config_value("kamaelia_tests", [], "env", list)
    app.add_config_value("kamaelia_examples", [], "env", list)
    app.add_config_value("kamaelia_junit", "", "env", str)
    app.add_config_value("kamaelia_pages", {}, "env", dict)
    app.add_config_value("kamaelia_modules", {}, "env", dict)
    app.add_config_value("kamaelia_navigation", 0, "html", int)
    app.connect("builder-inited", writeAll)
    app.connect("builder-inited", watchTitles)
    app.connect("html-page-context", useOwnTree, priority=400)  # before the theme
    app.add_domain(IndexedPythonDomain, override=True)
    app.add_directive("component", ComponentDirective)
    app.add_directive("component-drawing", DrawingDirective)
    app.add_directive("components", ComponentsDirective)
    app.add_role("inbox", boxRole)
    app.add_role("outbox", boxRole)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
