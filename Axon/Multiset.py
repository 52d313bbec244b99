"""Small collections of objects, which may contain an object several times.

An empty collection is an empty tuple and one object is a tuple of one, which are small. Several
objects are the keys of a dict, which removes any of them in constant time; its values count how
often each object was added.
"""

from __future__ import annotations

from typing import Any


def withItem(items: Any, item: Any) -> Any:
    """Return `items` with `item` added once."""
    if not items:
        return (item,)
    if type(items) is tuple:
        items = {items[0]: 1}
    items[item] = items.get(item, 0) + 1
    return items


def withoutItem(items: Any, item: Any) -> Any:
    """Return `items`, which contain `item`, with `item` removed once."""
    if type(items) is tuple:
        return ()
    items[item] -= 1
    if not items[item]:
        del items[item]
    return items
