"""A store in one file, for one host: SQLite, shared by as many processes as like.

Example usage::

    store = SQLiteStore("/var/lib/kamaelia-grey/grey.db")
    store.decide(triple, rules, time.time()).isAccepted
    store.close()

How does it work?

What is known is read without a lock. What follows from it is written on condition that it
is still so (else all is asked again), in one statement or one short transaction. So a
decision is atomic, and it is in the file before it is given: a process that is killed
loses none (of the counters, the last second). The disk is waited for by a thread only,
once a second (SQLiteMaintenance): a power cut may lose the decisions of the last seconds, and
leaves the file whole. A stranger that was forgotten so waits once more.

Another process has the lock for some 20 microseconds at a time: it is tried again at once
for two milliseconds. After that the answer comes Later where an event loop runs, and
else is waited for; StoreFailed after PATIENCE seconds.

Use a store in the thread that opened it.
"""

from __future__ import annotations

import sqlite3
import time
from asyncio import AbstractEventLoop, Future, get_running_loop
from contextlib import suppress

from Kamaelia.Support.Greylist.Rules import Decision, Rules, Triple

from .SQLiteDecision import countOnce, decideOnce
from .SQLiteFile import explain, isBusy
from .SQLiteRecords import PATIENCE, RETRY, SQLiteRecords
from .Store import Later, StoreFailed

QUICKLY = 0.002  # seconds for which an event loop may stand still
QUICK_REST = 0.00005  # between two tries in that time


class SQLiteStore(SQLiteRecords):
    """SQLiteStore(path) -> opens the file; makes it where there is none."""

    def decide(self, triple: Triple, rules: Rules, now: float) -> Decision:
        """See Store. Raises Later only where another has the lock for longer than usual."""
        self._checkProcess()
        self._keeper.note(rules, now)
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

    def _countDelivery(self, client: str, rules: Rules, now: float) -> None:
        """See Store. Tries again later if another has the lock, where an event loop runs."""
        self._checkProcess()
        deadline = time.monotonic() + PATIENCE
        if self._tryToCount(client, rules, now):
            return
        try:
            loop = get_running_loop()
        except RuntimeError:
            while not self._tryToCount(client, rules, now) and time.monotonic() < deadline:
                time.sleep(RETRY)
            return

        def tryAgain() -> None:
            with suppress(StoreFailed):  # a later mail counts
                isDone = self._isClosed or self._tryToCount(client, rules, now)
                if not isDone and time.monotonic() < deadline:
                    loop.call_later(RETRY, tryAgain)

        loop.call_later(RETRY, tryAgain)

    def _tryToCount(self, client: str, rules: Rules, now: float) -> bool:
        """Return whether a mail was counted; False if another process was in the way."""
        try:
            return countOnce(self._sql, client, rules, now)
        except sqlite3.Error as error:
            if isBusy(error):
                return False
            raise explain(self.path, error) from error

    def _try(self, triple: Triple, rules: Rules, now: float) -> Decision | None:
        """The decision; None where somebody was in the way."""
        try:
            return decideOnce(self._sql, triple, rules, now)
        except sqlite3.Error as error:
            if isBusy(error):
                return None
            raise explain(self.path, error) from error

    def _tryFor(self, seconds: float, triple: Triple, rules: Rules, now: float) -> Decision | None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(QUICK_REST)
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
                future.exception()  # whoever asked may be gone: that is no error of its own
                return
            if decision is None:
                loop.call_later(RETRY, tryAgain)
            else:
                future.set_result(decision)

        loop.call_later(RETRY, tryAgain)
        return future
