"""Opens and checks the file of an SQLite store, and explains its errors.

Example usage::

    connection = openFile("/var/lib/kamaelia-grey/grey.db")
    with explained(path):
        connection.execute("SELECT count(*) FROM triple")

How does it work?

`application_id` identifies our files, and `user_version` is the number of the schema. Records
are stored in the tree of the primary key, in the order of the triples. So the triples of one
client are in adjacent pages, and no other index is needed.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from Kamaelia.Apps.Grey.System.FileAccess import checkFolder, kindOf, mayAccess

from .SQLiteMigration import migrate
from .Store import StoreFailed

APPLICATION = 0x4B477279  # "KGry"
SCHEMA = 2  # 1: mailboxes were stored as the client sent them
OPENING = 5.0  # seconds to wait for other processes that open the file
#: Pages of 4 KiB in the write-ahead log. Above the first number, the maintenance thread restarts
#: the log; above the second, the next writer does, in case that thread has ended.
EMPTY_LOG_AT = 8_192
BOUND_OF_LOG = 24_576
#: KiB of pages that a connection keeps. In SQLite's 2 MiB, the inner pages of the tree of a million
#: triples have no room beside its leaves, so that each decision would read some of them again.
CACHE = 8_192

TABLES = """
CREATE TABLE IF NOT EXISTS triple (
    client TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
    seen REAL NOT NULL, passed REAL, passes INTEGER NOT NULL,
    PRIMARY KEY (client, sender, recipient)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS regular (
    client TEXT PRIMARY KEY NOT NULL, passes INTEGER NOT NULL, last REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
    verdict TEXT NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL, note TEXT NOT NULL, until REAL,
    PRIMARY KEY (kind, what)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS version (entries INTEGER NOT NULL);
INSERT INTO version SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM version);
"""

MOVE_AWAY = (
    "{} move it away together with its -wal and -shm files. A new file is created with the next"
    " mail, without a restart. `sqlite3 FILE .recover` may recover the old records"
)
WRITABLE = "the file and its folder must be writable by this user"
REPLACED = "the file was deleted or moved away: a new one is created with the next mail"
COLUMNS = {
    "triple": "client, sender, recipient, seen, passed, passes",
    "regular": "client, passes, last",
    "entry": "verdict, kind, what, note, until",
    "counter": "name, value",
    "version": "entries",
}

REMEDIES = {
    sqlite3.SQLITE_BUSY: "another process has locked it for too long",
    sqlite3.SQLITE_FULL: "free space on its disk; the store then works again without a restart",
    sqlite3.SQLITE_IOERR: "its disk is full, over quota, or broken: see the log of the system",
    sqlite3.SQLITE_READONLY: WRITABLE,
    sqlite3.SQLITE_PERM: WRITABLE,
    sqlite3.SQLITE_CANTOPEN: "its folder must exist and be writable by this user, for two more"
    " files beside it",
    sqlite3.SQLITE_CORRUPT: MOVE_AWAY.format("it is damaged:"),
    sqlite3.SQLITE_NOTADB: MOVE_AWAY.format(
        "it is not an SQLite file, or it is damaged: name another file, or"
    ),
    sqlite3.SQLITE_PROTOCOL: "its file system does not support locks: use a local one",
}


def openFile(path: str) -> sqlite3.Connection:
    """Return a connection that never waits for locks. Raise StoreFailed, which names the file."""
    try:
        _create(path)
    except OSError as error:
        reason = f"the store {path} cannot be opened: {error.strerror or error}"
        raise StoreFailed(f"{reason}; its folder must exist and be writable") from error
    with explained(path):
        connection = _connect(path)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def checkFile(path: str) -> None:
    """Raise StoreFailed if openFile() would, for the effective user of this process.

    Create neither the file nor a table.
    """
    if not kindOf(path):
        with _explainedOpening(path):
            checkFolder(os.path.dirname(os.path.abspath(path)))
        return
    with _explainedOpening(path):
        if not os.path.isfile(path):
            raise OSError(f"it is {kindOf(path)}, not a file")
        if not mayAccess(path, os.R_OK | os.W_OK):
            raise OSError("it is not writable by this user")
        checkFolder(os.path.dirname(os.path.abspath(path)))
    with explained(path), closing(_connect(path)) as connection:
        _check(connection, path)


@contextmanager
def _explainedOpening(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFailed(
            f"the store {path} cannot be opened: {error.strerror or error}"
        ) from error


def _connect(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=OPENING, isolation_level=None)


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Convert errors of SQLite within the block to StoreFailed."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(path, error) from error


def explain(path: str, error: sqlite3.Error) -> StoreFailed:
    """Return a StoreFailed with the remedy for an error of SQLite."""
    remedy = REMEDIES.get(_codeOf(error), "see the documentation of SQLite")
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        remedy = REPLACED
    return StoreFailed(f"the store {path} failed: {error}; {remedy}")


def identityOf(path: str) -> tuple[int, int] | None:
    """Return device and inode of the file at `path`, or None if it does not exist."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def isBusy(error: sqlite3.Error) -> bool:
    """Return whether the error means that another process holds the lock."""
    return _codeOf(error) == sqlite3.SQLITE_BUSY


def _codeOf(error: sqlite3.Error) -> int:
    # The low byte is the primary code; the rest has details.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _create(path: str) -> None:
    # Open only a new file: closing an existing one would release the locks that SQLite holds
    # in this process. The file is not world-readable, because it contains mail addresses.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640))
    except FileExistsError:
        if not os.path.isfile(path):
            raise OSError("it is not a file") from None
        if not os.access(path, os.R_OK | os.W_OK):  # SQLite would open it read-only
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    isNew = _check(connection, path)
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreFailed(f"the store {path} requires a local file system with shared memory")
    connection.execute("PRAGMA synchronous = NORMAL")
    if isNew:
        version = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA};"
        connection.executescript(f"BEGIN IMMEDIATE; {TABLES} {version} COMMIT;")
    migrate(connection, SCHEMA)
    connection.execute(f"PRAGMA wal_autocheckpoint = {BOUND_OF_LOG}")
    connection.execute(f"PRAGMA journal_size_limit = {BOUND_OF_LOG * 4096}")
    connection.execute(f"PRAGMA cache_size = -{CACHE}")
    connection.execute("PRAGMA busy_timeout = 0")


def _check(connection: sqlite3.Connection, path: str) -> bool:
    """Return whether the file is new. Raise StoreFailed if it is not a store of this version."""
    connection.execute("BEGIN")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    connection.execute("COMMIT")
    if tables == 0 and application in (0, APPLICATION):
        return True
    if application != APPLICATION:
        raise StoreFailed(f"the file {path} belongs to another program: name another file")
    if version > SCHEMA:
        raise StoreFailed(
            f"the store {path} was written by a newer Kamaelia Grey (schema {version}; this version"
            f" supports {SCHEMA}): run the newer version, or move the file away"
        )
    for table, columns in COLUMNS.items() if version == SCHEMA else ():
        try:
            connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")
        except sqlite3.OperationalError as error:
            if _codeOf(error) != sqlite3.SQLITE_ERROR:
                raise
            raise StoreFailed(
                f"the store {path} failed: {error}; its tables are not those of Kamaelia Grey:"
                " move it away together with its -wal and -shm files, and a new one is created"
            ) from error
    return False
