"""A Sphinx extension: the picture of a system in a page of documentation.

    extensions = ["Kamaelia.Apps.Command.GraphDirective"]

    .. kamaelia-graph:: chat:server
       :set: port=1500 name=Chat
       :alt: A server whose handlers meet at a backplane.

The argument is that of `kamaelia graph`: module:attribute, or the path of a program, relative to
the page. A program is executed up to its first run(). What cannot be drawn is one warning.

How does it work?
-----------------
In HTML the picture is an inline SVG; other formats get the text of a Mermaid flowchart. The page is
built again when the file that defines the system has changed.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from Kamaelia.Apps.Command.Target import Target, TargetError, isProgram, load
from Kamaelia.Visualisation.SystemGraph import plannedGraph

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LOG = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension: Sphinx calls it."""
    app.add_directive("kamaelia-graph", GraphDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


class GraphDirective(SphinxDirective):
    """`.. kamaelia-graph:: SYSTEM`: its picture."""

    required_arguments = 1
    option_spec = {"set": directives.unchanged, "alt": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        try:
            target = self._target()
        except TargetError as error:
            LOG.warning("%s", error, location=self.get_location(), type="kamaelia")
            return [nodes.paragraph(text=str(error))]
        if target.source is not None:
            self.env.note_dependency(str(target.source))
        drawn = plannedGraph(target.systems)
        target.discard()
        if self.env.app.builder.format != "html":
            return [nodes.literal_block(text=drawn.mermaid())]
        label = escape(self.options.get("alt", f"The system {self.arguments[0]}"), quote=True)
        figure = f'<div role="img" aria-label="{label}">{drawn.svg()}</div>'
        picture = nodes.raw("", figure, format="html")
        return [nodes.container("", picture, classes=["kamaelia-picture"])]

    def _target(self) -> Target:
        word = self.arguments[0]
        settings = {}
        for each in self.options.get("set", "").split():
            name, equals, value = each.partition("=")
            if not equals or not name.isidentifier():
                raise TargetError(f"{each!r} is not NAME=VALUE")
            settings[name] = value
        if isProgram(word):
            word = self.env.relfn2path(word)[1]
        return load(word, settings)
