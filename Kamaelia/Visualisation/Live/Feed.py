"""The feed of one browser: the whole system at first, then what has changed since.

Example usage
-------------
    feed = Feed()
    feed.message(reader.read(now))     # {"type": "system", ...}
    feed.message(reader.read(now))     # {"type": "change", ...}, or None if nothing has changed

How does it work?
-----------------
A message contains the differences between two readings, however far they are apart. A browser
that is slow is asked for less often, and receives fewer and larger changes: nothing is queued.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeVar

from Kamaelia.Visualisation.Live.Loads import Load
from Kamaelia.Visualisation.Live.Reader import Reading
from Kamaelia.Visualisation.Live.Traffic import Path

Key = TypeVar("Key", bound=Hashable)
Message = dict[str, Any]


class Feed:
    """Feed() -> the messages for one browser, in order."""

    def __init__(self) -> None:
        self._sent: Reading | None = None

    def message(self, now: Reading) -> Message | None:
        """Return the message after which the browser knows `now`, or None if it does already."""
        before, self._sent = self._sent, now
        if before is None:
            return _whole(now)
        message: Message = {}
        if now.structure is not before.structure:
            message.update(_changesOfStructure(before, now))
        parts = {
            "loads": _changesOfLoads(before, now),
            "brief": {} if now.brief is before.brief else dict(now.brief - before.brief),
            "passed": [] if now.passed is before.passed else _passedSince(before, now),
            "rates": [] if now.rates is before.rates else _changesOfRates(before, now),
        }
        message.update({name: part for name, part in parts.items() if part})
        return {"type": "change", **message} if message else None


def _whole(now: Reading) -> Message:
    return {
        "type": "system",
        "components": list(now.structure.components.values()),
        "linkages": list(now.structure.linkages.values()),
        "loads": dict(zip(now.structure.components, now.loads, strict=True)),
        "rates": [[*path, round(rate)] for path, rate in now.rates.items()],
    }


def _changesOfStructure(before: Reading, now: Reading) -> Message:
    """Return what has been added, changed and removed. An empty part is left out."""
    old, new = before.structure, now.structure
    parts = {
        "components": _changed(old.components, new.components),
        "ended": _missing(old.components, new.components),
        "linkages": _changed(old.linkages, new.linkages),
        "unlinked": _missing(old.linkages, new.linkages),
    }
    return {name: part for name, part in parts.items() if part}


def _changed(old: Mapping[Key, Any], new: Mapping[Key, Any]) -> list[Any]:
    return [each for key, each in new.items() if old.get(key) != each]


def _missing(old: Iterable[Key], new: Mapping[Key, Any]) -> list[Key]:
    return [key for key in old if key not in new]


def _changesOfLoads(before: Reading, now: Reading) -> dict[int, Load]:
    if now.structure is before.structure:
        if now.loads is before.loads:
            return {}
        triples = zip(now.structure.components, now.loads, before.loads, strict=True)
        return {number: load for number, load, old in triples if load != old}
    known = dict(zip(before.structure.components, before.loads, strict=True))
    pairs = zip(now.structure.components, now.loads, strict=True)
    return {number: load for number, load in pairs if known.get(number) != load}


def _touchedSince(before: Reading, now: Reading) -> Iterable[Path]:
    """Return the paths that may differ: few, if the browser has received the reading before."""
    if now.number == before.number + 1:
        return now.touched
    return {**now.passed, **before.rates, **now.rates}


def _passedSince(before: Reading, now: Reading) -> list[list[Any]]:
    counts = {
        path: now.passed.get(path, 0) - before.passed.get(path, 0)
        for path in _touchedSince(before, now)
    }
    return [[*path, count] for path, count in counts.items() if count > 0]


def _changesOfRates(before: Reading, now: Reading) -> list[list[Any]]:
    """Return the paths whose rates differ, with 0 for those that have no rate any more."""
    rates = {path: now.rates.get(path) for path in _touchedSince(before, now)}
    return [
        [*path, round(rate or 0)] for path, rate in rates.items() if rate != before.rates.get(path)
    ]
