"""The children of a component: a list from which many are removed in linear time.

Example usage
-------------
    children = Children([first, second])
    children.remove(first)
    first in children           # False
    children.asList()           # [second]

How does it work?
-----------------
A child that is removed stays in the list until half of the list has been removed, or until
a program looks at the list. A set, created on demand, says what the list contains. So a
component that removes each of its children as it ends, and adds others, searches for none of them.
"""

from __future__ import annotations

from typing import Any


class Children:
    """Children(given) -> the children in the list `given`, which is kept and changed."""

    __slots__ = ("_given", "_listed", "_removed")

    def __init__(self, given: list[Any]) -> None:
        self._given = given
        self._removed: set[Any] = set()  # former children that are still in the list
        self._listed: set[Any] = set()  # what the list contains, if that has been asked for

    def asList(self) -> list[Any]:
        """Return the list of the children, in the order in which they were added."""
        if self._removed:
            self._dropRemoved()
        return self._given

    def __len__(self) -> int:
        return len(self._given) - len(self._removed)

    def __contains__(self, child: object) -> bool:
        if not self._given or child in self._removed:
            return False
        if len(self._listed) != len(self._given):
            self._listed = set(self._given)
        return child in self._listed

    def append(self, child: Any) -> None:
        """Add `child` as the last one."""
        if child in self._removed:
            self._dropRemoved()
        if self._listed and len(self._listed) == len(self._given):
            self._listed.add(child)
        self._given.append(child)

    def remove(self, child: Any) -> None:
        """Remove `child`, which is one of them."""
        if len(self._given) == 1:
            self._given.clear()
            self._listed = set()
            return
        self._removed.add(child)
        if len(self._removed) * 2 > len(self._given):
            self._dropRemoved()

    def _dropRemoved(self) -> None:
        removed, self._removed, self._listed = self._removed, set(), set()
        self._given[:] = [each for each in self._given if each not in removed]
