"""How Sphinx builds the documentation: `make docs`."""

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
autodoc_member_order = "bysource"
autodoc_typehints = "description"
