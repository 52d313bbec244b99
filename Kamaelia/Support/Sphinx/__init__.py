"""A Sphinx extension that documents components: a drawing, boxes, settings, tests.

    extensions = ["Kamaelia.Support.Sphinx"]
    kamaelia_tests = ["../Tests"]         # folders with tests, which are parsed and not run

    kamaelia_pages = {"components": "package"}    # a page for each component, in this folder
    kamaelia_modules = {"reference": "../package"}    # a page for each module, with autodoc
    kamaelia_navigation = 40              # expand only the branch of a page, and no longer lists

    .. component:: package.module.Name
    .. component-drawing:: package.module.Name
    .. components:: package

Description  what a class says about itself: boxes, settings, methods
TestIndex    the tests that use a component, as sentences
Markup       reST for the page of a component and for tables
Contents     the components and prefabs of each module, kept between builds
Pages        files with the page of each component of a package
ModulePages  files with the page of each module of a package
References   the Python objects that references lead to, found in an index
Definitions  where a source file defines classes and functions
Navigation   the tree of pages, of which each page shows only its own branch
UnchangedTitles  the pages that list pages are written again only if titles change
Directives   the directives and roles

Only this package needs Sphinx, and only Directives and References import it. Components of any
project can be documented: a component is a class with Inboxes and Outboxes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension: Sphinx calls it."""
    from Kamaelia.Support.Sphinx.Directives import register

    return register(app)
