"""Which records of the file have expired, found and forgotten a slice at a time.

Example usage::

    after = None
    while True:
        after, swept = expireSlice(connection, TRIPLES, after, rules, now)
        if after is None:
            break

How does it work?

A slice is the next so many records in the order of the key. What has expired in it is
looked for without a lock; only where there is something, one statement finds it again and
deletes it. So a decision that renews a record at the same moment comes before, and the
record stays, or after, and it is written anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from Kamaelia.Support.Greylist.Rules import Rules

SLICE = 2_000  # records: half a millisecond, of which a lock is held for what there is to delete

RowKey = tuple[str, ...]


class Table(NamedTuple):
    """What a sweep has to know of a table."""

    name: str
    key: tuple[str, ...]
    isExpired: str  # as Rules.decide says it, to the last bit
    times: Callable[[Rules, float], tuple[float, ...]]  # what that asks for
    waiting: str  # what is counted as one that never came back

    def slice(self, hasStart: bool, hasEnd: bool) -> str:
        """The condition that picks a slice."""
        columns, marks = ", ".join(self.key), ", ".join("?" * len(self.key))
        start = f"({columns}) > ({marks})" if hasStart else "TRUE"
        end = f"({columns}) <= ({marks})" if hasEnd else "TRUE"
        return f"{start} AND {end}"


class ExpiredCounts(NamedTuple):
    """How many records have gone."""

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
    """Sweep the slice that comes after this key -> its last key, None where it was the last."""
    end = endOfSlice(connection, table, after)
    where = f"{table.slice(after is not None, end is not None)} AND {table.isExpired}"
    bounds = (*(after or ()), *(end or ()), *table.times(rules, now))
    found = f"SELECT count(*) FILTER (WHERE {table.waiting}), count(*) FROM {table.name}"
    swept = ExpiredCounts(*connection.execute(f"{found} WHERE {where}", bounds).fetchone())
    if swept.all:
        connection.execute(f"DELETE FROM {table.name} WHERE {where}", bounds)
    return end, swept


def endOfSlice(
    connection: sqlite3.Connection, table: Table, after: RowKey | None, size: int = SLICE
) -> RowKey | None:
    """The last key of a slice; None where it reaches to the end."""
    columns = ", ".join(table.key)
    rows = f"SELECT {columns} FROM {table.name} WHERE {table.slice(after is not None, False)}"
    paged = f"{rows} ORDER BY {columns} LIMIT 1 OFFSET {size - 1}"
    end: RowKey | None = connection.execute(paged, after or ()).fetchone()
    return end
