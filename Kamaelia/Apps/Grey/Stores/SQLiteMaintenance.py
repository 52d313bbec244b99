"""A background thread that maintains the file of an SQLite store.

Example usage::

    maintenance = SQLiteMaintenance(path, flush, count)
    maintenance.note(rules, now)  # after each decision
    maintenance.stop()

How does it work?

At most once a second, and only after a decision or a count, it writes the counters, copies the
write-ahead log into the file, and deletes expired records in some slices. Only this thread waits
for the disk. The time is that of the last decision.

The log restarts only if nothing was written to it during a checkpoint, which does not happen
under load. So above EMPTY_LOG_AT pages, a checkpoint blocks writers while it copies the last
pages; they find the file locked and retry.

Termination: after stop() and one last round. An error is logged once, and the work is retried.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable

from Kamaelia.Support.Greylist.Rules import Rules

from .SQLiteExpiry import TABLES, RowKey, expireSlice
from .SQLiteFile import EMPTY_LOG_AT, explain, isBusy, openFile
from .Store import StoreFailed

INTERVAL = 1.0  # seconds between two rounds
SLICES = 5  # in each round: ten million records take half an hour
PATIENCE = 200  # milliseconds to wait for a lock

logger = logging.getLogger("Kamaelia.Apps.Grey")


class SQLiteMaintenance:
    """SQLiteMaintenance(path, flush, count) -> starts the thread.

    `flush(connection)` writes the counters, and `count(name, by)` adds to one.
    """

    def __init__(
        self,
        path: str,
        flush: Callable[[sqlite3.Connection], None],
        count: Callable[[str, int], None],
    ) -> None:
        self.path = path
        self._flush = flush
        self._count = count
        self._last: tuple[Rules, float] | None = None
        self._place: tuple[int, RowKey | None] = (0, None)  # of the expiry: table and key
        self._lastError = ""
        self._connection: sqlite3.Connection | None = None
        self.hasWork = False  # whether a round is due
        self._called = threading.Event()
        self._isStopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store maintenance", daemon=True)
        self._thread.start()

    def note(self, rules: Rules, now: float) -> None:
        """Note the rules and the time of a decision."""
        self._last = (rules, now)
        if not self.hasWork:
            self.wake()

    def wake(self) -> None:
        """Start a round as soon as one is due."""
        self.hasWork = True
        self._called.set()

    def stop(self) -> None:
        """Stop the thread and wait for its end."""
        self._isStopping.set()
        self._called.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._isStopping.is_set():
            self._called.wait()
            self._called.clear()
            self.hasWork = False  # in this order, or a call between the two would be lost
            self._doRound()
            self._isStopping.wait(INTERVAL)
        if self._connection is not None:
            self._connection.close()

    def _doRound(self) -> None:
        try:
            if self._connection is None:
                self._connection = openFile(self.path)
                self._connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
            self._doWork(self._connection)
        except (sqlite3.Error, StoreFailed) as error:
            self._logOnce(error)
        else:
            self._lastError = ""

    def _logOnce(self, error: sqlite3.Error | StoreFailed) -> None:
        self.wake()  # to retry
        if isinstance(error, sqlite3.Error):
            if isBusy(error):
                return
            error = explain(self.path, error)
        if str(error) != self._lastError:
            self._lastError = str(error)
            logger.warning("%s", error)

    def _doWork(self, connection: sqlite3.Connection) -> None:
        self._flush(connection)
        self._checkpoint(connection)
        if self._last is not None:
            for _ in range(SLICES):
                if not self._expire(connection, *self._last):
                    break

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        """Copy the log into the file; restart the log if it is long."""
        _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages > EMPTY_LOG_AT:
            # Again, so that little is left to copy while writers are blocked.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def _expire(self, connection: sqlite3.Connection, rules: Rules, now: float) -> bool:
        """Expire the next slice; return whether there are more."""
        table, after = self._place
        after, deleted = expireSlice(connection, TABLES[table], after, rules, now)
        if deleted.waiting:
            self._count("expired", deleted.waiting)
        if after is None:
            table = (table + 1) % len(TABLES)
        self._place = (table, after)
        return after is not None or table > 0
