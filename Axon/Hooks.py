"""Hooks: methods and functions that a program supplies and that the framework calls.

Example usage
-------------
    isHandled = plainResult(parent.childFailed(child, culprit, error), "childFailed", parent)
    child = plainResult(self.factory(message), "componentFactory", self)

How does it work?
-----------------
An `async def` function and a function with a `yield` in it do nothing when they
are called: they return a coroutine or a generator. Such an object is true, so a
hook of that kind would silently count as "yes". The framework passes the result
of each hook that it acts on through `plainResult`, which rejects such an object.

A result that a component merely sends on may be any object, and is not checked.
"""

from __future__ import annotations

from typing import Any, TypeVar

__all__ = ["hookName", "isAwaitable", "iterableResult", "plainResult"]

T = TypeVar("T")


def plainResult(result: T, hook: str, owner: object = None) -> T:
    """Return `result`, which the hook named `hook` of `owner` returned.

    Raise TypeError if it is awaitable, a generator or an asynchronous generator.
    """
    if isAwaitable(result) or _isGenerator(result):
        _reject(result, hook, owner, "a plain value: define it without 'async' and without 'yield'")
    return result


def iterableResult(result: T, hook: str, owner: object = None) -> T:
    """Return `result`, as plainResult does, but accept a generator: the caller iterates over it."""
    if isAwaitable(result) or hasattr(type(result), "__anext__"):
        _reject(result, hook, owner, "an iterable: define it without 'async'")
    return result


def isAwaitable(result: object) -> bool:
    """Return whether `await result` is possible."""
    return hasattr(type(result), "__await__")


def hookName(hook: str, owner: object = None) -> str:
    """Return the hook's name for an error message, with its owner's if there is one."""
    if owner is None:
        return f"{hook}()"
    return f"{getattr(owner, 'name', None) or type(owner).__name__}: {hook}()"


def _isGenerator(result: object) -> bool:
    """Return whether `result` runs code only when it is stepped."""
    kind = type(result)
    return hasattr(kind, "__anext__") or (hasattr(kind, "send") and hasattr(kind, "throw"))


def _reject(result: Any, hook: str, owner: object, expected: str) -> None:
    """Raise the TypeError that names the hook."""
    kind = type(result).__name__
    if kind == "coroutine":
        result.close()  # otherwise Python warns that it was never awaited
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    raise TypeError(
        f"{hookName(hook, owner)} returned {article} {kind}, but it must return {expected}"
    )
