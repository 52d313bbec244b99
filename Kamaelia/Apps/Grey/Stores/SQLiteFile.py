"""The file of the store in SQLite: how it is opened, what is in it, what its errors mean.

Example usage::

    connection = openFile("/var/lib/kamaelia-grey/grey.db")
    with explained(path):
        connection.execute("SELECT count(*) FROM triple")

How does it work?

`application_id` tells our files from others', and `user_version` is the number of the
schema. Records are kept in the order of their triples, in the tree of the primary key
itself: what a client sends in one burst lies in one page, and all that is known of it
is found without another index.
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
SCHEMA = 2  # 1: mailboxes were written with the quotes and the domain that the client sent
OPENING = 5.0  # seconds that the opening waits for others who open it too
#: Pages of 4 KiB in the write-ahead log. Above the first the keeper empties it in earnest;
#: above the second whoever writes next does it, should the keeper be no more.
EMPTY_LOG_AT = 8_192
BOUND_OF_LOG = 24_576

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
    "{} move it away together with its -wal and -shm files, and a new one is made with the next"
    " mail, without a restart; `sqlite3 FILE .recover` may save what was in it"
)
WRITABLE = "the file and its folder must be writable for this user"
REPLACED = "the file was deleted or moved away: a new one is made with the next mail"
COLUMNS = {
    "triple": "client, sender, recipient, seen, passed, passes",
    "regular": "client, passes, last",
    "entry": "verdict, kind, what, note, until",
    "counter": "name, value",
    "version": "entries",
}

REMEDIES = {
    sqlite3.SQLITE_BUSY: "another process has it locked for too long",
    sqlite3.SQLITE_FULL: "make room on its disk, and it goes on by itself",
    sqlite3.SQLITE_IOERR: "its disk is full, at a limit, or broken: the system's log says more",
    sqlite3.SQLITE_READONLY: WRITABLE,
    sqlite3.SQLITE_PERM: WRITABLE,
    sqlite3.SQLITE_CANTOPEN: "its folder must be there, and be writable for this user: two more"
    " files are kept beside it",
    sqlite3.SQLITE_CORRUPT: MOVE_AWAY.format("it is damaged:"),
    sqlite3.SQLITE_NOTADB: MOVE_AWAY.format(
        "it is no SQLite file, or it is damaged: name another file, or"
    ),
    sqlite3.SQLITE_PROTOCOL: "its file system cannot lock: it must be a local one",
}


def openFile(path: str) -> sqlite3.Connection:
    """A connection that never waits for locks. Raises StoreFailed, which names the file."""
    try:
        _create(path)
    except OSError as error:
        reason = f"the store {path} cannot be opened: {error.strerror or error}"
        raise StoreFailed(f"{reason}; its folder must be there, and writable") from error
    with explained(path):
        connection = _connect(path)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def checkFile(path: str) -> None:
    """Raise StoreFailed if openFile() would, for the user that this process acts as.

    Neither the file nor a table is created.
    """
    if not kindOf(path):
        with _explainedOpening(path):
            checkFolder(os.path.dirname(os.path.abspath(path)))
        return
    with _explainedOpening(path):
        if not os.path.isfile(path):
            raise OSError(f"it is {kindOf(path)}, not a file")
        if not mayAccess(path, os.R_OK | os.W_OK):
            raise OSError("it is not writable for this user")
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
    """Errors of SQLite become StoreFailed."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(path, error) from error


def explain(path: str, error: sqlite3.Error) -> StoreFailed:
    """What to tell whoever asked."""
    remedy = REMEDIES.get(_codeOf(error), "see the documentation of SQLite")
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        remedy = REPLACED
    return StoreFailed(f"the store {path} failed: {error}; {remedy}")


def identityOf(path: str) -> tuple[int, int] | None:
    """Return what tells the file at `path` from another; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def isBusy(error: sqlite3.Error) -> bool:
    """Whether another has the lock just now."""
    return _codeOf(error) == sqlite3.SQLITE_BUSY


def _codeOf(error: sqlite3.Error) -> int:
    # The low byte says what, the rest says where.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _create(path: str) -> None:
    # Only a file that is new is touched: closing one that SQLite has open in this process
    # would let go of its locks. Who wrote to whom is nothing for everybody to read.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640))
    except FileExistsError:
        if not os.path.isfile(path):
            raise OSError("it is no file") from None
        if not os.access(path, os.R_OK | os.W_OK):  # SQLite would open it, only to read
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    isNew = _check(connection, path)
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreFailed(f"the store {path} needs a local file system, where memory is shared")
    connection.execute("PRAGMA synchronous = NORMAL")
    if isNew:
        version = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA};"
        connection.executescript(f"BEGIN IMMEDIATE; {TABLES} {version} COMMIT;")
    migrate(connection, SCHEMA)
    connection.execute(f"PRAGMA wal_autocheckpoint = {BOUND_OF_LOG}")
    connection.execute(f"PRAGMA journal_size_limit = {BOUND_OF_LOG * 4096}")
    connection.execute("PRAGMA busy_timeout = 0")


def _check(connection: sqlite3.Connection, path: str) -> bool:
    """Whether the file is a new one; raises StoreFailed where it is not for us to write."""
    connection.execute("BEGIN")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    connection.execute("COMMIT")
    if tables == 0 and application in (0, APPLICATION):
        return True
    if application != APPLICATION:
        raise StoreFailed(f"the file {path} belongs to another program: name another")
    if version > SCHEMA:
        raise StoreFailed(
            f"the store {path} was written by a newer Kamaelia Grey (schema {version}, and this"
            f" one knows {SCHEMA}): run that one, or move the file away"
        )
    for table, columns in COLUMNS.items() if version == SCHEMA else ():
        try:
            connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")
        except sqlite3.OperationalError as error:
            if _codeOf(error) != sqlite3.SQLITE_ERROR:
                raise
            raise StoreFailed(
                f"the store {path} failed: {error}; its tables are not those of Kamaelia Grey:"
                " move it away together with its -wal and -shm files, and a new one is made"
            ) from error
    return False
