"""A store in an SQLite file, for any number of processes on one host.

Example usage::

    store = SQLiteStore("/var/lib/kamaelia-grey/grey.db")
    store.decide(triple, rules, time.time()).isAccepted
    store.close()

How does it work?

A decision reads the records without a lock. It writes the new record on the condition that the
old one has not changed, in one statement or short transaction; otherwise it is repeated. So
decisions are atomic, and are in the file before the caller gets them. A process that is killed
loses no decision, and of the counters only the last second. Only a background thread waits for
the disk, once a second (SQLiteMaintenance). A power failure may lose the decisions of the last
seconds, but does not damage the file; the lost triples are deferred once more.

Another process holds the lock for about 20 microseconds. A locked store is retried for two
milliseconds. After that an event loop gets Later, and other callers wait. After PATIENCE
seconds, StoreFailed is raised. Use a store only in the thread that opened it.
"""

from __future__ import annotations

import sqlite3
import time
from asyncio import AbstractEventLoop, Future, get_running_loop
from collections.abc import Callable
from contextlib import suppress

from Kamaelia.Support.Greylist.Rules import Decision, Rules, Triple

from .SQLiteDecision import FORGET_REGULAR, countOnce, decideOnce
from .SQLiteFile import explain, isBusy
from .SQLiteRecords import PATIENCE, RETRY, SQLiteRecords
from .Store import Later, StoreFailed

QUICKLY = 0.002  # seconds for which the event loop may be blocked
QUICK_PAUSE = 0.00005  # seconds between two attempts in that time


class SQLiteStore(SQLiteRecords):
    """SQLiteStore(path) -> opens the file, and creates it if it does not exist."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._cursor = self._sql.cursor()  # of decisions
        self._recent: set[int] = set()  # see decideOnce()

    def decide(self, triple: Triple, rules: Rules, now: float) -> Decision:
        """See Store. Raises Later only if another process holds the lock for unusually long."""
        self._checkProcess()
        self.maintenance.note(rules, now)
        decision = self._try(triple, rules, now) or self._tryFor(QUICKLY, triple, rules, now)
        if decision is not None:
            return decision
        try:
            loop = get_running_loop()
        except RuntimeError:
            decision = self._tryFor(PATIENCE, triple, rules, now)
            if decision is None:
                raise self._isLocked() from None
            return decision
        raise Later(self._decideLater(loop, triple, rules, now))

    def keepTidy(self, rules: Rules, now: float) -> None:
        """See Store."""
        self.maintenance.note(rules, now)

    def _countDelivery(self, client: str, rules: Rules, now: float) -> None:
        """See Store. If the store is locked, an event loop retries later."""
        self._writeSoon(lambda: countOnce(self._cursor, client, rules, now))

    def _revoke(self, client: str) -> None:
        """See Store. If the store is locked, an event loop retries later."""
        self._writeSoon(lambda: self._change(FORGET_REGULAR, client) >= 0)

    def _writeSoon(self, write: Callable[[], bool]) -> None:
        """Call `write` until it returns True, which means that nothing has changed meanwhile."""
        self._checkProcess()
        deadline = time.monotonic() + PATIENCE
        if self._tryToWrite(write):
            return
        try:
            loop = get_running_loop()
        except RuntimeError:
            while not self._tryToWrite(write) and time.monotonic() < deadline:
                time.sleep(RETRY)
            return

        def tryAgain() -> None:
            with suppress(StoreFailed):  # a later mail counts
                isDone = self._isClosed or self._tryToWrite(write)
                if not isDone and time.monotonic() < deadline:
                    loop.call_later(RETRY, tryAgain)

        loop.call_later(RETRY, tryAgain)

    def _tryToWrite(self, write: Callable[[], bool]) -> bool:
        """Return the result of `write`; False if the store is locked."""
        try:
            return write()
        except sqlite3.Error as error:
            if isBusy(error):
                return False
            raise explain(self.path, error) from error

    def _try(self, triple: Triple, rules: Rules, now: float) -> Decision | None:
        """Return the decision, or None if the store is locked or has changed."""
        try:
            return decideOnce(self._cursor, triple, rules, now, self._recent)
        except sqlite3.Error as error:
            if isBusy(error):
                return None
            raise explain(self.path, error) from error

    def _tryFor(self, seconds: float, triple: Triple, rules: Rules, now: float) -> Decision | None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(QUICK_PAUSE)
            decision = self._try(triple, rules, now)
            if decision is not None:
                return decision
        return None

    def _decideLater(
        self, loop: AbstractEventLoop, triple: Triple, rules: Rules, now: float
    ) -> Future[Decision]:
        future: Future[Decision] = loop.create_future()
        deadline = loop.time() + PATIENCE

        def tryAgain() -> None:
            if future.done():
                return
            try:
                decision = self._try(triple, rules, now)
                if decision is None and loop.time() > deadline:
                    raise self._isLocked()
            except StoreFailed as error:
                future.set_exception(error)
                future.exception()  # marks it as retrieved, in case the caller is gone
                return
            if decision is None:
                loop.call_later(RETRY, tryAgain)
            else:
                future.set_result(decision)

        loop.call_later(RETRY, tryAgain)
        return future
