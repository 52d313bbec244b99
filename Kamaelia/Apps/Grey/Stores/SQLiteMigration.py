"""Upgrades the files of earlier versions when they are opened.

Example usage::

    migrate(connection, SCHEMA)

How does it work?

Keys of mailboxes in schema 2 have no unnecessary quotes, and their domains are A-labels. Only
records whose keys may differ are examined, and they change in one transaction. So a process
that is killed meanwhile leaves the file unchanged, and only one of several processes upgrades it.
"""

from __future__ import annotations

import sqlite3

from Kamaelia.Support.Greylist.Keys import currentKey
from Kamaelia.Support.Greylist.Rules import Record

from .Store import merge

IS_ODD = " OR ".join(
    f"instr({part}, char(34)) OR instr({part}, '[ipv6:') OR {part} GLOB '*[^ -~]*'"
    for part in ("sender", "recipient")
)
ODD = f"SELECT client, sender, recipient, seen, passed, passes FROM triple WHERE {IS_ODD}"
IS_TRIPLE = "client = ? AND sender = ? AND recipient = ?"


def migrate(connection: sqlite3.Connection, schema: int) -> None:
    """Upgrade a file with an older schema. Raise sqlite3.Error."""
    if versionOf(connection) >= schema:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if versionOf(connection) < schema:  # no other process has upgraded it
            renameMailboxes(connection)
            connection.execute(f"PRAGMA user_version = {schema:d}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def versionOf(connection: sqlite3.Connection) -> int:
    """Return the number of the file's schema."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def renameMailboxes(connection: sqlite3.Connection) -> None:
    """Give each triple its current key. Merge triples that get the same key."""
    for client, sender, recipient, *known in connection.execute(ODD).fetchall():
        old, new = (client, sender, recipient), (client, currentKey(sender), currentKey(recipient))
        if new == old:
            continue
        there = connection.execute(
            f"SELECT seen, passed, passes FROM triple WHERE {IS_TRIPLE}", new
        ).fetchone()
        record = merge(there and Record._make(there), Record._make(known))
        connection.execute(f"DELETE FROM triple WHERE {IS_TRIPLE}", old)
        connection.execute("REPLACE INTO triple VALUES (?, ?, ?, ?, ?, ?)", (*new, *record))
