"""Settings that are plain lists, which programs may change: each is compiled when it has changed.

Example usage::

    compiled(self.allowed_senders, asClients).client(self.peer)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Greylist.Names import Names

MOST = 100  # settings that are kept; programs have a handful
_known: dict[tuple[int, Any], tuple[Any, list[Any], Any]] = {}


def compiled(setting: Any, compile_: Callable[[list[Any]], Any]) -> Any:
    """A setting, compiled; once for all handlers that have the same list."""
    key = (id(setting), compile_)
    known = _known.get(key)
    now = setting if type(setting) is list else list(setting)
    if known is None or known[0] is not setting or known[1] != now:
        if len(_known) >= MOST:
            _known.clear()
        known = _known[key] = (setting, list(now), compile_(list(now)))
    return known[2]


def asClients(setting: list[Any]) -> Lists:
    """Addresses, networks and the first octets of some."""
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
