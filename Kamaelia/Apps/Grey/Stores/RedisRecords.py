"""The methods of the store in Redis other than decisions. They wait for the server.

Example usage::

    for triple, record in store.find("@example.com"):
        store.forget(triple)

How does it work?

Each record is a key with a time to live. SCAN finds the records; a record that changes during a
scan may appear twice or not at all. Entries and counters are hashes, and the version of the
entries is a number. Each command waits up to a second.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from Kamaelia.Support.Greylist.Rules import Record, Regular, Rules, Triple, afterDelivery

from .RedisBatch import (
    PREFIX,
    REGULARS,
    TRIPLES,
    VERSION,
    WRITE,
    clientOf,
    endOf,
    keyOf,
    keyOfClient,
    recordOf,
    regularOf,
    tripleOf,
    valueOf,
)
from .RedisConnection import RedisConnection
from .Store import (
    MANY_ENTRIES,
    Counts,
    Store,
    StoreEntry,
    StoreFailed,
    checkEntry,
    isExpired,
    isOver,
    merge,
    mergeClient,
)

ENTRIES = f"{PREFIX}entries"
COUNTERS = f"{PREFIX}counters"
BATCH = 500  # keys in one message

Known = TypeVar("Known", Record, Regular)
Merge = Callable[[str | None, Known], Known]  # a stored value, and a record from elsewhere

#: Delete the keys whose values have not changed.
DELETE = """
local gone = 0
for i = 1, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[i] then gone = gone + redis.call('DEL', KEYS[i]) end
end
return gone
"""
ADD_ENTRY = "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return redis.call('INCR', KEYS[2])"
REMOVE_ENTRY = """
local gone = redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('INCRBY', KEYS[2], gone)
return gone
"""
ADD_COUNTERS = """
for i = 1, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
"""


class RedisRecords(Store):
    """RedisRecords(url) -> a store that connects when it is first used."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.link = RedisConnection(url)

    def __repr__(self) -> str:
        return f"<the store {self.link.name}>"

    def _ask(self, *command: str | float) -> Any:
        self._checkProcess()
        return self.link.sendNow(*command)

    def remember(self, known: Iterable[tuple[Triple, Record]], rules: Rules) -> int:
        """See Store."""
        pairs = ((keyOf(triple), record) for triple, record in known)
        return self._inBatches(pairs, rules, lambda ours, record: merge(recordOf(ours), record))

    def rememberClients(self, known: Iterable[tuple[str, Regular]], rules: Rules) -> int:
        """See Store."""
        pairs = ((keyOfClient(client), regular) for client, regular in known)
        return self._inBatches(pairs, rules, lambda ours, new: mergeClient(regularOf(ours), new))

    def _inBatches(
        self, pairs: Iterable[tuple[str, Known]], rules: Rules, merge: Merge[Known]
    ) -> int:
        """Merge records into those with the same keys; return their number."""
        given, source = 0, iter(pairs)
        while batch := list(islice(source, BATCH)):
            given += len(batch)
            while batch:
                batch = self._merge(batch, rules, merge)
        return given

    def _merge(
        self, batch: list[tuple[str, Known]], rules: Rules, merge: Merge[Known]
    ) -> list[tuple[str, Known]]:
        """Merge a batch; return the records that another process changed meanwhile."""
        known = self._ask("MGET", *[key for key, _ in batch])
        done = self._ask(*recordsToWrite(batch, known, rules, merge))
        return [pair for pair, isDone in zip(batch, done, strict=True) if not isDone]

    def find(self, text: str) -> Iterator[tuple[Triple, Record]]:
        """See Store."""
        for key, value in self._scan(TRIPLES):
            triple, record = tripleOf(key), recordOf(value)
            if record is not None and any(text in part for part in triple):
                yield triple, record

    def regulars(self) -> Iterator[tuple[str, Regular]]:
        """See Store."""
        for key, value in self._scan(REGULARS):
            regular = regularOf(value)
            if regular is not None:
                yield clientOf(key), regular

    def _scan(self, start: str) -> Iterator[tuple[str, str]]:
        """Yield the keys with this beginning, and their values."""
        pattern = "".join(f"\\{sign}" if sign in "*?[]\\^-" else sign for sign in start) + "*"
        cursor = "0"
        while True:
            cursor, keys = self._ask("SCAN", cursor, "MATCH", pattern, "COUNT", BATCH)
            if keys:
                for key, value in zip(keys, self._ask("MGET", *keys), strict=True):
                    if value is not None:
                        yield key, value
            if int(cursor) == 0:
                return

    def forget(self, *triples: Triple) -> int:
        """See Store."""
        gone = 0
        for first in range(0, len(triples), BATCH):
            keys = [keyOf(triple) for triple in triples[first : first + BATCH]]
            gone += self._ask("DEL", *keys)
        return gone

    def forgetClient(self, client: str) -> int:
        """See Store."""
        self._ask("DEL", keyOfClient(client))
        start = keyOf(Triple(client, "", "")).removesuffix('"", ""]')
        return self.forget(*[tripleOf(key) for key, _ in self._scan(start)])

    def counts(self) -> Counts:
        """See Store."""
        numbers = {False: 0, True: 0}
        for _, record in self.known():
            numbers[record.passed is not None] += 1
        return Counts(numbers[False], numbers[True], sum(1 for _ in self.regulars()))

    def expire(self, rules: Rules, now: float) -> int:
        """See Store. Redis deletes expired records as well, some time later."""
        for entry in self.entries():
            if isOver(entry, now):
                self.removeEntry(entry.kind, entry.what)
        self._deleteExpired(REGULARS, rules, now)
        return self._deleteExpired(TRIPLES, rules, now)

    def _deleteExpired(self, start: str, rules: Rules, now: float) -> int:
        gone, parse = 0, regularOf if start == REGULARS else recordOf
        found = self._scan(start)
        while batch := dict(islice(found, BATCH)):
            parsed = {key: parse(value) for key, value in batch.items()}
            over = [key for key, it in parsed.items() if it and isExpired(it, rules, now)]
            if over:
                gone += self._ask("EVAL", DELETE, len(over), *over, *[batch[key] for key in over])
        return gone

    def addEntry(self, entry: StoreEntry) -> None:
        """See Store."""
        checkEntry(entry)
        field, value = json.dumps([entry.kind, entry.what]), json.dumps(entry)
        self._ask("EVAL", ADD_ENTRY, 2, ENTRIES, VERSION, field, value)

    def removeEntry(self, kind: str, what: str) -> bool:
        """See Store."""
        field = json.dumps([kind, what])
        return bool(self._ask("EVAL", REMOVE_ENTRY, 2, ENTRIES, VERSION, field))

    def entries(self) -> list[StoreEntry]:
        """See Store."""
        return self._entriesOf(self._ask("HVALS", ENTRIES))

    def _entriesOf(self, values: list[str]) -> list[StoreEntry]:
        try:
            return [StoreEntry(*json.loads(value)) for value in values]
        except (TypeError, ValueError) as error:
            raise StoreFailed(
                f"the entries in the store {self.link.name} are damaged ({error}): delete the"
                f" key {ENTRIES}, and add them again"
            ) from None

    def readEntries(self) -> list[StoreEntry]:
        """See Store."""
        link = RedisConnection(self.link.url)
        try:
            return self._entriesOf(link.sendNow("HVALS", ENTRIES))
        finally:
            link.close()

    def hasManyEntries(self) -> bool:
        """See Store."""
        return int(self._ask("HLEN", ENTRIES)) > MANY_ENTRIES

    def entriesVersion(self) -> int:
        """See Store."""
        return int(self._ask("GET", VERSION) or 0)

    def flush(self) -> None:
        """See Store."""
        taken = self._takePending()
        try:
            if taken:
                self._ask(*countersToAdd(taken))
        except StoreFailed:
            self._giveBack(taken)
            raise

    def counters(self) -> dict[str, int]:
        """See Store."""
        self.flush()
        return countersOf(self._ask("HGETALL", COUNTERS))

    def close(self) -> None:
        """See Store."""
        if self.isInherited:
            return
        try:
            RedisRecords.flush(self)
        finally:
            self.link.close()


def recordsToWrite(
    batch: Sequence[tuple[str, Known]],
    values: Sequence[str | None],
    rules: Rules,
    merge: Merge[Known],
) -> list[str | int]:
    """Return the command that merges records with the stored values, if these are still the same.

    Its reply has a number for each record: 0 if another process has changed it.
    """
    keys: list[str] = [key for key, _ in batch]
    known: dict[str, str | None] = dict(zip(keys, values, strict=True))
    arguments: list[str | int] = []
    for key, record in batch:
        merged = merge(known[key], record)
        arguments += (known[key] or "", valueOf(merged), endOf(merged, rules), 1)
        known[key] = valueOf(merged)
    return ["EVAL", WRITE, len(keys), *keys, *arguments]


def countersToAdd(taken: dict[str, int]) -> list[str | int]:
    """Return the command that adds to the counters."""
    pairs = [part for pair in taken.items() for part in pair]
    return ["EVAL", ADD_COUNTERS, 1, COUNTERS, *pairs]


def deliveryToWrite(key: str, known: str | None, rules: Rules, now: float) -> list[str | int]:
    """Return the command that counts a mail of a client if `known` is still stored."""
    old = regularOf(known)
    new = afterDelivery(old, rules, now)
    if new is None and old is not None:
        return ["EVAL", WRITE, 1, key, known or "", known or "", endOf(old, rules), 1]
    assert new is not None
    return ["EVAL", WRITE, 1, key, known or "", valueOf(new), endOf(new, rules), 1]


def countersOf(answer: dict[str, str]) -> dict[str, int]:
    """Return the counters in a reply."""
    return {name: int(value) for name, value in answer.items()}
