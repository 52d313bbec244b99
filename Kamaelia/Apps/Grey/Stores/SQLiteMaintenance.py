"""The thread that keeps the file of a store in order, so that the event loop need not.

Example usage::

    keeper = SQLiteMaintenance(path, flush)
    keeper.note(rules, now)  # after each decision
    keeper.stop()

How does it work?

At most once a second, and only after something was decided or counted, it writes the
counters, brings the write-ahead log into the file (here the disk is waited for: nobody
else waits for it), and looks through some slices of records for what has expired. Its
time is that of the last decision.

The log begins anew only when nobody has written to it during the last checkpoint. Under
load that never happens by itself: so above EMPTY_LOG_AT pages writers are held off, for
as long as it takes to write what has come since; they meet a lock, and try again.

Termination: stop(), after one last round. An error is logged once, and tried again.
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
SLICES = 5  # in a round: ten million records take half an hour
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
        self._place: tuple[int, RowKey | None] = (0, None)  # of the sweep: the table, the key
        self._complaint = ""
        self._connection: sqlite3.Connection | None = None
        self.hasWork = False  # that it knows of
        self._called = threading.Event()
        self._isStopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="greylist keeper", daemon=True)
        self._thread.start()

    def note(self, rules: Rules, now: float) -> None:
        """A decision was asked for."""
        self._last = (rules, now)
        if not self.hasWork:
            self.wake()

    def wake(self) -> None:
        """There is something to do."""
        self.hasWork = True
        self._called.set()

    def stop(self) -> None:
        """End the thread."""
        self._isStopping.set()
        self._called.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._isStopping.is_set():
            self._called.wait()
            self._called.clear()
            self.hasWork = False  # in this order: else a call between the two would be lost
            self._doRound()
            self._isStopping.wait(INTERVAL)
        if self._connection is not None:
            self._connection.close()

    def _doRound(self) -> None:
        try:
            if self._connection is None:
                self._connection = openFile(self.path)
                self._connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
            self._keep(self._connection)
        except (sqlite3.Error, StoreFailed) as error:
            self._complain(error)
        else:
            self._complaint = ""

    def _complain(self, error: sqlite3.Error | StoreFailed) -> None:
        self.wake()  # to try again
        if isinstance(error, sqlite3.Error):
            if isBusy(error):
                return
            error = explain(self.path, error)
        if str(error) != self._complaint:
            self._complaint = str(error)
            logger.warning("%s", error)

    def _keep(self, connection: sqlite3.Connection) -> None:
        self._flush(connection)
        self._checkpoint(connection)
        if self._last is not None:
            for _ in range(SLICES):
                if not self._sweep(connection, *self._last):
                    break

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        """Bring the log into the file; where it is long, see that it begins anew."""
        _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages > EMPTY_LOG_AT:
            # Once more, so that little is left to do while others are held off.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def _sweep(self, connection: sqlite3.Connection, rules: Rules, now: float) -> bool:
        """Sweep the next slice -> whether there are more."""
        table, after = self._place
        after, swept = expireSlice(connection, TABLES[table], after, rules, now)
        if swept.waiting:
            self._count("expired", swept.waiting)
        if after is None:
            table = (table + 1) % len(TABLES)
        self._place = (table, after)
        return after is not None or table > 0
