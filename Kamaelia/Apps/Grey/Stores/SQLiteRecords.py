"""The methods of the store in SQLite other than decisions.

Example usage::

    for triple, record in store.find("@example.com"):
        store.forget(triple)

How does it work?

Readers read a slice at a time and hold no lock in between, so a slow reader does not prevent the
restart of the write-ahead log. Writers use short transactions, and wait up to PATIENCE seconds
for the lock.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from Kamaelia.Support.Greylist.Rules import Record, Regular, Rules, Triple

from .SQLiteDecision import FORGET_REGULAR, IS_TRIPLE, LOOK, LOOK_AT_REGULAR
from .SQLiteExpiry import REGULARS, TRIPLES, RowKey, Table, endOfSlice, expireSlice
from .SQLiteFile import explain, explained, identityOf, isBusy, openFile
from .SQLiteMaintenance import SQLiteMaintenance
from .Store import (
    MANY_ENTRIES,
    Counts,
    Store,
    StoreEntry,
    StoreFailed,
    checkEntry,
    merge,
    mergeClient,
)

PATIENCE = 2.0  # seconds to wait for a lock
RETRY = 0.002  # seconds between two attempts
ALL_ENTRIES = "SELECT * FROM entry"
BATCH = 500  # records in one transaction, which takes about 2 ms
ADD_TO_COUNTER = """
    INSERT INTO counter VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value"""
HAS_TEXT = "(instr(client, ?) OR instr(sender, ?) OR instr(recipient, ?))"

Result = TypeVar("Result")
Known = TypeVar("Known")


class SQLiteRecords(Store):
    """SQLiteRecords(path) -> opens the file, and creates it if it does not exist."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self._isClosed = False
        self._sql = openFile(path)
        self._identity = identityOf(path)
        self._writing = threading.Lock()  # held while counters are written
        self.maintenance = SQLiteMaintenance(path, self._writeCounters, self.count)

    def __repr__(self) -> str:
        return f"<the store {self.path}>"

    def _do(self, work: Callable[[], Result]) -> Result:
        """Call work(); repeat it while the file is locked. Return its result."""
        self._checkProcess()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return work()
            except sqlite3.Error as error:
                if not isBusy(error):
                    raise explain(self.path, error) from error
                if time.monotonic() > deadline:
                    raise self._isLocked() from error
            time.sleep(RETRY)

    def _isLocked(self) -> StoreFailed:
        return StoreFailed(
            f"the store {self.path} is locked: another process has been writing to it for more"
            f" than {PATIENCE:g} seconds; find out which"
        )

    def _transact(self, work: Callable[[], Result]) -> Result:
        """Call work() in a transaction and return its result."""

        def transact() -> Result:
            self._sql.execute("BEGIN IMMEDIATE")
            with self._sql:
                return work()

        return self._do(transact)

    def remember(self, known: Iterable[tuple[Triple, Record]], rules: Rules) -> int:
        """See Store."""
        return self._inBatches(self._merge, known)

    def rememberClients(self, known: Iterable[tuple[str, Regular]], rules: Rules) -> int:
        """See Store."""
        return self._inBatches(self._mergeClients, known)

    def _inBatches(self, merge: Callable[[list[Known]], None], known: Iterable[Known]) -> int:
        """Call merge() in transactions with all that is known; return its number."""
        given, source = 0, iter(known)
        while batch := list(islice(source, BATCH)):
            self._transact(partial(merge, batch))
            given += len(batch)
        return given

    def _merge(self, batch: list[tuple[Triple, Record]]) -> None:
        for triple, record in batch:
            found = self._sql.execute(LOOK, triple).fetchone()
            merged = merge(found and Record._make(found), record)
            self._change("REPLACE INTO triple VALUES (?, ?, ?, ?, ?, ?)", *triple, *merged)

    def _mergeClients(self, batch: list[tuple[str, Regular]]) -> None:
        for client, regular in batch:
            found = self._sql.execute(LOOK_AT_REGULAR, (client,)).fetchone()
            merged = mergeClient(found and Regular._make(found), regular)
            self._change("REPLACE INTO regular VALUES (?, ?, ?)", client, *merged)

    def find(self, text: str) -> Iterator[tuple[Triple, Record]]:
        """See Store."""
        for row in self._rows(TRIPLES, HAS_TEXT if text else "TRUE", (text,) * 3 if text else ()):
            yield Triple._make(row[:3]), Record._make(row[3:])

    def regulars(self) -> Iterator[tuple[str, Regular]]:
        """See Store."""
        for client, *rest in self._rows(REGULARS, "TRUE", ()):
            yield client, Regular._make(rest)

    def _rows(
        self, table: Table, condition: str, values: tuple[str, ...]
    ) -> Iterator[tuple[Any, ...]]:
        after: RowKey | None = None
        while True:
            end = self._do(partial(endOfSlice, self._sql, table, after))
            where = f"{table.slice(after is not None, end is not None)} AND {condition}"
            bounds = (*(after or ()), *(end or ()))
            yield from self._ask(f"SELECT * FROM {table.name} WHERE {where}", *bounds, *values)
            if end is None:
                return
            after = end

    def forget(self, *triples: Triple) -> int:
        """See Store."""
        delete = f"DELETE FROM triple WHERE {IS_TRIPLE}"
        return self._transact(lambda: sum(self._change(delete, *triple) for triple in triples))

    def forgetClient(self, client: str) -> int:
        """See Store."""

        def forget() -> int:
            self._change(FORGET_REGULAR, client)
            return self._change("DELETE FROM triple WHERE client = ?", client)

        return self._transact(forget)

    def counts(self) -> Counts:
        """See Store."""
        ((total, passed),) = self._ask("SELECT count(*), count(passed) FROM triple")
        ((regulars,),) = self._ask("SELECT count(*) FROM regular")
        return Counts(total - passed, passed, regulars)

    def expire(self, rules: Rules, now: float) -> int:
        """See Store. The maintenance thread does the same, in slices."""
        self._transact(lambda: self._expireEntries(now))
        self._expireAll(REGULARS, rules, now)
        return self._expireAll(TRIPLES, rules, now)

    def _expireAll(self, table: Table, rules: Rules, now: float) -> int:
        gone = 0
        after: RowKey | None = None
        while True:
            after, deleted = self._do(partial(expireSlice, self._sql, table, after, rules, now))
            gone += deleted.all
            if deleted.waiting:
                self.count("expired", deleted.waiting)
            if after is None:
                return gone

    def _expireEntries(self, now: float) -> None:
        if self._change("DELETE FROM entry WHERE until <= ?", now):
            self._change("UPDATE version SET entries = entries + 1")

    def addEntry(self, entry: StoreEntry) -> None:
        """See Store."""
        checkEntry(entry)

        def add() -> None:
            self._change("REPLACE INTO entry VALUES (?, ?, ?, ?, ?)", *entry)
            self._change("UPDATE version SET entries = entries + 1")

        self._transact(add)

    def removeEntry(self, kind: str, what: str) -> bool:
        """See Store."""

        def remove() -> bool:
            wasThere = self._change("DELETE FROM entry WHERE kind = ? AND what = ?", kind, what)
            self._change("UPDATE version SET entries = entries + ?", wasThere)
            return wasThere > 0

        return self._transact(remove)

    def entries(self) -> list[StoreEntry]:
        """See Store."""
        return [StoreEntry._make(row) for row in self._ask(ALL_ENTRIES)]

    def readEntries(self) -> list[StoreEntry]:
        """See Store."""
        with closing(openFile(self.path)) as connection, explained(self.path):
            return [StoreEntry._make(row) for row in connection.execute(ALL_ENTRIES)]

    def hasManyEntries(self) -> bool:
        """See Store."""
        return bool(self._ask("SELECT 1 FROM entry LIMIT 1 OFFSET ?", MANY_ENTRIES))

    def entriesVersion(self) -> int:
        """See Store."""
        ((version,),) = self._ask("SELECT entries FROM version")
        return int(version)

    def hasPending(self) -> None:
        """See Store."""
        self.maintenance.wake()

    def flush(self) -> None:
        """See Store."""
        self._do(lambda: self._writeCounters(self._sql))

    def _writeCounters(self, connection: sqlite3.Connection) -> None:
        with self._writing:  # counters() waits for a write in progress
            taken = self._takePending()
            if not taken:
                return
            try:
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    connection.executemany(ADD_TO_COUNTER, taken.items())
            except sqlite3.Error:
                self._giveBack(taken)
                raise

    def counters(self) -> dict[str, int]:
        """See Store."""
        self.flush()
        return dict(self._ask("SELECT name, value FROM counter"))

    def close(self) -> None:
        """See Store."""
        if self._isClosed or self.isInherited:
            return
        self._isClosed = True
        self.maintenance.stop()
        try:
            self.flush()
        finally:
            self._sql.close()

    def isReplaced(self) -> bool:
        """See Store."""
        return identityOf(self.path) != self._identity

    def abandon(self) -> dict[str, int]:
        """See Store."""
        if not self._isClosed:
            self._isClosed = True
            self.maintenance.stop()
            with suppress(sqlite3.Error):
                self._sql.close()
        return self._takePending()

    def _ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        return self._do(lambda: self._sql.execute(question, values).fetchall())

    def _change(self, statement: str, *values: object) -> int:
        return self._sql.execute(statement, values).rowcount
