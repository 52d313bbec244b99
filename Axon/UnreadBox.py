"""A warning about components that leave their "control" inbox unread."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

# The classes that have been named, for each scheduler.
_named: WeakKeyDictionary[Any, set[type]] = WeakKeyDictionary()


def warnOfUnreadControl(component: Any) -> None:
    """Log that `component` leaves "control" unread, once for each class in a scheduler."""
    if isinstance(component.scheduler, type):  # it does not run
        return
    named = _named.setdefault(component.scheduler, set())
    cls = type(component)
    if cls not in named:
        named.add(cls)

        import logging  # here, because only a mistake needs it

        logging.getLogger("Axon").warning(
            "%s leaves 'control' unread: ask isShuttingDown()", cls.__name__
        )
