"""What a click on a component shows: its class, its boxes, its settings and what it waits for.

How does it work?
-----------------
Settings are the public attributes of the component. Their texts are made without running any code
of the program, and without secrets (Axon.MessageText). The attributes are read one by one, by the
names that the methods of the class use: once the `__dict__` of an object has been asked for, Python
3.11 and 3.12 run the methods of its class more slowly.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

from Axon.Component import component
from Axon.MessageText import textOfNamed
from Axon.Microprocess import microprocess

LONGEST_DOCSTRING = 4000  # characters
MOST_SETTINGS = 60

SHOWN_ELSEWHERE = frozenset({"Inboxes", "Outboxes", "Usescomponents"})


def detailsOf(process: Any) -> dict[str, Any]:
    """Return the description of a microprocess, as JSON has it."""
    cls = type(process)
    return {
        "className": f"{cls.__module__}.{cls.__qualname__}",
        "docstring": _docstringOf(cls)[:LONGEST_DOCSTRING],
        "source": _sourceOf(cls),
        "boxes": {kind: _sentencesOf(process, kind) for kind in ("Inboxes", "Outboxes")},
        "settings": _settingsOf(process),
    }


def _docstringOf(cls: type) -> str:
    """Return the docstring of a class, or of a base that is no part of the core."""
    for each in cls.__mro__:
        if each.__doc__ and not each.__module__.startswith("Axon.") and each is not object:
            return inspect.cleandoc(each.__doc__)
    return ""


def _sourceOf(cls: type) -> str:
    """Return "file:line" of a class, or "" if its source is not available."""
    try:
        return f"{inspect.getsourcefile(cls)}:{inspect.getsourcelines(cls)[1]}"
    except (OSError, TypeError, SyntaxError):  # the file may have been edited meanwhile
        return ""


def _sentencesOf(process: Any, kind: str) -> dict[str, str]:
    declared = getattr(process, kind, {})
    own = getattr(process, kind.lower(), {})
    sentences = declared if isinstance(declared, Mapping) else {}
    return {str(name): str(sentences.get(name, "")) for name in own}


def _settingsOf(process: Any) -> dict[str, str]:
    found: dict[str, Any] = {}
    for name in _namesOf(type(process)):
        try:
            value = object.__getattribute__(process, name)
        except AttributeError:
            continue
        if not _isCode(value):
            found[name] = value
    shown = list(found.items())[:MOST_SETTINGS]
    return {name: textOfNamed(name, value) for name, value in shown}


def _namesOf(cls: type) -> list[str]:
    """Return the public attributes that the classes of a program and of the library mention."""
    names: dict[str, None] = {}
    for each in reversed(cls.__mro__):
        if issubclass(each, microprocess) and not each.__module__.startswith("Axon."):
            for name, value in vars(each).items():
                code = getattr(value, "__code__", None)
                names.update(dict.fromkeys([name] if code is None else code.co_names))
    return [each for each in names if _isPublic(cls, each)]


def _isPublic(cls: type, name: str) -> bool:
    found = inspect.getattr_static(cls, name, None)
    isOwn = name not in SHOWN_ELSEWHERE and name not in _namesInCore()
    return isOwn and not name.startswith("_") and not _isCode(found)


@cache
def _namesInCore() -> frozenset[str]:
    """Return the attributes that the core gives to each component."""
    return frozenset(vars(component()))


def _isCode(value: Any) -> bool:
    return inspect.isroutine(value) or hasattr(type(value), "__get__")
