"""One decision in an SQLite file: read, decide, and write if the record has not changed.

Example usage::

    decision = decideOnce(connection, triple, rules, now)
    if decision is None:
        ...  # another process changed the record: repeat

How does it work?

One statement reads the records of the triple and its client, so they are consistent. Another
statement writes, with the values that were read as its condition.

Most triples are new and from unknown clients. So a decision first tries one statement that adds
the triple if neither it nor its client has a record. Then it need not read.
"""

from __future__ import annotations

import sqlite3

from Kamaelia.Support.Greylist.Rules import (
    Decision,
    Record,
    Regular,
    Rules,
    Triple,
    afterDelivery,
    decide,
)

IS_TRIPLE = "client = ? AND sender = ? AND recipient = ?"
LOOK = f"SELECT seen, passed, passes FROM triple WHERE {IS_TRIPLE}"
LOOK_AT_BOTH = f"""
    SELECT record.seen, record.passed, record.passes, regular.passes, regular.last
    FROM (SELECT 1)
    LEFT JOIN (SELECT seen, passed, passes FROM triple WHERE {IS_TRIPLE}) AS record
    LEFT JOIN (SELECT passes, last FROM regular WHERE client = ?) AS regular"""
ADD = "INSERT INTO triple VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
ADD_NEW_TRIPLE = """
    INSERT INTO triple SELECT ?, ?, ?, ?, ?, ?
    WHERE NOT EXISTS (SELECT 1 FROM regular WHERE client = ?) ON CONFLICT DO NOTHING"""
CHANGE = f"""
    UPDATE triple SET seen = ?, passed = ?, passes = ?
    WHERE {IS_TRIPLE} AND seen = ? AND passed IS ? AND passes = ?"""
LOOK_AT_REGULAR = "SELECT passes, last FROM regular WHERE client = ?"
FORGET_REGULAR = "DELETE FROM regular WHERE client = ?"
ADD_REGULAR = "INSERT INTO regular VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
CHANGE_REGULAR = """
    UPDATE regular SET passes = ?, last = ? WHERE client = ? AND passes = ? AND last = ?"""


def decideOnce(
    connection: sqlite3.Connection, triple: Triple, rules: Rules, now: float
) -> Decision | None:
    """Return the decision after writing it, or None if the record has changed meanwhile."""
    decision = decide(None, None, rules, now)
    if decision.record is not None and _addNewTriple(connection, triple, decision.record):
        return decision
    record, regular = look(connection, triple, rules)
    decision = decide(record, regular, rules, now)
    isDone = decision.record is None or write(connection, triple, record, decision.record)
    return decision if isDone else None


def countOnce(connection: sqlite3.Connection, client: str, rules: Rules, now: float) -> bool:
    """Return whether a delivered mail was counted; False if the record has changed meanwhile."""
    found = connection.execute(LOOK_AT_REGULAR, (client,)).fetchone()
    old = found and Regular._make(found)
    new = afterDelivery(old, rules, now)
    return new is None or writeRegular(connection, client, old, new)


def _addNewTriple(connection: sqlite3.Connection, triple: Triple, new: Record) -> bool:
    """Add a triple; return False if it or its client has a record."""
    return connection.execute(ADD_NEW_TRIPLE, (*triple, *new, triple.client)).rowcount == 1


def look(
    connection: sqlite3.Connection, triple: Triple, rules: Rules
) -> tuple[Record | None, Regular | None]:
    """Return the records of a triple, and of its client if the rules use it."""
    if not rules.client_passes:
        found = connection.execute(LOOK, triple).fetchone()
        return found and Record._make(found), None
    found = connection.execute(LOOK_AT_BOTH, (*triple, triple.client)).fetchone()
    seen, passed, passes, ofClient, last = found
    record = None if seen is None else Record(seen, passed, passes)
    return record, None if last is None else Regular(ofClient, last)


def write(connection: sqlite3.Connection, triple: Triple, old: Record | None, new: Record) -> bool:
    """Write a record; return False if the old one has changed."""
    if old is None:
        return connection.execute(ADD, (*triple, *new)).rowcount == 1
    return connection.execute(CHANGE, (*new, *triple, *old)).rowcount == 1


def writeRegular(
    connection: sqlite3.Connection, client: str, old: Regular | None, new: Regular
) -> bool:
    """Write the record of a client; return False if the old one has changed."""
    if old is None:
        return connection.execute(ADD_REGULAR, (client, *new)).rowcount == 1
    return connection.execute(CHANGE_REGULAR, (*new, client, *old)).rowcount == 1
