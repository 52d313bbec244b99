"""One decision in an SQLite file: read, decide, and write if the record has not changed.

Example usage::

    cursor, recent = connection.cursor(), set()
    decision = decideOnce(cursor, triple, rules, now, recent)
    if decision is None:
        ...  # another process changed the record: repeat

How does it work?

One statement reads the records of the triple and its client, so they are consistent. Another
statement writes, with the values that were read as its condition.

Most triples are new and from unknown clients. So a decision first tries one statement that adds
the triple if neither it nor its client has a record. Then it need not read. A triple about which
this process has decided lately has a record, and is read first.

All statements use one cursor, because the sqlite3 module takes long to create one for each. Rows
are fetched by fetchall(): a statement that has not come to its end holds a lock.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from Kamaelia.Support.Greylist.Rules import (
    Decision,
    Record,
    Regular,
    Rules,
    Triple,
    afterDelivery,
    decide,
)

IS_TRIPLE: Final = "client = ? AND sender = ? AND recipient = ?"
LOOK: Final = f"SELECT seen, passed, passes FROM triple WHERE {IS_TRIPLE}"
# A join of both takes a third longer
LOOK_AT_BOTH: Final = """
    SELECT TRUE, seen, passed, passes FROM triple
    WHERE client = ?1 AND sender = ?2 AND recipient = ?3
    UNION ALL SELECT FALSE, last, NULL, passes FROM regular WHERE client = ?1"""
ADD: Final = "INSERT INTO triple VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
# A known client makes the key NULL, which the table does not take. The row of an INSERT ... SELECT
# ... WHERE NOT EXISTS goes through a coroutine and a journal of the statement.
ADD_NEW_TRIPLE: Final = """
    INSERT OR IGNORE INTO triple VALUES (
        CASE WHEN EXISTS (SELECT 1 FROM regular WHERE client = ?1) THEN NULL ELSE ?1 END,
        ?2, ?3, ?4, NULL, 0)"""
CHANGE: Final = f"""
    UPDATE triple SET seen = ?, passed = ?, passes = ?
    WHERE {IS_TRIPLE} AND seen = ? AND passed IS ? AND passes = ?"""
LOOK_AT_REGULAR: Final = "SELECT passes, last FROM regular WHERE client = ?"
FORGET_REGULAR: Final = "DELETE FROM regular WHERE client = ?"
ADD_REGULAR: Final = "INSERT INTO regular VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
MOST_RECENT: Final = 20_000  # triples that a process remembers as decided
CHANGE_REGULAR: Final = """
    UPDATE regular SET passes = ?, last = ? WHERE client = ? AND passes = ? AND last = ?"""


def decideOnce(
    cursor: sqlite3.Cursor, triple: Triple, rules: Rules, now: float, recent: set[int]
) -> Decision | None:
    """Return the decision after writing it, or None if the record has changed meanwhile.

    recent: the hashes of triples that probably have a record.
    """
    known = hash(triple)
    if known not in recent:
        if len(recent) >= MOST_RECENT:
            recent.clear()
        recent.add(known)
        decision = decide(None, None, rules, now)
        if decision.record is not None and _addNewTriple(cursor, triple, decision.record.seen):
            return decision
    record, regular = look(cursor, triple, rules)
    decision = decide(record, regular, rules, now)
    isDone = decision.record is None or write(cursor, triple, record, decision.record)
    return decision if isDone else None


def countOnce(cursor: sqlite3.Cursor, client: str, rules: Rules, now: float) -> bool:
    """Return whether a delivered mail was counted; False if the record has changed meanwhile."""
    found = cursor.execute(LOOK_AT_REGULAR, (client,)).fetchall()
    old = Regular._make(found[0]) if found else None
    new = afterDelivery(old, rules, now)
    return new is None or writeRegular(cursor, client, old, new)


def _addNewTriple(cursor: sqlite3.Cursor, triple: Triple, seen: float) -> bool:
    """Add a triple that has not passed; return False if it or its client has a record."""
    return cursor.execute(ADD_NEW_TRIPLE, (*triple, seen)).rowcount == 1


def look(
    cursor: sqlite3.Cursor, triple: Triple, rules: Rules
) -> tuple[Record | None, Regular | None]:
    """Return the records of a triple, and of its client if the rules use it."""
    if not rules.client_passes:
        found = cursor.execute(LOOK, triple).fetchall()
        return Record._make(found[0]) if found else None, None
    record: Record | None = None
    regular: Regular | None = None
    for isOfTriple, at, passed, passes in cursor.execute(LOOK_AT_BOTH, (*triple,)).fetchall():
        if isOfTriple:
            record = Record(at, passed, passes)
        else:
            regular = Regular(passes, at)
    return record, regular


def write(cursor: sqlite3.Cursor, triple: Triple, old: Record | None, new: Record) -> bool:
    """Write a record; return False if the old one has changed."""
    if old is None:
        return cursor.execute(ADD, (*triple, *new)).rowcount == 1
    return cursor.execute(CHANGE, (*new, *triple, *old)).rowcount == 1


def writeRegular(cursor: sqlite3.Cursor, client: str, old: Regular | None, new: Regular) -> bool:
    """Write the record of a client; return False if the old one has changed."""
    if old is None:
        return cursor.execute(ADD_REGULAR, (client, *new)).rowcount == 1
    return cursor.execute(CHANGE_REGULAR, (*new, client, *old)).rowcount == 1
