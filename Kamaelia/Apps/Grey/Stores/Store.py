"""What greylisting remembers, whoever keeps it: the contract of all stores.

Example usage::

    store = openStore("sqlite:/var/lib/kamaelia-grey/grey.db")
    try:
        decision = store.decide(triple, rules, time.time())
    except Later as later:
        decision = await later.future
    except StoreFailed as reason:
        ...  # an answer for now: 451

How does it work?

A decision is asked of Rules.decide with what is known, and its result is remembered
before it is given. Several processes may share a store: each gets the answers that it
would get if all had asked one after the other. Times are brought by whoever asks.

A store belongs to the process that opened it: workers that are forked open their own.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from Kamaelia.Apps.Grey.Stores.Later import Later
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
    "thisProcess",
]

MOST_DELIVERED = 10_000  # clients whose last delivery a process remembers
VERDICTS = ("allow", "deny")
KINDS = ("client", "sender", "recipient")
MANY_ENTRIES = 500  # more are not read in the event loop: these take about 10 ms


class StoreFailed(Exception):
    """The store cannot answer; the text is a sentence that says which, why, and what helps."""


class StoreUnreachable(StoreFailed):
    """The server of a store does not respond at the moment: it may later, without a change here."""


class StoreEntry(NamedTuple):
    """What an administrator said at run time of a client, a sender or a recipient."""

    verdict: str  # one of VERDICTS
    kind: str  # one of KINDS
    what: str
    note: str = ""
    until: float | None = None  # the time from which it counts no more


class Counts(NamedTuple):
    """How many records there are of each sort."""

    waiting: int
    passed: int
    regulars: int


class Store(ABC):
    """What all stores promise. Whatever cannot be done raises StoreFailed."""

    def __init__(self) -> None:
        self._process = thisProcess()
        self._pending: dict[str, int] = {}
        self._delivered: dict[str, float] = {}  # when this process last counted a mail of a client
        self._pendingLock = threading.Lock()

    @abstractmethod
    def decide(self, triple: Triple, rules: Rules, now: float) -> Decision:
        """Return the decision, which is remembered already. May raise Later.

        Regulars are asked for only if `rules.client_passes` is set.
        """

    def countDelivery(self, client: str, rules: Rules, now: float) -> None:
        """Count a mail of a client that the real server has accepted; see Rules.afterDelivery.

        Nothing waits for it. It may be lost if the process is killed.
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
        """Do so in the store, whose record decides."""

    @abstractmethod
    def remember(self, known: Iterable[tuple[Triple, Record]], rules: Rules) -> int:
        """Add what was known elsewhere to what is known here -> how many were given."""

    @abstractmethod
    def find(self, text: str) -> Iterator[tuple[Triple, Record]]:
        """All that is known of triples of which a part has this text in it, in no order."""

    def known(self) -> Iterator[tuple[Triple, Record]]:
        """All triples that are known. Another's decisions meanwhile may or may not be seen."""
        return self.find("")

    @abstractmethod
    def regulars(self) -> Iterator[tuple[str, Regular]]:
        """Yield the clients of which mails have counted while `client_passes` was set."""

    @abstractmethod
    def forget(self, *triples: Triple) -> int:
        """Make strangers of them -> how many were known."""

    @abstractmethod
    def forgetClient(self, client: str) -> int:
        """Forget each triple of a client, and the regular -> how many triples that were."""

    @abstractmethod
    def counts(self) -> Counts:
        """Looks at every record: for a person who asks, not for an event loop."""

    @abstractmethod
    def expire(self, rules: Rules, now: float) -> int:
        """Forget what counts no more -> how many triples that were.

        Looks at every record. Stores that several share do it by themselves as well.
        """

    @abstractmethod
    def addEntry(self, entry: StoreEntry) -> None:
        """Add an entry, in place of any other of the same kind and text."""

    @abstractmethod
    def removeEntry(self, kind: str, what: str) -> bool:
        """Whether there was one."""

    @abstractmethod
    def entries(self) -> list[StoreEntry]:
        """All entries, also those whose time is over."""

    def readEntries(self) -> list[StoreEntry]:
        """Return entries(). May be called in any thread, unlike all else."""
        return self.entries()

    @abstractmethod
    def hasManyEntries(self) -> bool:
        """Return whether there are more than MANY_ENTRIES. Cheap to ask."""

    @abstractmethod
    def entriesVersion(self) -> int:
        """Another number than before when the entries are other ones; cheap to ask."""

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter. Written now and then, and on flush and close."""
        with self._pendingLock:
            isFirst = not self._pending
            self._pending[name] = self._pending.get(name, 0) + by
        if isFirst:
            self.hasPending()

    def hasPending(self) -> None:
        """There are counters to write. Called with the first of them, maybe in a thread."""

    @abstractmethod
    def flush(self) -> None:
        """Write the counters."""

    @abstractmethod
    def counters(self) -> dict[str, int]:
        """All counters of all processes, as far as these have been written."""

    @abstractmethod
    def close(self) -> None:
        """Write what is to be written, and let go. May be called again."""

    def isReplaced(self) -> bool:
        """Return whether what was opened is gone or is another one now. Cheap to ask."""
        return False

    def abandon(self) -> dict[str, int]:
        """Let go of what was opened, without writing to it -> counters that were not written."""
        return self._takePending()

    async def waitForClose(self) -> None:
        """After close(), in an event loop: until what is under way has ended."""

    def _checkProcess(self) -> None:
        if self._process != thisProcess():
            raise RuntimeError(
                "this store was opened before the process was forked, and belongs to the parent:"
                " open it anew in each worker"
            )

    def _takePending(self) -> dict[str, int]:
        with self._pendingLock:
            taken, self._pending = self._pending, {}
        return taken

    def _giveBack(self, taken: dict[str, int]) -> None:
        for name, by in taken.items():
            self.count(name, by)


@cache
def thisProcess() -> int:
    """The number of this process, which the kernel is not asked for each time."""
    return os.getpid()


os.register_at_fork(after_in_child=thisProcess.cache_clear)


def checkEntry(entry: StoreEntry) -> None:
    """Raises ValueError where an entry says nothing that could be heeded."""
    if entry.verdict not in VERDICTS:
        raise ValueError(f"an entry says one of {', '.join(VERDICTS)}, and not {entry.verdict!r}")
    if entry.kind not in KINDS:
        raise ValueError(f"an entry is about one of {', '.join(KINDS)}, and not {entry.kind!r}")
    if not entry.what:
        raise ValueError(f"an entry without a {entry.kind}")


def merge(ours: Record | None, theirs: Record) -> Record:
    """What two who have watched the same triple know together."""
    if ours is None:
        return theirs
    times = [record.passed for record in (ours, theirs) if record.passed is not None]
    if not times:
        return max(ours, theirs, key=lambda record: record.seen)
    return Record(min(ours.seen, theirs.seen), max(times), max(ours.passes, theirs.passes))


def isExpired(known: Record | Regular, rules: Rules, now: float) -> bool:
    """Whether it counts no more; told as Rules.decide tells it, to the last bit."""
    if isinstance(known, Regular):
        return now - known.last > rules.max_grey
    if known.passed is None:
        return now - known.seen > rules.max_defer_time
    return now - known.passed > rules.max_grey


def isOver(entry: StoreEntry, now: float) -> bool:
    """Whether an entry's time is over."""
    return entry.until is not None and entry.until <= now
