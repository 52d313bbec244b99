"""A store that several hosts share: Redis 6 or newer, or Valkey.

Example usage::

    store = RedisStore("redis://redis.example.org:6379/0")
    try:
        store.decide(triple, rules, time.time())
    except Later as later:
        decision = await later.future

How does it work?

What is asked in one turn of the event loop, and while the last answers are awaited, goes
in two messages: one asks for all that is known, and adds strangers, one writes all else
that follows, each answer on condition that what it follows from is still so (RedisBatch).
So decisions are atomic, and many wait together. Redis forgets records by itself, KEPT_AFTER
seconds after they expire.

Nothing that runs in an event loop waits for the network here: the entries of the
administrator, and their version, are those of some moments ago, and counters are written
by and by. Without an event loop, as in a command, all is asked and written at once.

When the server cannot be reached, each ask fails at once (RedisConnection), and the server is
tried now and then by one of them.
"""

from __future__ import annotations

import os
import time
from asyncio import AbstractEventLoop, Future, Task, gather, get_running_loop
from collections.abc import Iterable
from typing import TypeGuard

from Kamaelia.Support.Greylist.Rules import Decision, Rules, Triple

from .RedisBatch import VERSION, Ask, Batch, BatchAnswer, keyOfClient
from .RedisMigration import migrate
from .RedisRecords import (
    COUNTERS,
    ENTRIES,
    RedisRecords,
    countersOf,
    countersToAdd,
    deliveryToWrite,
)
from .Store import MANY_ENTRIES, Later, StoreEntry, StoreFailed

LARGEST_BATCH = 500
ERRANDS = 1.0  # seconds between two


class RedisStore(RedisRecords):
    """RedisStore(url) -> opens nothing yet: the server is met when it is asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._asks: list[Ask] = []
        self._underWay: list[Ask] = []
        self._runner: Task[None] | None = None
        self._errand: Task[None] | None = None
        self._closing: Task[None] | None = None
        self._deliveries: set[Task[None]] = set()
        self._lastErrand = 0.0
        self._isMigrated = False
        self._version: int | None = None
        self._entries: list[StoreEntry] = []
        self._hasMany = False  # so that they are not kept here
        self._counters: dict[str, int] = {}

    def decide(self, triple: Triple, rules: Rules, now: float) -> Decision:
        """See Store. Raises Later where an event loop runs."""
        self._checkProcess()
        loop = _runningLoop()
        if loop is None:
            return self._decideNow(Ask(triple, rules, now))
        if self._closing is not None:
            raise self._isClosed()
        isTrying = _isUnderWay(self._runner)
        failure = self.link.failure
        if failure is not None and (isTrying or not self.link.mayTry()):
            raise StoreFailed(*failure.args)
        future: Future[Decision] = loop.create_future()
        self._asks.append(Ask(triple, rules, now, future))
        if not isTrying:
            self._runner = loop.create_task(self._answerAll())
        raise Later(future)

    def _decideNow(self, ask: Ask) -> Decision:
        while True:
            batch = Batch([ask])
            answers = batch.decide(self._ask(*batch.question()))
            if batch.written:
                answers = batch.settle(self._ask(*batch.command()))
            if answers:
                return answers[0][1]

    def _countDelivery(self, client: str, rules: Rules, now: float) -> None:
        """See Store. In an event loop: written by a task, tried until nobody is faster."""
        loop = _runningLoop()
        key = keyOfClient(client)
        if loop is None:
            while not self._ask(*deliveryToWrite(key, self._ask("GET", key), rules, now))[0]:
                pass
        elif self._closing is None and self.link.mayTry():
            task = loop.create_task(self._writeDelivery(key, rules, now))
            self._deliveries.add(task)
            task.add_done_callback(self._deliveries.discard)

    async def _writeDelivery(self, key: str, rules: Rules, now: float) -> None:
        try:
            while True:
                known = await self.link.send("GET", key)
                if (await self.link.send(*deliveryToWrite(key, known, rules, now)))[0]:
                    return
        except StoreFailed:
            """That it failed is logged; a later mail counts."""

    async def _answerAll(self) -> None:
        failure = StoreFailed(f"the store {self.link.name} was stopped by a mistake: see the log")
        try:
            while self._asks:
                self._underWay = self._asks[:LARGEST_BATCH]
                del self._asks[:LARGEST_BATCH]
                again = await self._answer(self._underWay)
                self._underWay = []
                self._asks += again
        except StoreFailed as error:
            failure = error
        finally:
            self._failAll(failure)

    def _failAll(self, failure: StoreFailed) -> None:
        failed = self._underWay + self._asks
        self._underWay, self._asks = [], []
        for ask in failed:
            if ask.future is not None and not ask.future.done():
                ask.future.set_exception(StoreFailed(*failure.args))
                ask.future.exception()  # whoever asked may be gone: that is no error of its own

    async def _answer(self, asks: list[Ask]) -> list[Ask]:
        """Answer them -> those that must ask again."""
        batch = Batch(asks)
        _giveOut(batch.decide(await self.link.exchange(*batch.question())))
        if batch.written:
            _giveOut(batch.settle(await self.link.exchange(*batch.command())))
        isOld = (batch.version or "0") != str(self._version)
        if isOld or time.monotonic() - self._lastErrand > ERRANDS:
            self._startErrand(get_running_loop())
        return batch.again

    def _startErrand(self, loop: AbstractEventLoop) -> None:
        if not _isUnderWay(self._errand) and self.link.mayTry():
            self._lastErrand = time.monotonic()
            self._errand = loop.create_task(self._doErrand())

    async def _doErrand(self) -> None:
        """Write the counters, read what others wrote of them, and the entries if these changed."""
        taken = self._takePending()
        try:
            if taken:
                await self.link.send(*countersToAdd(taken))
                taken = {}
            if not self._isMigrated:
                await migrate(self.link)
                self._isMigrated = True
            self._counters = countersOf(await self.link.send("HGETALL", COUNTERS))
            version = int(await self.link.send("GET", VERSION) or 0)
            if version != self._version:
                hasMany = int(await self.link.send("HLEN", ENTRIES)) > MANY_ENTRIES
                values = [] if hasMany else await self.link.send("HVALS", ENTRIES)
                self._entries = self._entriesOf(values)
                self._hasMany, self._version = hasMany, version
        except StoreFailed:
            self._giveBack(taken)  # that it failed is logged; the next errand may not

    def entries(self) -> list[StoreEntry]:
        """See Store. In an event loop: as the last errand has found them."""
        if _runningLoop() is None:
            return super().entries()
        if self._version is None:
            self._readVersion()
        return super().entries() if self._hasMany else list(self._entries)

    def hasManyEntries(self) -> bool:
        """See Store. In an event loop: as the last errand has found them."""
        return super().hasManyEntries() if _runningLoop() is None else self._hasMany

    def entriesVersion(self) -> int:
        """See Store. In an event loop: as the last errand has found it."""
        loop = _runningLoop()
        if loop is None:
            return super().entriesVersion()
        if self._version is None:
            return self._readVersion()
        self._startErrand(loop)
        return self._version

    def _readVersion(self) -> int:
        """Wait for the version, once, before there was an errand; and for the entries if few."""
        version = super().entriesVersion()
        self._hasMany = super().hasManyEntries()
        self._entries = [] if self._hasMany else super().entries()
        self._version = version
        return version

    def flush(self) -> None:
        """See Store."""
        loop = _runningLoop()
        if loop is None:
            super().flush()
        else:
            self._startErrand(loop)

    def counters(self) -> dict[str, int]:
        """See Store. In an event loop: as the last errand has found them, and our own since.

        Asking sends an errand, too: who answers Prometheus for workers asks for nothing else.
        """
        loop = _runningLoop()
        if loop is None:
            return super().counters()
        self._startErrand(loop)
        if self.link.failure is not None:
            raise StoreFailed(*self.link.failure.args)
        counters = dict(self._counters)
        for name, by in self._pending.items():
            counters[name] = counters.get(name, 0) + by
        return counters

    def close(self) -> None:
        """See Store. In an event loop, what is under way ends first: see waitForClose."""
        if self._process == os.getpid():
            self._failAll(self._isClosed())
            tasks = [task for task in (self._runner, self._errand) if _isUnderWay(task)]
            tasks += self._deliveries
            loop = _runningLoop()
            if loop is not None and self._closing is None:
                self._closing = loop.create_task(self._hangUp(tasks))
        super().close()

    def _isClosed(self) -> StoreFailed:
        return StoreFailed(f"the store {self.link.name} was closed")

    async def _hangUp(self, tasks: list[Task[None]]) -> None:
        await gather(*tasks, return_exceptions=True)
        await self.link.hangUp()

    async def waitForClose(self) -> None:
        """See Store."""
        if self._closing is not None:
            await self._closing


def _giveOut(answers: Iterable[BatchAnswer]) -> None:
    for ask, decision in answers:
        if ask.future is not None and not ask.future.done():
            ask.future.set_result(decision)


def _isUnderWay(task: Task[None] | None) -> TypeGuard[Task[None]]:
    return task is not None and not task.done()


def _runningLoop() -> AbstractEventLoop | None:
    try:
        return get_running_loop()
    except RuntimeError:
        return None
