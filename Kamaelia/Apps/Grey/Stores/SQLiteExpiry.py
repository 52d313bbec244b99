"""Deletes the expired records of an SQLite file, a slice at a time.

Example usage::

    after = None
    while True:
        after, deleted = expireSlice(connection, TRIPLES, after, rules, now)
        if after is None:
            break

How does it work?

A slice is the next SLICE records in the order of the key. Expired records in it are searched
for without a lock. Only if there are any, one statement finds and deletes them. A concurrent
decision that renews such a record comes either before, so the record stays, or after, so the
record is written again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from Kamaelia.Support.Greylist.Rules import Rules

SLICE = 2_000  # records: takes half a millisecond, with a lock only while deleting

RowKey = tuple[str, ...]


class Table(NamedTuple):
    """What the expiry needs to know about a table."""

    name: str
    key: tuple[str, ...]
    isExpired: str  # a condition that compares exactly as Rules.decide
    times: Callable[[Rules, float], tuple[float, ...]]  # the parameters of that condition
    waiting: str  # a condition: the triple was never retried

    def slice(self, hasStart: bool, hasEnd: bool) -> str:
        """Return the condition that selects a slice."""
        columns, marks = ", ".join(self.key), ", ".join("?" * len(self.key))
        start = f"({columns}) > ({marks})" if hasStart else "TRUE"
        end = f"({columns}) <= ({marks})" if hasEnd else "TRUE"
        return f"{start} AND {end}"


class ExpiredCounts(NamedTuple):
    """The numbers of deleted records."""

    waiting: int
    all: int


TRIPLES = Table(
    "triple",
    ("client", "sender", "recipient"),
    "CASE WHEN passed IS NULL THEN ? - seen > ? ELSE ? - passed > ? END",
    lambda rules, now: (now, rules.max_defer_time, now, rules.max_grey),
    "passed IS NULL",
)
REGULARS = Table(
    "regular",
    ("client",),
    "? - last > ?",
    lambda rules, now: (now, rules.max_grey),
    "FALSE",
)
TABLES = (TRIPLES, REGULARS)


def expireSlice(
    connection: sqlite3.Connection, table: Table, after: RowKey | None, rules: Rules, now: float
) -> tuple[RowKey | None, ExpiredCounts]:
    """Delete the expired records of the slice after a key.

    Return the last key of the slice (None if it was the last slice) and the numbers.
    """
    end = endOfSlice(connection, table, after)
    where = f"{table.slice(after is not None, end is not None)} AND {table.isExpired}"
    bounds = (*(after or ()), *(end or ()), *table.times(rules, now))
    found = f"SELECT count(*) FILTER (WHERE {table.waiting}), count(*) FROM {table.name}"
    deleted = ExpiredCounts(*connection.execute(f"{found} WHERE {where}", bounds).fetchone())
    if deleted.all:
        connection.execute(f"DELETE FROM {table.name} WHERE {where}", bounds)
    return end, deleted


def endOfSlice(
    connection: sqlite3.Connection, table: Table, after: RowKey | None, size: int = SLICE
) -> RowKey | None:
    """Return the last key of a slice, or None if it is the last slice."""
    columns = ", ".join(table.key)
    rows = f"SELECT {columns} FROM {table.name} WHERE {table.slice(after is not None, False)}"
    paged = f"{rows} ORDER BY {columns} LIMIT 1 OFFSET {size - 1}"
    end: RowKey | None = connection.execute(paged, after or ()).fetchone()
    return end
