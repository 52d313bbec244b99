"""What goes wrong on a mail host while its traffic goes on: kills, faults, changes of mind.

Example usage
-------------
    class Soak(Disturbances): ...
    for each in soak.disturbances():
        group.create_task(each)       # until soak.isCalm

How does it work?
-----------------
Each disturbance comes again and again, with a pause of its own. What is changed
on purpose is noted in the journal, with the span in which all come to know it.
"""

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from Kamaelia.Apps.Grey.Stores import openStore
from Kamaelia.Apps.Grey.Stores.Redis import RedisStore
from Tests.attacks.harness import must
from Tests.soak.backend import (
    HANG_UP,
    SILENCE,
    SLOW,
    STAGES,
    TAKE_AND_HANG_UP,
    TAKE_IN_SILENCE,
    Backend,
)
from Tests.soak.clientStates import Forgot, Span
from Tests.soak.journal import SPAMMERS, Journal, Listing
from Tests.soak.proxy import Proxy
from Tests.soak.sendingServers import SendingServer

NOTICED = 2.5  # seconds until each process knows of a change in the store
RELOADED = 6.0  # seconds until the last connection that knew it otherwise has asked
STALLED = 3.0  # seconds until nobody waits any more for a store that was held
DENIED_BY_HAND = 4  # of the spammers; the others are in the file, now and then


class Disturbances:
    """The part of a soak that disturbs."""

    options: Any
    rng: random.Random
    journal: Journal
    backend: Backend
    proxy: Proxy
    servers: list[SendingServer]
    seen: Counter[str]
    folder: Path
    store: str
    slowness: float
    isCalm = False

    def __init__(self) -> None:
        self.static: dict[tuple[str, str, str], Span] = {}
        self.hand = asyncio.Lock()  # one thing after the other in the store

    def clock(self) -> float:
        """The time of the proxy."""
        raise NotImplementedError

    def disturbances(self) -> list[Any]:
        works = [(self.killProxy, 4, 9), (self.spoilBackend, 0.5, 3), (self.reload, 3, 9)]
        works += [(self.changeMind, 1, 4), (self.stallStore, 3, 9)]
        return [self.whileNotCalm(*work) for work in works]

    async def whileNotCalm(
        self, work: Callable[[], Awaitable[None]], low: float, high: float
    ) -> None:
        while not self.isCalm:
            await asyncio.sleep(self.rng.uniform(low, high))
            await work()

    async def killProxy(self) -> None:
        whom = self.rng.choice(
            ["all", "first"] if self.options.workers == 1 else ["all", "first", "worker", "worker"]
        )
        self.seen["kills"] += 1
        self.seen[f"killed: {whom}"] += 1
        await self.proxy.kill(whom)
        if whom != "worker":
            await asyncio.sleep(self.rng.uniform(0, 0.5))
            await self.proxy.start()

    async def spoilBackend(self) -> None:
        """Killed, or in a fault at one stage or two."""
        rng = self.rng
        self.seen["the real server was spoilt"] += 1
        if rng.random() < 0.3:
            await self.loseBackend()
            return
        faults = [HANG_UP, SILENCE, SLOW, "451", "421", "550"]
        for stage in rng.sample(STAGES, rng.randint(1, 2)):
            more = [TAKE_AND_HANG_UP, TAKE_IN_SILENCE] * 3 if stage == "dot" else []
            self.backend.faults[stage] = rng.choice(faults + more)
        await asyncio.sleep(rng.uniform(0.3, 1.5) * self.slowness)
        self.backend.faults.clear()

    async def loseBackend(self) -> None:
        self.backend.kill()
        await asyncio.sleep(self.rng.uniform(0.1, 1.0))
        await self.backend.start()

    async def reload(self) -> None:
        """The files of the lists change, and it is told."""
        self.setStatic()
        self.proxy.hangUp()
        self.seen["reloads"] += 1
        await asyncio.sleep(0)

    def setStatic(self) -> None:
        """Writes the files anew: the listed senders, and some others."""
        rng, now = self.rng, self.clock()
        allowed = [
            f"{net}.0/24" for each in self.servers if each.name == "listed" for net in each.networks
        ]
        allowed += rng.sample([f"{each.networks[0]}.0/24" for each in self.servers[:12]], 2)
        denied = [
            f"@spam{number}.example" for number in rng.sample(range(DENIED_BY_HAND, SPAMMERS), 3)
        ]
        wanted = {("allow", "client", each) for each in allowed} | {
            ("deny", "sender", each) for each in denied
        }
        for key in set(self.static) - wanted:
            end = Span(now, now + RELOADED)
            self.journal.listings.append(Listing(*key, self.static.pop(key), end))
        for key in wanted - set(self.static):
            self.static[key] = Span(now, now + RELOADED)
        (self.folder / "allowed").write_text("\n".join(allowed))
        (self.folder / "denied").write_text("\n".join(denied))

    async def changeMind(self) -> None:
        """An administrator allows or denies somebody for a while, or forgets a client."""
        rng = self.rng
        server = rng.choice(self.servers)
        network = f"{server.networks[0]}.0/24"
        choice = rng.choice(["allow", "deny", "forget"])
        self.seen[f"commands: {choice}"] += 1
        if choice == "forget":
            async with self.hand:
                await server.atRest(lambda: self.forget(network))
        elif choice == "deny":
            await self.listing("deny", "sender", f"@spam{rng.randrange(DENIED_BY_HAND)}.example")
        else:
            await self.listing("allow", "client", network)

    async def forget(self, network: str) -> None:
        start = self.clock()
        await self.proxy.ask("forget", network)
        self.journal.forgotten.append(Forgot(network, Span(start, self.clock())))

    async def listing(self, verdict: str, kind: str, what: str) -> None:
        """On the list of the store for a while."""
        start = await self.noticed(self.enter(verdict, kind, what))
        await asyncio.sleep(self.rng.uniform(0, 4) * self.slowness)
        end = await self.noticed(self.withdraw(kind, what))
        self.journal.listings.append(Listing(verdict, kind, what, start, end))

    async def noticed(self, work: Awaitable[None]) -> Span:
        """Awaits it -> from when on it may count, and must."""
        async with self.hand:
            begin = self.clock()
            await work
            await asyncio.sleep(NOTICED)
            return Span(begin, self.clock())

    async def enter(self, verdict: str, kind: str, what: str) -> None:
        said = await self.proxy.ask(verdict, what, "--kind", kind)
        must(said.strip() == f"{kind} {what}: {verdict}", f"{verdict} {what} says {said}")

    async def withdraw(self, kind: str, what: str) -> None:
        """The command forgets all that is known of what is named so; this only the entry."""
        with closing(openStore(self.store)) as store:
            isGone = store.removeEntry(kind, what)
        must(isGone, f"the entry {kind} {what} is lost")

    async def stallStore(self) -> None:
        """Somebody holds the store, for longer than anybody should."""
        seconds = self.rng.choice([0.02, 0.2, 1.0, 3.0])
        self.seen["the store was stalled"] += 1
        async with self.hand:
            begin = self.clock()
            with closing(openStore(self.store)) as store:
                if isinstance(store, RedisStore):
                    store._ask("CLIENT", "PAUSE", int(seconds * 1000), "ALL")
                    await asyncio.sleep(seconds)
                else:
                    await self.holdLock(self.store.partition(":")[2], seconds)
            self.journal.stalls.append(Span(begin, self.clock() + STALLED))

    async def holdLock(self, path: str, seconds: float) -> None:
        with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(seconds)
            connection.execute("ROLLBACK")
