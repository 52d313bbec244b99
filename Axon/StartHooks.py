"""Functions of installed packages that are called once per run, to observe the running system.

Example usage
-------------
In the pyproject.toml of a package:

    [project.entry-points."axon.start"]
    graph = "Kamaelia.Visualisation.GraphFile:start"

In that module:

    def start(scheduler, value):            # value: that of the environment variable
        ...
        return atTheEnd                     # called without arguments when the run ends, or None

How does it work?
-----------------
The name of an entry point belongs to an environment variable: that of `graph` is KAMAELIA_GRAPH.
`start` is called in the thread of the run, before the first turn. `scheduler.loop` is the event
loop, or None in a run by hand. A run without such a variable costs one look at the environment.

KAMAELIA_OBSERVE=off forbids all of them. An error in one of these functions is logged, and the run
continues: observation must not end a program.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

GROUP = "axon.start"
PREFIX = "KAMAELIA_"
FORBIDDING = "KAMAELIA_OBSERVE"

End = Callable[[], object]


def isObservationAllowed() -> bool:
    """Return False if KAMAELIA_OBSERVE is off."""
    return os.environ.get(FORBIDDING, "").lower() not in ("off", "0", "no", "false")


@contextmanager
def startHooks(scheduler: Any) -> Iterator[None]:
    """Call the functions for the variables that are set, and what they return at the end."""
    values = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    ends = _callAll(scheduler, values) if values and isObservationAllowed() else []
    try:
        yield
    finally:
        for name, end in ends:
            _call(name, end)


def _callAll(scheduler: Any, values: dict[str, str]) -> list[tuple[str, End]]:
    ends = []
    for name, point in _entryPoints():
        value = values.get(name)
        if value:
            end = _call(name, _loadAndStart, point, scheduler, value)
            if end is not None:
                ends.append((name, end))
    return ends


def _loadAndStart(point: Any, scheduler: Any, value: str) -> End | None:
    end: End | None = point.load()(scheduler, value)
    return end


@cache
def _entryPoints() -> tuple[tuple[str, Any], ...]:
    """Return the entry points that are installed, with the names of their variables."""
    from importlib.metadata import entry_points  # here, because few runs need it

    return tuple((PREFIX + each.name.upper(), each) for each in entry_points(group=GROUP))


def _call(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function. Log its error, and return None then."""
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001 - the program must continue
        import logging

        isExpected = isinstance(error, OSError | ValueError)
        reason = getattr(error, "strerror", None) or error
        logging.getLogger("Axon.StartHooks").warning(
            "%s has no effect: %s", name, reason, exc_info=None if isExpected else error
        )
        return None
