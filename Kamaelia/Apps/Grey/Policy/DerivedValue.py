"""A value that is derived from the settings of a handler, and that all handlers of a class share.

Example usage
-------------
    limits = DerivedValue(limitsOf, "inactivity_timeout", "session_timeout")
    limits.of(handler)              # limitsOf(handler), or the earlier result

How does it work?
-----------------
The settings are class attributes, which a program may change at any time, or keyword arguments.
All of them are read in one call, and compared with those of the earlier handler. That is cheap,
because most are the same objects, while to read and to check each of them is a fifth of the work
for a client that only connects. Collections are copied for the comparison, so that a change in
one of them is noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MUTABLE = (list, dict, set)


class DerivedValue(Generic[T]):
    """DerivedValue(derive, *names) -> what `derive(settings)` returns, while they are the same.

    names: of all settings on which the value depends, at least two; a name may have dots.
    """

    __slots__ = ("_derive", "_last", "_read", "_value")

    def __init__(self, derive: Callable[[Any], T], *names: str) -> None:
        self._derive = derive
        self._read = attrgetter(*names)
        self._last: tuple[Any, ...] | None = None
        self._value: Any = None

    def of(self, settings: Any) -> T:
        """Return the value for these settings. Raise what `derive` raises."""
        read = self._read
        values = read(settings)
        if values != self._last:
            self._value = self._derive(settings)
            self._last = tuple(map(unshared, values))
        value: T = self._value
        return value


def unshared(value: Any) -> Any:
    """Return the value, or a copy if it is a collection that may be changed."""
    return value.copy() if isinstance(value, MUTABLE) else value
