"""The Sphinx configuration of the documentation: `make docs`."""

import gc
import logging
import os
import re
from importlib import metadata
from pathlib import Path

from sphinx.pycode.parser import Parser

from Kamaelia.Support.Sphinx.Definitions import parseDefinitions
from Kamaelia.Support.Sphinx.Markup import NAMED, withItems

os.environ["AXON_PURE"] = "1"  # the reference describes the Python classes

# The trees of pages are large and live long, so searching them often for garbage takes a tenth of
# the time of a build.
gc.set_threshold(100_000, 20, 50)

project = "Kamaelia"
author = "the Kamaelia contributors"
copyright = "the Kamaelia contributors"
release = version = metadata.version("kamaelia")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "Kamaelia.Support.Sphinx",
    "Kamaelia.Apps.Command.GraphDirective",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Kamaelia"
html_static_path = ["static"]
html_css_files = ["pictures.css"]

# Each component has a page, see Kamaelia.Support.Sphinx.
kamaelia_pages = {"reference/components": "Kamaelia"}
kamaelia_tests = ["../Tests"]
kamaelia_examples = ["../Examples"]
kamaelia_navigation = 40  # without it, each page contains links to all 900 pages

# The reference is generated from the docstrings.
kamaelia_modules = {f"reference/{package}": f"../{package}" for package in ("Axon", "Kamaelia")}
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_default_options["ignore-module-all"] = (
    True  # a class is documented in the module that defines it
)
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_use_type_comments = False  # without them, the source of each function need not be parsed
html_use_index = (
    False  # an index of all names takes as long as several pages; the search finds them
)
autodoc_default_options["exclude-members"] = (
    "object"  # an attribute that autodoc takes for the type
)
default_role = "code"
suppress_warnings = ["ref.python"]  # several types may have the same name


# Docstrings are plain text, with indented code and unescaped stars, so they are converted to reST.


def setup(app):
    # Sphinx reads all tokens of a module to find its definitions: a fifth of the time of a build.
    Parser.parse_definition = parseDefinitions
    if app.verbosity < 2:
        logging.disable(logging.DEBUG)  # autodoc formats messages that -vv alone shows
    app.connect("autodoc-process-docstring", convertDocstring)
    app.connect("source-read", includeChangelog)


def convertDocstring(app, what, name, obj, options, lines):
    """Convert a docstring to reST: indented code becomes a literal block, stars are escaped.

    What a paragraph says about settings becomes a list, as on the page of a component.
    """
    made, isCode = [], False
    for line in lines:
        if line.strip():
            wasCode, isCode = isCode, line.startswith("    ") and (isCode or beginsCode(made))
            if isCode and not wasCode and not lastLine(made).endswith("::"):
                made += ["", "::", ""]
            elif lastLine(made).startswith("    ") and not line.startswith("    "):
                made.append("")
        made.append(line if isCode else escaped(line))
    lines[:] = withLists(made)


def withLists(lines):
    """Return the lines of a docstring; "name: what it is for" in a paragraph becomes an item."""
    made, paragraph = [], []
    for line in [*lines, ""]:
        if line[:1].strip() and line.strip("-"):
            paragraph.append(line)
            continue
        text = " ".join(paragraph)
        made += [*withItems(text, str), ""] if NAMED.search(text) else paragraph
        made.append(line)
        paragraph = []
    return made


CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"


def includeChangelog(app, page, source):
    """Add CHANGELOG.md, as reST, to the page `changelog`."""
    if page == "changelog":
        app.env.note_dependency(str(CHANGELOG))
        source[0] += restOf(CHANGELOG.read_text(encoding="utf-8").partition("\n## ")[2])


def restOf(text):
    """Convert Markdown with headings, bullets, links and code to reST."""
    text = re.sub(r"`([^`]+)`", r"``\1``", f"## {text}")
    text = re.sub(r"\[([^]]+)\]\((?!http)[^)]+\)", r"\1", text)
    text = re.sub(r"\[([^]]+)\]\((http[^)]+)\)", r"`\1 <\2>`__", text)
    for mark, line in (("### ", "~"), ("## ", "-")):
        text = re.sub(
            rf"^{mark}(.+)$", lambda m, line=line: f"{m[1]}\n{line * len(m[1])}", text, flags=re.M
        )
    return text


def lastLine(before):
    """Return the last line that is not blank, or ""."""
    return next((line for line in reversed(before) if line.strip()), "")


def beginsCode(before):
    """Return whether an indented line after these is code, not a continuation of the last line."""
    last = before[-1] if before else ""
    return not last or last in {"Example usage", "-" * len(last)}


def escaped(line):
    """Return the line with reST markup escaped outside of backquotes."""
    parts = line.split("`")
    parts[::2] = [re.sub(r"\*|(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    return "`".join(parts)
