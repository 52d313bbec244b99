"""The entries in the store, which administrators add and remove at run time, as compiled lists.

Example usage
-------------
    live = compileEntries(store.entries(), now, hasResolver=True)
    live.lists["deny"].client("192.0.2.7")

How does it work?
-----------------
All entries are compiled together. Only if one of them is wrong, each is compiled by itself,
so that the log names the wrong ones and the others count.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from Kamaelia.Apps.Grey.Stores.Store import KINDS, VERDICTS, StoreEntry, isOver
from Kamaelia.Support.Greylist.Lists import ListEntry, Lists
from Kamaelia.Support.Mistakes import MistakesFound

LOG = logging.getLogger("Kamaelia.Apps.Grey")


class LiveEntries(NamedTuple):
    """The lists by verdict, and the time at which the first entry expires."""

    lists: dict[str, Lists]
    until: float


NO_ENTRIES = LiveEntries({verdict: Lists() for verdict in VERDICTS}, inf)


def compileEntries(entries: Iterable[StoreEntry], now: float, hasResolver: bool) -> LiveEntries:
    """Return the compiled entries that have not expired; log those that cannot be used.

    hasResolver: whether DNS is used; without it, host names match nothing.
    """
    good = [each for each in entries if not isOver(each, now)]
    try:
        lists = _listsByVerdict(good)
    except MistakesFound:
        good = [each for each in good if _isUsable(each)]
        lists = _listsByVerdict(good)
    if not hasResolver and any(each.hasNames for each in lists.values()):
        _warnOfNames(good)
    until = min((each.until for each in good if each.until is not None), default=inf)
    return LiveEntries(lists, until)


def _listsByVerdict(entries: Sequence[StoreEntry]) -> dict[str, Lists]:
    """Return the lists of each verdict. Raise MistakesFound."""
    texts: dict[str, dict[str, list[ListEntry]]] = {
        verdict: {kind: [] for kind in KINDS} for verdict in VERDICTS
    }
    for verdict, kind, what, note, _ in entries:
        if verdict in texts and kind in KINDS:
            texts[verdict][kind].append(ListEntry(what, note or "by hand"))
    return {
        verdict: Lists(byKind["client"], byKind["sender"], byKind["recipient"])
        for verdict, byKind in texts.items()
    }


def _isUsable(entry: StoreEntry) -> bool:
    try:
        _listsByVerdict([entry])
    except MistakesFound as error:
        LOG.error("%s %s in the store is not used: %s", entry.kind, entry.what, error)
        return False
    return True


def _warnOfNames(entries: Sequence[StoreEntry]) -> None:
    for each in entries:
        if any(lists.hasNames for lists in _listsByVerdict([each]).values()):
            LOG.warning(
                "%s %s is not used: host names require DNS, which no setting enables",
                each.kind,
                each.what,
            )
