"""A check for misspelt settings: keyword arguments and class attributes.

Example usage
-------------
    class Server(component):
        port = 1601
        max_connections = None

        def __init__(self, **argd):
            refuseMisspelt(type(self), argd)
            super().__init__(**argd)

    Server(max_conections=5)        # TypeError: ... Did you mean 'max_connections'?

How does it work?
-----------------
The settings of a class are the public attributes, annotations and __init__ parameters of its
bases in a library, without methods and properties. A library is a package with
`__kamaelia_settings__`, the names that each of its components accepts besides those settings.

A component of the library accepts no other keyword. In a class of a program, any other keyword is
an attribute of the program, unless it is close to the name of a setting (Axon.Spelling). The name
of an attribute of the class or of a base is always accepted. component.__init__ checks keywords;
refuseMisspelt is for classes that check class attributes, too, or keywords that are passed on.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Collection, Iterable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from Axon.Spelling import nearMiss

NOT_SETTINGS = {"Inboxes", "Outboxes", "Usescomponents"}
SHORT = 6  # letters: a shorter name that differs in one letter is another word

_settings: WeakKeyDictionary[type, frozenset[str]] = WeakKeyDictionary()
_checked: WeakSet[type] = WeakSet()


def refuseMisspelt(kind: type, keywords: Iterable[str] = ()) -> None:
    """Raise TypeError if a keyword, or an attribute of a program's own class, is misspelt.

    kind: the class of the component, whose attributes are checked once.
    """
    if kind not in _checked:
        refuseMisspeltAttributes(kind)
    refuseMisspeltKeywords(kind, keywords)


def refuseMisspeltKeywords(kind: type, keywords: Iterable[str]) -> None:
    """Raise TypeError if a keyword is misspelt, or unknown to a component of a library."""
    known = settingsOf(kind)
    for name in keywords:
        if name in known or hasattr(kind, name) or name in acceptedByAll(kind):
            continue
        meant = nearest(name, known)
        if meant:
            raise TypeError(f"{kind.__name__} has no setting {name!r}. Did you mean {meant!r}?")
        if isOfLibrary(kind):
            settings = f"its settings are {', '.join(sorted(known))}" if known else "it has none"
            raise TypeError(f"{kind.__name__} has no setting {name!r}; {settings}")


def refuseMisspeltAttributes(kind: type) -> None:
    """Raise TypeError if the body of a program's own class misspells a setting."""
    own = {name: each for each in _theirs(kind) for name in vars(each) if isSetting(each, name)}
    ours = _ours(kind)
    unset = settingsOf(kind) - own.keys()
    for name, where in own.items():
        if not any(hasattr(each, name) for each in ours):
            meant = nearest(name, unset)
            if meant:
                raise TypeError(
                    f"{where.__qualname__}.{name} is not a setting of {ours[0].__name__}."
                    f" Did you mean {meant!r}?"
                )
    _checked.add(kind)


def settingsOf(kind: type) -> frozenset[str]:
    """Return the names of all settings that the bases of `kind` in a library declare."""
    found = _settings.get(kind)
    if found is None:
        names: set[str] = set()
        for each in _ours(kind):
            names.update(name for name in vars(each) if isSetting(each, name))
            names.update(name for name in inspect.get_annotations(each) if name[0] != "_")
            if "__init__" in vars(each):
                names |= _parametersOf(each.__init__)  # type: ignore[misc]
        found = _settings[kind] = frozenset(names - NOT_SETTINGS)
    return found


def isSetting(kind: type, name: str) -> bool:
    """Return whether the class attribute is public data: no method and no property."""
    value = vars(kind)[name]
    isCode = inspect.isroutine(value) or hasattr(type(value), "__get__")  # a descriptor
    return not name.startswith("_") and name not in NOT_SETTINGS and not isCode


def nearest(name: str, settings: Iterable[str]) -> str | None:
    """Return the setting that `name` was probably meant to be, or None."""
    return nearMiss(name, sorted(each for each in settings if not _isOtherWord(name, each)))


def _isOtherWord(name: str, setting: str) -> bool:
    """Return whether one letter of a short name is replaced: "post" and "part" are not "port"."""
    word, meant = (each.replace("_", "").casefold() for each in (name, setting))
    return len(meant) < SHORT and len(word) == len(meant) and sorted(word) != sorted(meant)


def acceptedByAll(kind: type) -> Collection[str]:
    """Return the names that each component of the library of `kind` accepts."""
    package = sys.modules.get(kind.__module__.partition(".")[0])
    accepted: Collection[str] = getattr(package, "__kamaelia_settings__", ())
    return accepted


def isOfLibrary(kind: type) -> bool:
    """Return whether the class is part of a library, and not of a program."""
    return bool(acceptedByAll(kind))


def _ours(kind: type) -> list[type]:
    return [each for each in kind.__mro__ if isOfLibrary(each)]


def _theirs(kind: type) -> list[type]:
    """Return the classes of a program that precede the first class of a library."""
    own: list[type] = []
    for each in kind.__mro__:
        if isOfLibrary(each):
            return own
        own.append(each)
    return []


def _parametersOf(function: Any) -> set[str]:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {each.name for each in parameters if each.kind in named}
