"""One decision on the file of a store: look, decide, write if it is still so.

Example usage::

    decision = decideOnce(connection, triple, rules, now)
    if decision is None:
        ...  # another was faster: ask again

How does it work?

Looking is one statement, so that what it finds of a triple and of its client was true at one
time. Writing is one statement with what was found as its condition. Of the client, a decision
asks only whether it is a regular.

Most who knock are strangers from strangers' networks. So they are tried first: one statement
adds them where nothing is known of triple or client, which spares them the looking.
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
ADD_STRANGER = """
    INSERT INTO triple SELECT ?, ?, ?, ?, ?, ?
    WHERE NOT EXISTS (SELECT 1 FROM regular WHERE client = ?) ON CONFLICT DO NOTHING"""
CHANGE = f"""
    UPDATE triple SET seen = ?, passed = ?, passes = ?
    WHERE {IS_TRIPLE} AND seen = ? AND passed IS ? AND passes = ?"""
LOOK_AT_REGULAR = "SELECT passes, last FROM regular WHERE client = ?"
ADD_REGULAR = "INSERT INTO regular VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
CHANGE_REGULAR = """
    UPDATE regular SET passes = ?, last = ? WHERE client = ? AND passes = ? AND last = ?"""


def decideOnce(
    connection: sqlite3.Connection, triple: Triple, rules: Rules, now: float
) -> Decision | None:
    """The decision, written; None where another wrote meanwhile."""
    decision = decide(None, None, rules, now)
    if decision.record is not None and _addStranger(connection, triple, decision.record):
        return decision
    record, regular = look(connection, triple, rules)
    decision = decide(record, regular, rules, now)
    isDone = decision.record is None or write(connection, triple, record, decision.record)
    return decision if isDone else None


def countOnce(connection: sqlite3.Connection, client: str, rules: Rules, now: float) -> bool:
    """Return whether a delivered mail was counted; False if another wrote meanwhile."""
    found = connection.execute(LOOK_AT_REGULAR, (client,)).fetchone()
    old = found and Regular._make(found)
    new = afterDelivery(old, rules, now)
    return new is None or writeRegular(connection, client, old, new)


def _addStranger(connection: sqlite3.Connection, triple: Triple, new: Record) -> bool:
    """Whether nothing was known of it, and this is now."""
    return connection.execute(ADD_STRANGER, (*triple, *new, triple.client)).rowcount == 1


def look(
    connection: sqlite3.Connection, triple: Triple, rules: Rules
) -> tuple[Record | None, Regular | None]:
    """What is known of a triple, and of its client where the rules ask for that."""
    if not rules.client_passes:
        found = connection.execute(LOOK, triple).fetchone()
        return found and Record._make(found), None
    found = connection.execute(LOOK_AT_BOTH, (*triple, triple.client)).fetchone()
    seen, passed, passes, ofClient, last = found
    record = None if seen is None else Record(seen, passed, passes)
    return record, None if last is None else Regular(ofClient, last)


def write(connection: sqlite3.Connection, triple: Triple, old: Record | None, new: Record) -> bool:
    """Whether the old record was still there, and the new one is now."""
    if old is None:
        return connection.execute(ADD, (*triple, *new)).rowcount == 1
    return connection.execute(CHANGE, (*new, *triple, *old)).rowcount == 1


def writeRegular(
    connection: sqlite3.Connection, client: str, old: Regular | None, new: Regular
) -> bool:
    """Whether the old one was still there, and the new one is now."""
    if old is None:
        return connection.execute(ADD_REGULAR, (client, *new)).rowcount == 1
    return connection.execute(CHANGE_REGULAR, (*new, client, *old)).rowcount == 1
