"""Checks of what a program passes as a component, and of how it declares one.

Example usage
-------------
    checkComponents("Pipeline", components)         # raises wiringError for a class
    made = madeComponent(self.factory(message), "componentFactory", self)

How does it work?
-----------------
A component is an object that has `inboxes` and `outboxes`. Each check raises a
wiringError that names the place and the object, and says what to write instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import FunctionType, MethodDescriptorType
from typing import Any, TypeVar

from Axon.AxonExceptions import wiringError
from Axon.Hooks import hookName, plainResult
from Axon.Spelling import nearMiss

__all__ = [
    "checkBoxNames",
    "checkComponents",
    "checkLinkages",
    "checkMain",
    "checkNamedComponents",
    "checkSettings",
    "isMethod",
    "madeComponent",
    "whyNoComponent",
]

T = TypeVar("T")

FORM = "linkages={(name, box): (name, box), ...}"
ASYNC = 0x80 | 0x200  # code flags: a coroutine function, an asynchronous generator function


def whyNoComponent(thing: object) -> str:
    """Return a sentence that says why `thing` is not a usable component, or "" if it is one."""
    if isinstance(thing, type):
        name = thing.__name__
        return f"{name} is a class; use an instance of it, such as {name}()"
    if hasattr(thing, "outboxes"):  # in two steps less than "inboxes"
        return ""
    kind = type(thing)
    if hasattr(kind, "Inboxes"):
        return f"{kind.__name__} has no boxes yet: its __init__ must call super().__init__() first"
    return f"{thing!r} is no component: it has no boxes"


def checkComponents(place: str, things: Iterable[object]) -> None:
    """Raise a wiringError that names `place` for the first thing that is not a component."""
    for each in things:
        fault = whyNoComponent(each)
        if fault and isinstance(each, list | tuple):
            kind = type(each).__name__
            raise wiringError(
                f"{place} was given a {kind}: write {place}(*components) for its items"
            )
        if fault:
            raise wiringError(f"{place} was given something that cannot run: {fault}")


def checkNamedComponents(place: str, things: Mapping[str, object]) -> None:
    """Raise a wiringError that names `place` and the first of `things` that is not a component."""
    for name, each in things.items():
        fault = whyNoComponent(each)
        if fault:
            raise wiringError(f"{place} was given something that cannot run as {name!r}: {fault}")


def madeComponent(made: T, hook: str, owner: object = None) -> T:
    """Return `made`, which the hook named `hook` of `owner` returned, if it is a component.

    Raise TypeError for an awaitable or a generator, and wiringError for anything else that
    is not a component.
    """
    fault = whyNoComponent(made)
    if fault:
        plainResult(made, hook, owner)
        raise wiringError(f"{hookName(hook, owner)} must return a component, but {fault}")
    return made


def checkBoxNames(component: object, attribute: str, declared: object) -> None:
    """Raise a wiringError if `declared`, the boxes in `attribute`, is one text."""
    if isinstance(declared, str | bytes):
        raise wiringError(
            f"{type(component).__name__}.{attribute} is {declared!r}, which is one text and not a"
            f" list of names: write {attribute} = [{declared!r}]"
        )


def isMethod(cls: type, name: str) -> bool:
    """Return whether `name` is a method of `cls` that a setting must not replace by a plain value.

    The methods that only an `async def main` calls are not: they are newer than many programs
    that have an attribute of such a name.
    """
    value = next((vars(each)[name] for each in cls.__mro__ if name in vars(each)), None)
    return isinstance(value, MethodDescriptorType) or (
        isinstance(value, FunctionType) and not value.__code__.co_flags & ASYNC
    )


def checkSettings(component: object, settings: Mapping[str, Any], methods: Iterable[str]) -> None:
    """Raise a wiringError if a setting that cannot be called would replace one of `methods`."""
    for name in methods:
        if not callable(settings[name]):
            raise wiringError(
                f"{type(component).__name__}({name}={settings[name]!r}) would replace the method"
                f" {name}() by something that cannot be called; use another name for this setting"
            )


def checkMain(process: object, framework: type, bodies: Iterable[str]) -> None:
    """Raise a TypeError if a class that defines none of `bodies` has a near miss of one.

    `framework` is the class with the default body, which is about to run.
    """
    cls = type(process)
    known = list(bodies)
    own = [
        name
        for each in cls.__mro__
        if each not in framework.__mro__
        for name, value in vars(each).items()
        if callable(value)
    ]
    for name in own:
        meant = None if name in known else nearMiss(name, known)
        if meant is not None and not _isDifferentWord(name, meant):
            raise TypeError(f"{cls.__name__} has no {meant}(), but {name}(): rename it to {meant}")


def _isDifferentWord(name: str, meant: str) -> bool:
    """Return whether `name` lacks a letter of a short name: "mail" and "min" are not "main"."""
    return len(meant) < 5 and not set(meant) <= set(name.casefold())


def checkLinkages(kind: str, linkages: Any, components: Collection[str]) -> None:
    """Raise a wiringError if `linkages` is not a dict of pairs, or misspells a component's name."""
    if linkages is None:
        raise wiringError(f"a {kind} needs {FORM}")
    if not isinstance(linkages, Mapping):
        raise wiringError(
            f"the linkages of a {kind} are a dict, not a {type(linkages).__name__}: write {FORM}"
        )
    for end in (end for linkage in linkages.items() for end in linkage):
        if not _isEnd(end):
            raise wiringError(
                f"each end of a linkage of a {kind} is one pair (name, box), not {end!r}:"
                f" write {FORM}"
            )
    names = {name for linkage in linkages.items() for name, _ in linkage}
    for name in names.difference(components):
        _checkName(kind, name, components)


def _isEnd(end: Any) -> bool:
    return isinstance(end, tuple | list) and len(end) == 2 and isinstance(end[1], str)


def _checkName(kind: str, name: Any, components: Collection[str]) -> None:
    if name in ("", "self") or not isinstance(name, str):
        return
    meant = nearMiss(name, components)
    if meant is not None:
        raise wiringError(
            f"the linkages of a {kind} name {name!r}, which is none of its components"
            f" ({', '.join(components)}). Did you mean {meant!r}? The {kind} itself is 'self' or ''"
        )
