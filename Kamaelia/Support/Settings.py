"""Misspelt settings: a keyword or a class attribute that was meant to be another.

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
The settings of a class are the public attributes, annotations and __init__ parameters
of its bases in this distribution, without methods and properties. Any other keyword
is an attribute of the program's own, unless it is one slip away from a setting. A
name that is an attribute of the class or of a base is never a slip.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

OURS = __name__.partition(".")[0]
NOT_SETTINGS = {"Inboxes", "Outboxes", "Usescomponents"}
SHORT, LONG = 6, 8  # letters: below SHORT no letter is replaced, from LONG on two slips count

_settings: WeakKeyDictionary[type, frozenset[str]] = WeakKeyDictionary()
_checked: WeakSet[type] = WeakSet()


def refuseMisspelt(kind: type, keywords: Iterable[str] = ()) -> None:
    """Raise TypeError if a keyword, or an attribute of a program's own class, is misspelt.

    kind: the class of the component, whose attributes are checked once.
    """
    if kind not in _checked:
        refuseMisspeltAttributes(kind)
    known = settingsOf(kind)
    for name in keywords:
        if name not in known and not hasattr(kind, name):
            meant = nearest(name, known)
            if meant:
                raise TypeError(f"{kind.__name__} has no setting {name!r}. Did you mean {meant!r}?")


def refuseMisspeltAttributes(kind: type) -> None:
    """Raise TypeError if the body of a program's own class misspells a setting of ours."""
    own = {name: each for each in _theirs(kind) for name in vars(each) if isSetting(each, name)}
    ours = _ours(kind)
    unset = settingsOf(kind) - own.keys()
    for name, where in own.items():
        if not any(hasattr(each, name) for each in ours):
            meant = nearest(name, unset)
            if meant:
                raise TypeError(
                    f"{where.__qualname__}.{name} is no setting of {ours[0].__name__}."
                    f" Did you mean {meant!r}?"
                )
    _checked.add(kind)


def settingsOf(kind: type) -> frozenset[str]:
    """Return the names of all settings that our own bases of `kind` declare."""
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
    isCode = inspect.isroutine(value) or isinstance(value, property | staticmethod | classmethod)
    return not name.startswith("_") and name not in NOT_SETTINGS and not isCode


def nearest(name: str, settings: Iterable[str]) -> str | None:
    """Return the setting that `name` was probably meant to be, or None."""
    return min((each for each in settings if isNear(name, each)), default=None)


def isNear(name: str, setting: str) -> bool:
    """Return whether `name` differs from `setting` by a slip: a letter, case, underscores."""
    word, meant = _letters(name), _letters(setting)
    if word == meant:
        return True
    if len(meant) < SHORT and len(word) == len(meant):
        return len(meant) > 2 and _isSwapped(word, meant)
    return slips(word, meant) <= (2 if len(meant) >= LONG else 1)


def slips(word: str, meant: str) -> int:
    """Return how many letters to insert, delete, replace or swap with their neighbours."""
    before: list[int] = []
    last = list(range(len(meant) + 1))
    for i, letter in enumerate(word, 1):
        row = [i]
        for j, other in enumerate(meant, 1):
            cost = min(row[-1] + 1, last[j] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and word[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def _isSwapped(word: str, meant: str) -> bool:
    return sorted(word) == sorted(meant) and slips(word, meant) == 1


def _ours(kind: type) -> list[type]:
    return [each for each in kind.__mro__ if _isOurs(each)]


def _theirs(kind: type) -> list[type]:
    """Return the classes of a program that come before the first of ours."""
    own: list[type] = []
    for each in kind.__mro__:
        if _isOurs(each):
            return own
        own.append(each)
    return []


def _isOurs(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == OURS


def _parametersOf(function: Any) -> set[str]:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {each.name for each in parameters if each.kind in named}
