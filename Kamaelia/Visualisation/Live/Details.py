"""What a click on a component shows: its class, its boxes, its settings and what it waits for.

How does it work?
-----------------
Settings are the public attributes of the component. Their texts are made without running any code
of the program, and without secrets (Axon.MessageText).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from Axon.Component import component
from Axon.MessageText import textOfNamed
from Axon.Microprocess import microprocess

LONGEST_DOCSTRING = 4000  # characters
MOST_SETTINGS = 60

# Attributes that the core has given to each component, or that the page shows elsewhere.
CORE = frozenset(vars(component())) | {"Inboxes", "Outboxes", "Usescomponents"}


def detailsOf(process: Any) -> dict[str, Any]:
    """Return the description of a microprocess, as JSON has it."""
    cls = type(process)
    return {
        "className": f"{cls.__module__}.{cls.__qualname__}",
        "docstring": (inspect.getdoc(cls) or "")[:LONGEST_DOCSTRING],
        "source": _sourceOf(cls),
        "boxes": {kind: _sentencesOf(process, kind) for kind in ("Inboxes", "Outboxes")},
        "settings": _settingsOf(process),
    }


def _sourceOf(cls: type) -> str:
    """Return "file:line" of a class, or "" if its source is not available."""
    try:
        return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError):
        return ""


def _sentencesOf(process: Any, kind: str) -> dict[str, str]:
    declared = getattr(process, kind, {})
    own = getattr(process, kind.lower(), {})
    sentences = declared if isinstance(declared, Mapping) else {}
    return {str(name): str(sentences.get(name, "")) for name in own}


def _settingsOf(process: Any) -> dict[str, str]:
    found: dict[str, Any] = {}
    for cls in reversed(type(process).__mro__):
        if issubclass(cls, microprocess) and not cls.__module__.startswith("Axon."):
            found.update(_plainOf(vars(cls)))
    found.update(_plainOf(vars(process)))
    shown = list(found.items())[:MOST_SETTINGS]
    return {name: textOfNamed(name, value) for name, value in shown}


def _plainOf(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in attributes.items()
        if not name.startswith("_") and name not in CORE and not _isCode(value)
    }


def _isCode(value: Any) -> bool:
    kinds = (property, classmethod, staticmethod)
    return inspect.isroutine(value) or isinstance(value, kinds)
