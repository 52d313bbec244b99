"""Files that earlier versions wrote: what is changed in them when they are opened.

Example usage::

    migrate(connection, SCHEMA)

How does it work?

Schema 2 has other keys for mailboxes: without needless quotes, the domain as A-labels. Only
records whose keys may differ are looked at closely, and all of them change in one transaction.
So a process that is killed meanwhile leaves the file as it was, and of several processes that
open a file at the same time one changes it.
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
    """Bring the file to this schema, if it has an older one. Raise sqlite3.Error."""
    if versionOf(connection) >= schema:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if versionOf(connection) < schema:  # no other process has done it meanwhile
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
    """Give each triple its key of today. Two that become one are merged."""
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
