"""The interface of all stores of greylisting records.

Example usage::

    store = openStore("sqlite:/var/lib/kamaelia-grey/grey.db")
    try:
        decision = store.decide(triple, rules, time.time())
    except Later as later:
        decision = await later.future
    except StoreFailed as reason:
        ...  # reply 451

How does it work?

A store reads the records, calls Rules.decide, and writes the result before it returns the
decision. Several processes may share a store; decisions are atomic. The caller passes in the
time.

A store belongs to the process that opened it. Forked workers open their own.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from weakref import WeakSet

from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Apps.Grey.Stores.PendingCounts import PendingCounts, Words
from Kamaelia.Support.Greylist.Rules import HOUR, Decision, Record, Regular, Rules, Triple

__all__ = [
    "KINDS",
    "MANY_ENTRIES",
    "VERDICTS",
    "Counts",
    "Later",
    "Store",
    "StoreEntry",
    "StoreFailed",
    "StoreUnreachable",
    "checkEntry",
    "isExpired",
    "isOver",
    "merge",
    "mergeClient",
    "readTime",
]

LATEST = 1e11  # seconds, in the year 5138: a later time is damaged
MOST_DELIVERED = 10_000  # clients whose last delivery a process keeps in memory
VERDICTS = ("allow", "deny")
KINDS = ("client", "sender", "recipient")
MANY_ENTRIES = 500  # larger numbers are not read in the event loop; these take about 10 ms


class StoreFailed(Exception):
    """The store failed; the message names the store, the reason and a remedy."""


class StoreUnreachable(StoreFailed):
    """The server of a store does not respond, which may be temporary."""


class StoreEntry(NamedTuple):
    """An entry that an administrator added at run time for a client, sender or recipient."""

    verdict: str  # one of VERDICTS
    kind: str  # one of KINDS
    what: str
    note: str = ""
    until: float | None = None  # the time at which it expires


class Counts(NamedTuple):
    """The number of records of each kind."""

    waiting: int
    passed: int
    regulars: int


class Store(ABC):
    """The base class of all stores. Methods raise StoreFailed if the store fails."""

    isIndependent = False  # decisions do not need the server that the other methods need

    def __init__(self) -> None:
        _opened.add(self)
        self.isInherited = False  # whether it was opened before this process was forked
        self._pending = PendingCounts()
        self._delivered: dict[str, float] = {}  # by client: the time of its last counted mail

    @abstractmethod
    def decide(self, triple: Triple, rules: Rules, now: float) -> Decision:
        """Return the decision after writing its record. May raise Later.

        Known clients are read only if `rules.client_passes` is set.
        """

    def countDelivery(self, client: str, rules: Rules, now: float) -> None:
        """Count a mail from a client that the real server has accepted; see Rules.afterDelivery.

        The count is written without waiting, and may be lost if the process is killed.
        """
        last = self._delivered.get(client)
        if not rules.client_passes or (last is not None and abs(now - last) < HOUR):
            return
        if len(self._delivered) >= MOST_DELIVERED:
            self._delivered.clear()
        self._delivered[client] = now
        self._countDelivery(client, rules, now)

    @abstractmethod
    def _countDelivery(self, client: str, rules: Rules, now: float) -> None:
        """Count the mail in the store, unless its record says otherwise."""

    def revoke(self, client: str) -> None:
        """Delete the record of a client, which then has to deliver mails again to become regular.

        Its triples remain. It is written without waiting, as a count is.
        """
        self._delivered.pop(client, None)
        self._revoke(client)

    @abstractmethod
    def _revoke(self, client: str) -> None:
        """Delete the record of the client in the store, if there is one."""

    def keepTidy(self, rules: Rules, now: float) -> None:
        """Hook: delete expired records in the background, although nothing is decided here."""

    @abstractmethod
    def remember(self, known: Iterable[tuple[Triple, Record]], rules: Rules) -> int:
        """Merge records from elsewhere into the store; return how many were given."""

    @abstractmethod
    def rememberClients(self, known: Iterable[tuple[str, Regular]], rules: Rules) -> int:
        """Merge records of clients from elsewhere into the store; return how many were given."""

    @abstractmethod
    def find(self, text: str) -> Iterator[tuple[Triple, Record]]:
        """Yield the triples with this text in one of their parts, in no order."""

    def known(self) -> Iterator[tuple[Triple, Record]]:
        """Yield all triples. Concurrent changes may or may not be included."""
        return self.find("")

    @abstractmethod
    def regulars(self) -> Iterator[tuple[str, Regular]]:
        """Yield the clients with delivered mails, counted while `client_passes` was set."""

    @abstractmethod
    def forget(self, *triples: Triple) -> int:
        """Delete triples; return how many existed."""

    @abstractmethod
    def forgetClient(self, client: str) -> int:
        """Delete the record of a client and its triples; return the number of triples."""

    @abstractmethod
    def counts(self) -> Counts:
        """Count all records. Slow, because it reads every record."""

    @abstractmethod
    def expire(self, rules: Rules, now: float) -> int:
        """Delete expired records; return the number of triples.

        Reads every record. SQLite and Redis stores also do it in the background.
        """

    @abstractmethod
    def addEntry(self, entry: StoreEntry) -> None:
        """Add an entry. It replaces an entry of the same kind and text."""

    @abstractmethod
    def removeEntry(self, kind: str, what: str) -> bool:
        """Delete an entry; return whether it existed."""

    @abstractmethod
    def entries(self) -> list[StoreEntry]:
        """Return all entries, including expired ones."""

    def readEntries(self) -> list[StoreEntry]:
        """Return entries(). Unlike the other methods, it may be called in any thread."""
        return self.entries()

    @abstractmethod
    def hasManyEntries(self) -> bool:
        """Return whether there are more than MANY_ENTRIES. Fast."""

    @abstractmethod
    def entriesVersion(self) -> int:
        """Return a number that changes whenever the entries change. Fast."""

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter. It is written periodically, and by flush() and close()."""
        self.countAll([(name,)], by)

    def countAll(self, counters: Iterable[Words], by: int = 1) -> None:
        """Add to each of these counters, as count() does."""
        if self._pending.add(counters, by):
            self.hasPending()

    def hasPending(self) -> None:
        """Hook: called in any thread when counters are waiting to be written."""

    @abstractmethod
    def flush(self) -> None:
        """Write the waiting counters."""

    @abstractmethod
    def counters(self) -> dict[str, int]:
        """Return the counters of all processes that have been written."""

    @abstractmethod
    def close(self) -> None:
        """Write waiting data and close the store. May be called again."""

    def isReplaced(self) -> bool:
        """Return whether the opened file was deleted or replaced. Fast."""
        return False

    def abandon(self) -> dict[str, int]:
        """Close the store without writing to it; return the counters that were not written."""
        return self._takePending()

    async def waitForClose(self) -> None:
        """Wait, after close() in an event loop, until all tasks have ended."""

    def _checkProcess(self) -> None:
        if self.isInherited:
            raise RuntimeError(
                "this store belongs to the parent process, because it was opened before the fork:"
                " open it in each worker"
            )

    def _takePending(self) -> dict[str, int]:
        return self._pending.take()

    def _giveBack(self, taken: dict[str, int]) -> None:
        for name, by in taken.items():
            self.count(name, by)


_opened: WeakSet[Store] = WeakSet()  # all stores of this process


def _noteFork() -> None:
    """Note, in a new process, which stores belong to its parent."""
    for store in _opened:
        store.isInherited = True


os.register_at_fork(after_in_child=_noteFork)


def checkEntry(entry: StoreEntry) -> None:
    """Raise ValueError if an entry is invalid."""
    if entry.verdict not in VERDICTS:
        raise ValueError(
            f"the verdict of an entry is {' or '.join(VERDICTS)}, not {entry.verdict!r}"
        )
    if entry.kind not in KINDS:
        raise ValueError(f"the kind of an entry is one of {', '.join(KINDS)}, not {entry.kind!r}")
    if not entry.what:
        raise ValueError(f"the entry has an empty {entry.kind}")


def readTime(text: str | bytes) -> float:
    """Return the time in a stored value, in seconds. Raise ValueError if it is none."""
    time = float(text)
    if not 0 <= time <= LATEST:  # false for NaN, too
        raise ValueError(f"not a time: {text!r}")
    return time


def merge(ours: Record | None, theirs: Record) -> Record:
    """Return the combination of two records of the same triple."""
    if ours is None:
        return theirs
    times = [record.passed for record in (ours, theirs) if record.passed is not None]
    if not times:
        return max(ours, theirs, key=lambda record: record.seen)
    return Record(min(ours.seen, theirs.seen), max(times), max(ours.passes, theirs.passes))


def mergeClient(ours: Regular | None, theirs: Regular) -> Regular:
    """Return the combination of two records of the same client."""
    if ours is None:
        return theirs
    return Regular(max(ours.passes, theirs.passes), max(ours.last, theirs.last))


def isExpired(known: Record | Regular, rules: Rules, now: float) -> bool:
    """Return whether a record has expired, by exactly the same comparison as Rules.decide."""
    if isinstance(known, Regular):
        return now - known.last > rules.max_grey
    if known.passed is None:
        return now - known.seen > rules.max_defer_time
    return now - known.passed > rules.max_grey


def isOver(entry: StoreEntry, now: float) -> bool:
    """Return whether an entry has expired."""
    return entry.until is not None and entry.until <= now
