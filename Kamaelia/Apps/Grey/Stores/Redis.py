"""A store that several hosts share, in Redis 6 or newer, or Valkey.

Example usage::

    store = RedisStore("redis://redis.example.org:6379/0")
    try:
        store.decide(triple, rules, time.time())
    except Later as later:
        decision = await later.future

How does it work?

Questions from one turn of the event loop, and those that arrive while a reply is awaited, are
combined in two messages (RedisBatch). The first reads the records and adds new triples; the
second writes the other changes, each on the condition that the records have not changed. So
decisions are atomic. Redis deletes records KEPT_AFTER seconds after they expire.

In an event loop, no method blocks: entries and their version come from a recent read, and
counters are written periodically. Without an event loop, as in a command, every method waits
for the server.

While the server is unreachable, questions fail immediately, and one of them tries the server
again from time to time (RedisConnection).
"""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop, Future, Task, gather, get_running_loop
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeGuard

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
REFRESH_INTERVAL = 1.0  # seconds


class RedisStore(RedisRecords):
    """RedisStore(url) -> a store that connects when it is first used."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._asks: list[Ask] = []
        self._underWay: list[Ask] = []
        self._runner: Task[None] | None = None
        self._refresh: Task[None] | None = None
        self._closing: Task[None] | None = None
        self._deliveries: set[Task[None]] = set()
        self._lastRefresh = 0.0
        self._isMigrated = False
        self._version: int | None = None
        self._entries: list[StoreEntry] = []
        self._hasMany = False  # so they are not kept in memory
        self._counters: dict[str, int] = {}

    def decide(self, triple: Triple, rules: Rules, now: float) -> Decision:
        """See Store. Raises Later in an event loop."""
        self._checkProcess()
        loop = runningLoop()
        if loop is None:
            return self._decideNow(Ask(triple, rules, now))
        if self._closing is not None:
            raise self._isClosed()
        isTrying = isUnderWay(self._runner)
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
        """See Store. In an event loop, a task writes it, and retries after concurrent changes."""
        loop = runningLoop()
        key = keyOfClient(client)
        if loop is None:
            while not self._ask(*deliveryToWrite(key, self._ask("GET", key), rules, now))[0]:
                pass
        else:
            self._writeSoon(loop, self._writeDelivery(key, rules, now))

    def _revoke(self, client: str) -> None:
        """See Store. In an event loop, a task writes it."""
        loop = runningLoop()
        if loop is None:
            self._ask("DEL", keyOfClient(client))
        else:
            self._writeSoon(loop, self._deleteRegular(keyOfClient(client)))

    def _writeSoon(self, loop: AbstractEventLoop, writing: Coroutine[Any, Any, None]) -> None:
        if self._closing is not None or not self.link.mayTry():
            writing.close()
            return
        task = loop.create_task(writing)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deleteRegular(self, key: str) -> None:
        with suppress(StoreFailed):  # the failure is logged; the next refusal revokes
            await self.link.send("DEL", key)

    async def _writeDelivery(self, key: str, rules: Rules, now: float) -> None:
        try:
            while True:
                known = await self.link.send("GET", key)
                if (await self.link.send(*deliveryToWrite(key, known, rules, now)))[0]:
                    return
        except StoreFailed:
            """The failure is logged; a later mail counts."""

    async def _answerAll(self) -> None:
        failure = StoreFailed(
            f"the store {self.link.name} was stopped by an internal error: see the log"
        )
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
                self.failed(ask, ask.future, failure)

    def failed(self, ask: Ask, future: Future[Decision], failure: StoreFailed) -> None:
        """End a question that the server has not answered."""
        future.set_exception(StoreFailed(*failure.args))
        future.exception()  # marks it as retrieved, in case the caller is gone

    async def _answer(self, asks: list[Ask]) -> list[Ask]:
        """Answer questions; return those that must be repeated."""
        batch = Batch(asks)
        answer = await self.link.exchange(*batch.question())
        await self.checkServer()
        self.deliver(batch.decide(answer))
        if batch.written:
            self.deliver(batch.settle(await self.link.exchange(*batch.command())))
        isOld = (batch.version or "0") != str(self._version)
        if isOld or time.monotonic() - self._lastRefresh > REFRESH_INTERVAL:
            self._startRefresh(get_running_loop())
        return batch.again

    async def checkServer(self) -> None:
        """Hook: called after the server has answered. Raise StoreFailed if it does not count."""

    def deliver(self, answers: Iterable[BatchAnswer]) -> None:
        """Hand over the answers of the server."""
        for ask, decision in answers:
            if ask.future is not None and not ask.future.done():
                ask.future.set_result(decision)

    def _startRefresh(self, loop: AbstractEventLoop) -> None:
        if not isUnderWay(self._refresh) and self.link.mayTry():
            self._lastRefresh = time.monotonic()
            self._refresh = loop.create_task(self._doRefresh())

    async def _doRefresh(self) -> None:
        """Write the counters, and read all counters, and the entries if they changed."""
        taken = self._takePending()
        self._addToCounters(taken, 1)  # so that counters() includes them while they are sent
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
            self._addToCounters(taken, -1)
            self._giveBack(taken)  # the failure is logged; the next refresh writes them

    def _addToCounters(self, counts: dict[str, int], factor: int) -> None:
        for name, by in counts.items():
            self._counters[name] = self._counters.get(name, 0) + factor * by

    def entries(self) -> list[StoreEntry]:
        """See Store. In an event loop: the result of the last refresh."""
        if runningLoop() is None:
            return super().entries()
        if self._version is None:
            self._readVersion()
        return super().entries() if self._hasMany else list(self._entries)

    def hasManyEntries(self) -> bool:
        """See Store. In an event loop: the result of the last refresh."""
        return super().hasManyEntries() if runningLoop() is None else self._hasMany

    def entriesVersion(self) -> int:
        """See Store. In an event loop: the result of the last refresh."""
        loop = runningLoop()
        if loop is None:
            return super().entriesVersion()
        if self._version is None and self.link.failure is None:
            return self._readVersion()
        self._startRefresh(loop)
        if self._version is None:  # the refresh reads it, which does not block
            raise StoreFailed(*self.link.failure.args if self.link.failure else ())
        return self._version

    def _readVersion(self) -> int:
        """Read the version before the first refresh, and the entries if there are few. Blocks."""
        version = super().entriesVersion()
        self._hasMany = super().hasManyEntries()
        self._entries = [] if self._hasMany else super().entries()
        self._version = version
        return version

    def flush(self) -> None:
        """See Store."""
        loop = runningLoop()
        if loop is None:
            super().flush()
        else:
            self._startRefresh(loop)

    def counters(self) -> dict[str, int]:
        """See Store. In an event loop: those of the last refresh, plus own counts since.

        It also starts a refresh, because a process that only serves metrics makes no other call.
        """
        loop = runningLoop()
        if loop is None:
            return super().counters()
        self._startRefresh(loop)
        if self.link.failure is not None:
            raise StoreFailed(*self.link.failure.args)
        counters = dict(self._counters)
        for name, by in self._pending.byName().items():
            counters[name] = counters.get(name, 0) + by
        return counters

    def close(self) -> None:
        """See Store. In an event loop, running tasks end first; see waitForClose."""
        if not self.isInherited:
            self._failAll(self._isClosed())
            tasks = [task for task in (self._runner, self._refresh) if isUnderWay(task)]
            tasks += self._deliveries
            loop = runningLoop()
            if loop is not None and self._closing is None:
                self._closing = loop.create_task(self._disconnect(tasks))
        super().close()

    def _isClosed(self) -> StoreFailed:
        return StoreFailed(f"the store {self.link.name} was closed")

    async def _disconnect(self, tasks: list[Task[None]]) -> None:
        await gather(*tasks, return_exceptions=True)
        await self.link.disconnect()

    async def waitForClose(self) -> None:
        """See Store."""
        if self._closing is not None:
            await self._closing


def isUnderWay(task: Task[None] | None) -> TypeGuard[Task[None]]:
    return task is not None and not task.done()


def runningLoop() -> AbstractEventLoop | None:
    try:
        return get_running_loop()
    except RuntimeError:
        return None
