"""Compiles settings that are plain lists, again whenever a program has changed them.

Example usage::

    compiled(self.allowed_senders, asClients).client(self.peer)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Greylist.Names import Names

MOST: Final = 100  # settings in the cache; programs have only a few
_known: Final[dict[tuple[int, Any], tuple[Any, list[Any], Any]]] = {}


def compiled(setting: Any, compile_: Callable[[list[Any]], Any]) -> Any:
    """Return a compiled setting, from a cache that all handlers share."""
    key = (id(setting), compile_)
    known = _known.get(key)
    now = setting if type(setting) is list else list(setting)
    if known is None or known[0] is not setting or known[1] != now:
        if len(_known) >= MOST:
            _known.clear()
        known = _known[key] = (setting, list(now), compile_(list(now)))
    return known[2]


def asClients(setting: list[Any]) -> Lists:
    """Compile addresses, networks and first octets of addresses."""
    return Lists(clients=setting)


def asDomains(setting: list[Any]) -> Names[str]:
    """Domains, and *.domain for all below it."""
    return Names({each.removeprefix("@"): each for each in setting})


def asTriples(setting: list[Any]) -> Lists:
    """(address, sender, recipient), each."""
    return Lists(triples=setting)


def asHeloTriples(setting: list[Any]) -> Lists:
    """(name in HELO, network, recipient), each."""
    return Lists(heloTriples=setting)
