"""The disturbances of the soak test: kills, faults of the real server, changes by an administrator.

Example usage
-------------
    class Soak(Disturbances): ...
    for each in soak.disturbances():
        group.create_task(each)       # until soak.isCalm

How does it work?
-----------------
Each disturbance is repeated after a random pause. Deliberate changes are recorded in the journal,
with the span of time until all processes know them.
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

NOTICED = 2.5  # seconds until all processes know a change in the store
RELOADED = 6.0  # seconds until the last connection with the old lists has ended
STALLED = 3.0  # seconds after a lock until no process waits for the store any more
DENIED_BY_HAND = 4  # spammers that are denied by command; the others are sometimes in the file


class Disturbances:
    """The disturbances of a soak test."""

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
        self.hand = asyncio.Lock()  # one change of the store at a time

    def clock(self) -> float:
        """Return the time of the proxy."""
        raise NotImplementedError

    def disturbances(self) -> list[Any]:
        works = [(self.killProxy, 4, 9), (self.disturbBackend, 0.5, 3), (self.reload, 3, 9)]
        works += [(self.changeLists, 1, 4), (self.stallStore, 3, 9)]
        return [self.whileNotCalm(*work) for work in works]

    async def whileNotCalm(
        self, work: Callable[[], Awaitable[None]], low: float, high: float
    ) -> None:
        while not self.isCalm:
            await asyncio.sleep(self.rng.uniform(low, high))
            await work()

    async def killProxy(self) -> None:
        target = self.rng.choice(
            ["all", "first"] if self.options.workers == 1 else ["all", "first", "worker", "worker"]
        )
        self.seen["kills"] += 1
        self.seen[f"killed: {target}"] += 1
        await self.proxy.kill(target)
        if target != "worker":
            await asyncio.sleep(self.rng.uniform(0, 0.5))
            await self.proxy.start()

    async def disturbBackend(self) -> None:
        """Kill the real server, or switch on faults at one or two stages."""
        rng = self.rng
        self.seen["faults of the real server"] += 1
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
        """Change the list files and send SIGHUP."""
        self.setStatic()
        self.proxy.hangUp()
        self.seen["reloads"] += 1
        await asyncio.sleep(0)

    def setStatic(self) -> None:
        """Write the list files: the listed senders and some others."""
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

    async def changeLists(self) -> None:
        """Allow or deny an address for a while, or forget a client, with a command."""
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
        """Keep an entry in the list of the store for a while."""
        start = await self.noticed(self.enter(verdict, kind, what))
        await asyncio.sleep(self.rng.uniform(0, 4) * self.slowness)
        end = await self.noticed(self.withdraw(kind, what))
        self.journal.listings.append(Listing(verdict, kind, what, start, end))

    async def noticed(self, work: Awaitable[None]) -> Span:
        """Await `work`; return the span from its start until all processes know it."""
        async with self.hand:
            begin = self.clock()
            await work
            await asyncio.sleep(NOTICED)
            return Span(begin, self.clock())

    async def enter(self, verdict: str, kind: str, what: str) -> None:
        said = await self.proxy.ask(verdict, what, "--kind", kind)
        must(said.strip() == f"{kind} {what}: {verdict}", f"{verdict} {what} says {said}")

    async def withdraw(self, kind: str, what: str) -> None:
        """Remove the entry only; the command would also forget its records."""
        with closing(openStore(self.store)) as store:
            isGone = store.removeEntry(kind, what)
        must(isGone, f"the entry {kind} {what} was not found")

    async def stallStore(self) -> None:
        """Lock the store for longer than is usual."""
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
