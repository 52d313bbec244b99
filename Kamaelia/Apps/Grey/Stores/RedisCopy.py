"""A store in Redis with a copy on this host, which decides while the server does not answer.

Example usage::

    store = RedisStoreWithCopy("redis://redis.example.org", MemoryStore(50_000))

How does it work?

The copy has what this host has asked about. When the server does not answer, the host decides from
its copy at once, and notes what it changes (Changes). A task tries the server from time to time,
and sends it these changes; until this is done, the copy decides, so no reply waits for it. If the
server has started again, it may have lost records, so it is sent all that the copy has.

Records are merged as if one store had seen the attempts at all hosts.
"""

from __future__ import annotations

import logging
from asyncio import AbstractEventLoop, Future, Task, sleep
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from Kamaelia.Support.Greylist.Rules import REGULAR, Decision, Record, Regular, Rules, Triple

from .Changes import Changes, mergeAttempts
from .Redis import RedisStore, isUnderWay, runningLoop
from .RedisBatch import Ask, BatchAnswer, keyOf, keyOfClient, recordOf, regularOf
from .RedisRecords import Merge, deliveryToWrite, recordsToWrite
from .Store import Later, Store, StoreFailed, isExpired, mergeClient

BATCH = 500  # records in one message
#: The id of a run of the server, or "" if this user must not read it.
RUN = """
local info = redis.pcall('INFO', 'server')
return type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
"""

logger = logging.getLogger("Kamaelia.Apps.Grey")


class RedisStoreWithCopy(RedisStore):
    """RedisStoreWithCopy(url, copy) -> a store whose decisions do not depend on the server."""

    isIndependent = True

    def __init__(self, url: str, copy: Store) -> None:
        super().__init__(url)
        self._copy = copy
        self._changes = Changes()
        self.decidesAlone = False  # the copy decides, and the server is not asked
        self._return: Task[None] | None = None
        self._trusted = -1  # the number of connections when it was the server that it was before
        self._run: str | None = None  # of the server
        self._rules, self._lastNow = Rules(), 0.0
        self._copyFails = False

    def decide(self, triple: Triple, rules: Rules, now: float) -> Decision:
        """See Store. Raises Later in an event loop, unless the copy decides."""
        loop = runningLoop()
        if loop is None or self._closing is not None:
            return super().decide(triple, rules, now)
        self._rules, self._lastNow = rules, now
        if self.link.failure is not None:
            self._leave(loop)
        if not self.decidesAlone:
            return super().decide(triple, rules, now)
        return self._decideAlone(triple, rules, now)

    # While the server answers

    async def checkServer(self) -> None:
        """See RedisStore. A server that has started again may have lost records."""
        if self.link.connections == self._trusted:
            return
        if self._run not in (None, await self._runOfServer()):
            raise StoreFailed(f"the store {self.link.name} has started again")
        self._trusted = self.link.connections

    def deliver(self, answers: Iterable[BatchAnswer]) -> None:
        """Hand over the answers of the server, and note them in the copy."""
        known = list(answers)
        super().deliver(known)
        if not known:
            return
        records = [(ask.triple, record) for ask, it in known if (record := _recordOf(ask, it))]
        regulars = [
            (ask.triple.client, Regular(ask.rules.client_passes, ask.now))
            for ask, decision in known
            if decision.reason == REGULAR
        ]
        try:
            if records:
                self._copy.remember(records, self._rules)
            if regulars:
                self._copy.rememberClients(regulars, self._rules)
            self._copy.keepTidy(self._rules, self._lastNow)
            self._copyFails = False
        except StoreFailed as error:
            self._noteFailure(error)

    def _noteFailure(self, error: StoreFailed) -> None:
        if not self._copyFails:
            logger.error("the copy of the store %s fails: %s", self.link.name, error)
        self._copyFails = True

    async def _doRefresh(self) -> None:
        await super()._doRefresh()
        if self._run is None and self.link.failure is None:
            await self._sendAllAtFirst()

    async def _sendAllAtFirst(self) -> None:
        """Send what a copy in a file has from before this process, which may be news."""
        try:
            run = await self._runOfServer()
            await self._sendAll()
            self._run = run
        except StoreFailed:
            """The failure is logged; the next refresh tries again."""

    def _countDelivery(self, client: str, rules: Rules, now: float) -> None:
        """See Store."""
        self._copy.countDelivery(client, rules, now)
        if self.decidesAlone:
            self._changes.delivered(client, rules, now)
        else:
            super()._countDelivery(client, rules, now)

    def _revoke(self, client: str) -> None:
        """See Store."""
        self._copy.revoke(client)
        if self.decidesAlone:
            self._changes.revoked(client)
        else:
            super()._revoke(client)

    # While it does not

    def failed(self, ask: Ask, future: Future[Decision], failure: StoreFailed) -> None:
        """Decide a question that the server has not answered."""
        if self._closing is not None:
            super().failed(ask, future, failure)
            return
        self._leave(future.get_loop())
        try:
            future.set_result(self._decideAlone(ask.triple, ask.rules, ask.now))
        except Later as later:
            later.future.add_done_callback(partial(_passOn, future))
        except StoreFailed as error:
            super().failed(ask, future, error)

    def _leave(self, loop: AbstractEventLoop) -> None:
        if not self.decidesAlone:
            self.decidesAlone = True
            logger.warning("mails are decided from the copy of the store %s", self.link.name)
            self._return = loop.create_task(self._waitForReturn())

    def _decideAlone(self, triple: Triple, rules: Rules, now: float) -> Decision:
        try:
            decision = self._copy.decide(triple, rules, now)
        except Later as later:
            later.future.add_done_callback(partial(self._noteLater, triple))
            raise
        self._changes.note(triple, decision.record)
        return decision

    def _noteLater(self, triple: Triple, answer: Future[Decision]) -> None:
        if not answer.cancelled() and answer.exception() is None:
            self._changes.note(triple, answer.result().record)

    # When it answers again

    async def _waitForReturn(self) -> None:
        while self.decidesAlone:
            await sleep(self.link.pause())
            await self._tryToReturn()

    async def _tryToReturn(self) -> None:
        """Send the server what it lacks; then it decides again."""
        try:
            run = await self._runOfServer()
            if run != self._run or not run:
                await self._sendAll()
            count = len(self._changes)
            while self._changes:
                await self._sendChanges()
        except StoreFailed:
            return  # it is logged
        self._run = run
        self.decidesAlone = False
        logger.warning("the store %s decides again: %d changes sent", self.link.name, count)

    async def _runOfServer(self) -> str:
        return str(await self.link.send("EVAL", RUN, 0))

    async def _sendAll(self) -> None:
        """Send all records that the copy has."""
        await self._sendMerged(
            ((keyOf(triple), known) for triple, known in self._valid(self._copy.known())),
            self._mergeRecord,
        )
        await self._sendMerged(
            ((keyOfClient(client), known) for client, known in self._valid(self._copy.regulars())),
            lambda ours, theirs: mergeClient(regularOf(ours), theirs),
        )

    def _valid(self, known: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
        try:
            for key, record in known:
                if not isExpired(record, self._rules, self._lastNow):
                    yield key, record
        except StoreFailed as error:  # the server has to decide all the same
            self._noteFailure(error)

    async def _sendChanges(self) -> None:
        """Send some of the changes; they remain if that fails."""
        while self._changes.clients:
            change = self._changes.clients[0]
            await self._sendClient(change.client, change.rules, change.now)
            self._changes.forget(change)
        taken = self._changes.takeRecords(BATCH)
        try:
            await self._sendMerged(
                ((keyOf(triple), record) for triple, record in taken), self._mergeRecord
            )
        except StoreFailed:
            self._changes.giveBack(taken)
            raise

    async def _sendClient(self, client: str, rules: Rules | None, now: float) -> None:
        key = keyOfClient(client)
        if rules is None:
            await self.link.send("DEL", key)
            return
        isDone = False
        while not isDone:
            known = await self.link.send("GET", key)
            isDone = (await self.link.send(*deliveryToWrite(key, known, rules, now)))[0]

    async def _sendMerged(self, pairs: Iterable[tuple[str, Any]], merge: Merge[Any]) -> None:
        source = iter(pairs)
        while batch := list(islice(source, BATCH)):
            while batch:  # what another process has changed meanwhile is sent again
                if self._closing is not None:
                    raise self._isClosed()
                values = await self.link.send("MGET", *[key for key, _ in batch])
                done = await self.link.send(*recordsToWrite(batch, values, self._rules, merge))
                batch = [pair for pair, isDone in zip(batch, done, strict=True) if not isDone]

    def _mergeRecord(self, ours: str | None, theirs: Record) -> Record:
        return mergeAttempts(recordOf(ours), theirs, self._rules)

    def close(self) -> None:
        """See Store."""
        if isUnderWay(self._return):
            self._return.cancel()
        try:
            super().close()
        finally:
            self._copy.close()


def _recordOf(ask: Ask, decision: Decision) -> Record | None:
    """Return the record of the triple after a decision, as far as the decision shows it."""
    if decision.record is not None or decision.isAccepted or decision.wait == 0:
        return decision.record
    return Record(ask.now + decision.wait - ask.rules.min_defer_time)  # it was retried early


def _passOn(future: Future[Decision], answer: Future[Decision]) -> None:
    if future.done() or answer.cancelled():
        return
    error = answer.exception()
    if error is None:
        future.set_result(answer.result())
    else:
        future.set_exception(error)
        future.exception()  # marks it as retrieved, in case the caller is gone
