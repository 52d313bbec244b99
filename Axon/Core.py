"""The choice of the core: the compiled extension Axon._core, or the pure Python modules.

Example usage
-------------
    from Axon import Core

    Core.name()                 # "compiled" or "pure"

How does it work?
-----------------
The pure modules (Axon.RunQueue, Axon.Sinks, Axon.BoxMethods) define the classes of the hot path,
and are their specification. At its end each of them replaces its classes by those of the
extension, if there is one. Other modules import the classes from the same places in either case.
Of other classes, such as microprocess, `replace` exchanges single methods.

The pure core is used if the environment variable AXON_PURE is set, if the extension has not been
built (there was no C compiler), and if the extension belongs to another version of these modules,
which the log "Axon" says in a warning.
"""

from __future__ import annotations

import os
from functools import update_wrapper
from importlib import import_module
from types import ModuleType

__all__ = ["compiled", "name", "reason", "replace"]

INTERFACE = 13  # what the pure modules expect of the extension; it has a constant of this name


def _load() -> tuple[ModuleType | None, str]:
    """Return the extension or None, and the reason."""
    if os.environ.get("AXON_PURE"):
        return None, "AXON_PURE is set"
    try:
        extension = import_module("Axon._core")
    except ImportError as error:
        return None, f"the extension cannot be imported: {error}"
    if extension.INTERFACE != INTERFACE:
        import logging  # here, because only a mistake needs it

        why = "the extension belongs to another version: build it again"
        logging.getLogger("Axon").warning("The pure core is used: %s (%s)", why, extension.__file__)
        return None, why
    return extension, "the extension Axon._core is used"


compiled, reason = _load()  # the extension, or None


def name() -> str:
    """Return "compiled" or "pure"."""
    return "pure" if compiled is None else "compiled"


def replace(cls: type, *same: str, **methods: str) -> None:
    """Replace methods of `cls` by functions of the extension, if it is used.

    same: methods whose functions have the same names. methods: the name of the function for each
    other method. Its documentation remains that of the method.
    """
    if compiled is None:
        return
    for method, function in {**dict(zip(same, same, strict=True)), **methods}.items():
        setattr(cls, method, update_wrapper(getattr(compiled, function), vars(cls)[method]))
