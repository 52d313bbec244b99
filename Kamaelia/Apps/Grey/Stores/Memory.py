"""A store in memory, for tests and demonstrations.

Example usage::

    store = MemoryStore(limit=1000)
    store.decide(triple, rules, now).isAccepted

How does it work?

Triples and clients are in two OrderedDicts, by the time of their last change: a dict would search
for its first item behind those that were deleted. At the limit the oldest record is dropped, so
memory is bounded. The records end with the process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from Kamaelia.Support.Greylist import Rules as greylist
from Kamaelia.Support.Greylist.Rules import Decision, Record, Regular, Rules, Triple

from .Store import (
    MANY_ENTRIES,
    Counts,
    Store,
    StoreEntry,
    checkEntry,
    isExpired,
    isOver,
    merge,
    mergeClient,
)

Key = TypeVar("Key")
Value = TypeVar("Value")


class MemoryStore(Store):
    """MemoryStore(limit=n) -> a store of at most n triples and n clients."""

    def __init__(self, limit: int = 100_000) -> None:
        super().__init__()
        if limit < 1:
            raise ValueError("the limit of a store in memory must be at least 1")
        self.limit = limit
        self._triples: OrderedDict[Triple, Record] = OrderedDict()
        self._regulars: OrderedDict[str, Regular] = OrderedDict()
        self._entries: dict[tuple[str, str], StoreEntry] = {}
        self._version = 0
        self._counters: dict[str, int] = {}

    def decide(self, triple: Triple, rules: Rules, now: float) -> Decision:
        """See Store."""
        self._checkProcess()
        regular = self._regulars.get(triple.client) if rules.client_passes else None
        decision = greylist.decide(self._triples.get(triple), regular, rules, now)
        if decision.record is not None:
            self._put(self._triples, triple, decision.record)
        return decision

    def _countDelivery(self, client: str, rules: Rules, now: float) -> None:
        """See Store."""
        regular = greylist.afterDelivery(self._regulars.get(client), rules, now)
        if regular is not None:
            self._put(self._regulars, client, regular)

    def _revoke(self, client: str) -> None:
        """See Store."""
        self._regulars.pop(client, None)

    def _put(self, where: OrderedDict[Key, Value], key: Key, value: Value) -> None:
        where[key] = value
        where.move_to_end(key)
        if len(where) > self.limit:
            where.popitem(last=False)

    def remember(self, known: Iterable[tuple[Triple, Record]], rules: Rules) -> int:
        """See Store."""
        given = 0
        for triple, record in known:
            self._put(self._triples, triple, merge(self._triples.get(triple), record))
            given += 1
        return given

    def rememberClients(self, known: Iterable[tuple[str, Regular]], rules: Rules) -> int:
        """See Store."""
        given = 0
        for client, regular in known:
            self._put(self._regulars, client, mergeClient(self._regulars.get(client), regular))
            given += 1
        return given

    def find(self, text: str) -> Iterator[tuple[Triple, Record]]:
        """See Store."""
        for triple, record in list(self._triples.items()):
            if any(text in part for part in triple):
                yield triple, record

    def regulars(self) -> Iterator[tuple[str, Regular]]:
        """See Store."""
        yield from list(self._regulars.items())

    def forget(self, *triples: Triple) -> int:
        """See Store."""
        return sum(self._triples.pop(triple, None) is not None for triple in triples)

    def forgetClient(self, client: str) -> int:
        """See Store."""
        self._regulars.pop(client, None)
        return self.forget(*[triple for triple in self._triples if triple.client == client])

    def counts(self) -> Counts:
        """See Store."""
        passed = sum(record.passed is not None for record in self._triples.values())
        return Counts(len(self._triples) - passed, passed, len(self._regulars))

    def expire(self, rules: Rules, now: float) -> int:
        """See Store."""
        for entry in self.entries():
            if isOver(entry, now):
                self.removeEntry(entry.kind, entry.what)
        for client, regular in self.regulars():
            if isExpired(regular, rules, now):
                del self._regulars[client]
        over = [triple for triple, record in self.known() if isExpired(record, rules, now)]
        return self.forget(*over)

    def addEntry(self, entry: StoreEntry) -> None:
        """See Store."""
        checkEntry(entry)
        self._entries[entry.kind, entry.what] = entry
        self._version += 1

    def removeEntry(self, kind: str, what: str) -> bool:
        """See Store."""
        wasThere = self._entries.pop((kind, what), None) is not None
        self._version += wasThere
        return wasThere

    def entries(self) -> list[StoreEntry]:
        """See Store."""
        return list(self._entries.values())

    def hasManyEntries(self) -> bool:
        """See Store."""
        return len(self._entries) > MANY_ENTRIES

    def entriesVersion(self) -> int:
        """See Store."""
        return self._version

    def flush(self) -> None:
        """See Store."""
        for name, by in self._takePending().items():
            self._counters[name] = self._counters.get(name, 0) + by

    def counters(self) -> dict[str, int]:
        """See Store."""
        self.flush()
        return dict(self._counters)

    def close(self) -> None:
        """See Store."""
        self._triples.clear()
        self._regulars.clear()
