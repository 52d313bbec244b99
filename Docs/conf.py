"""How Sphinx builds the documentation: `make docs`."""

import re
from importlib import metadata

project = "Kamaelia"
author = "the Kamaelia contributors"
copyright = "the Kamaelia contributors"
release = version = metadata.version("kamaelia")

extensions = [
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "Programs as pictures", "page_width": "60em"}

# The reference is what the components say of themselves.
apidoc_modules = [
    {
        "path": f"../{package}",
        "destination": f"reference/{package}",
        "separate_modules": True,
        "module_first": True,
        "include_private": False,
    }
    for package in ("Axon", "Kamaelia")
]
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_default_options["ignore-module-all"] = True  # a class is shown where it is defined
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options["exclude-members"] = "object"  # an attribute: mistaken for the type
default_role = "code"
suppress_warnings = ["ref.python"]  # a type in an annotation may have a namesake elsewhere


# Docstrings are written to be read where they stand: code is indented, and a star is a star.


def setup(app):
    app.connect("autodoc-process-docstring", shown)


def shown(app, what, name, obj, options, lines):
    """Makes reST of a docstring: indented code becomes a literal block, stars are escaped."""
    made, isCode = [], False
    for line in lines:
        if line.strip():
            wasCode, isCode = isCode, line.startswith("    ") and (isCode or beginsCode(made))
            if isCode and not wasCode and not said(made).endswith("::"):
                made += ["", "::", ""]
            elif said(made).startswith("    ") and not line.startswith("    "):
                made.append("")
        made.append(line if isCode else escaped(line))
    lines[:] = made


def said(before):
    """The last of these lines that is not blank."""
    return next((line for line in reversed(before) if line.strip()), "")


def beginsCode(before):
    """Whether an indented line after these is code, and does not explain the line before."""
    last = before[-1] if before else ""
    return not last or last in {"Example usage", "-" * len(last)}


def escaped(line):
    """The line with a backslash before what means something in reST, outside of backquotes."""
    parts = line.split("`")
    parts[::2] = [re.sub(r"\*|(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    return "`".join(parts)
