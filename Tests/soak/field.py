"""The first part of a soak: a mail host on real sockets, and all that goes wrong there.

Example usage
-------------
    field = Field(options, folder, "sqlite:/tmp/soak/grey.db")
    await field.run()
    field.books.wrong(), field.samples, field.seen

How does it work?
-----------------
For two thirds of the time the proxy is killed again and again, the real server
has its moods, and an administrator changes his mind. The last third is calm but
for the traffic: what the proxy holds then must not grow. At last only those who
mean well go on, until all that they had has arrived.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from Kamaelia.Apps.Grey.Stores import openStore
from Tests.attacks.attacking import must
from Tests.soak.backend import (
    HANG_UP,
    SILENCE,
    SLOW,
    STAGES,
    TAKE_AND_HANG_UP,
    TAKE_IN_SILENCE,
    Backend,
)
from Tests.soak.books import Books, Listing
from Tests.soak.model import Forgot, Span, Times
from Tests.soak.proxy import Proxy, State
from Tests.soak.servers import Server
from Tests.soak.strangers import burst, crowd, spam, twins
from Tests.soak.strangers import once as sayOnce

RULES = Times(20, 60, 600, 1800, passes=5)  # of the hour that is simulated
SERVERS = {
    "small": 12,
    "busy": 6,
    "hasty": 6,
    "list": 6,
    "pool": 3,
    "wide": 3,
    "listed": 2,
    "reports": 4,
}
MAY_GROW = 2 * 1024 * 1024  # octets a process
NOTICED = 2.5  # seconds until each process knows of a change in the store
RELOADED = 6.0  # seconds until the last connection that knew it otherwise has asked


class Field:
    """Field(options, folder, store) -> run(), then what it saw."""

    slowness = 1.0  # how much slower than in the tables everything happens

    def __init__(self, options: Any, folder: Path, store: str) -> None:
        self.options = options
        self.rng = random.Random(options.seed)
        self.books = Books()
        self.backend = Backend(self.books)
        self.times = Times(*(each / options.scale for each in RULES[:4]), passes=RULES.passes)
        self.seconds = options.minutes * 60 / options.scale
        self.folder, self.store = folder, store
        self.pace = self.slowness / options.load
        self.isOver = self.isCalm = False
        self.seen: Counter[str] = Counter()
        self.samples: list[tuple[float, int, State]] = []
        self.static: dict[tuple[str, str, str], Span] = {}
        self.servers = [
            Server(self, number, kind) for kind, many in SERVERS.items() for number in range(many)
        ]

    def now(self) -> float:
        """For waiting."""
        return asyncio.get_running_loop().time()

    def clock(self) -> float:
        """As the proxy has it."""
        return time.time()

    async def connect(self, peer: Any, address: str) -> None:
        """From this address. Raises OSError."""
        loop = asyncio.get_running_loop()
        where = ("127.0.0.1", self.proxy.port)
        await loop.create_connection(lambda: peer, *where, local_addr=(address, 0))

    def runToItsEnd(self) -> None:
        """On a loop of its own."""
        asyncio.run(self.run())

    async def run(self) -> None:
        """All of it."""
        await self.backend.start()
        self.proxy = Proxy(
            self.folder, self.store, self.options.workers, self.backend.port, self.times
        )
        self.setStatic()
        await self.proxy.start()
        await self.warmUp()
        self.idle = await self.atIdle()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self.forEver(self.sample, 1.0, 1.0))
            working = [group.create_task(each) for each in self.disturbances()]
            working += [group.create_task(each) for each in self.traffic()]
            await asyncio.sleep(self.seconds * 2 / 3)
            self.isCalm = True
            await asyncio.sleep(self.seconds / 3)
            self.isOver = True
            await self.untilDone(working)
            watching.cancel()
        await self.settle()

    async def untilDone(self, working: list[Any]) -> None:
        """Waits for those who mean well; who takes too long has lost its mail."""
        _, late = await asyncio.wait(working, timeout=60 + 4 * self.times.maxDefer)
        for each in late:
            each.cancel()

    async def settle(self) -> None:
        """Nobody is connected any more: what does it hold, and what does it know?"""
        self.last = await self.atIdle(self.idle.descriptors)
        end = Span(self.clock() + RELOADED, self.clock() + RELOADED)
        self.books.listings += [Listing(*key, start, end) for key, start in self.static.items()]
        await self.proxy.stop()
        self.backend.kill()

    async def warmUp(self) -> None:
        """What each process makes once has been made then."""
        calls = (
            sayOnce(self, f"127.70.0.{each}", spam(self, "warm.example")) for each in range(1, 60)
        )
        await asyncio.gather(*calls)

    async def atIdle(self, most: int = 0) -> State:
        """What it has once that grows no less, or is no more than `most`."""
        before, state = State(0, 0, 0), self.proxy.state()
        for _ in range(100):
            if state.descriptors <= most or (not most and state[::2] == before[::2]):
                break
            await asyncio.sleep(0.3)
            before, state = state, self.proxy.state()
        return state

    async def sample(self) -> None:
        self.samples.append((time.monotonic(), self.proxy.life, self.proxy.state()))

    # Who comes

    def traffic(self) -> list[Any]:
        pauses: list[tuple[Callable[[Any], Awaitable[None]], float]] = [
            (burst, 0.5),
            (twins, 2.0),
            (crowd, 8.0),
        ]
        coming = [self.again(work, pause) for work, pause in pauses]
        return [*coming, *(server.run() for server in self.servers)]

    async def again(self, work: Callable[[Any], Awaitable[None]], pause: float) -> None:
        """Begins it anew all the time, whether the last has ended or not."""
        async with asyncio.TaskGroup() as group:
            while not self.isOver:
                group.create_task(work(self))
                await asyncio.sleep(self.rng.expovariate(1 / (pause * self.pace)))

    # What goes wrong

    def disturbances(self) -> list[Any]:
        works = [(self.killProxy, 4, 9), (self.spoilBackend, 0.5, 3), (self.reload, 3, 9)]
        works += [(self.changeMind, 1, 4)]
        return [self.whileNotCalm(*work) for work in works]

    async def whileNotCalm(
        self, work: Callable[[], Awaitable[None]], low: float, high: float
    ) -> None:
        while not self.isCalm:
            await asyncio.sleep(self.rng.uniform(low, high))
            await work()

    async def forEver(self, work: Callable[[], Awaitable[None]], low: float, high: float) -> None:
        while True:
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
        """Killed, or in a mood at one stage or two."""
        rng = self.rng
        self.seen["the real server was spoilt"] += 1
        if rng.random() < 0.3:
            await self.loseBackend()
            return
        moods = [HANG_UP, SILENCE, SLOW, "451", "421", "550"]
        for stage in rng.sample(STAGES, rng.randint(1, 2)):
            more = [TAKE_AND_HANG_UP, TAKE_IN_SILENCE] if stage == "dot" else []
            self.backend.moods[stage] = rng.choice(moods + more)
        await asyncio.sleep(rng.uniform(0.3, 1.5) * self.slowness)
        self.backend.moods.clear()

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
        denied = [f"@spam{number}.example" for number in rng.sample(range(20), 3)]
        wanted = {("allow", "client", each) for each in allowed} | {
            ("deny", "sender", each) for each in denied
        }
        for key in set(self.static) - wanted:
            end = Span(now, now + RELOADED)
            self.books.listings.append(Listing(*key, self.static.pop(key), end))
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
            await server.atRest(lambda: self.forget(network))
        elif choice == "deny":
            await self.listing("deny", "sender", f"@spam{rng.randrange(20, 24)}.example")
        else:
            await self.listing("allow", "client", network)

    async def forget(self, network: str) -> None:
        start = self.clock()
        await self.proxy.ask("forget", network)
        self.books.forgotten.append(Forgot(network, Span(start, self.clock())))

    async def listing(self, *entry: str) -> None:
        """verdict, kind, what: on the list of the store for a while."""
        begin = self.clock()
        await self.enter(*entry)
        start = Span(begin, self.clock() + NOTICED)
        await asyncio.sleep(self.rng.uniform(1, 6) * self.slowness)
        begin = self.clock()
        await self.withdraw(*entry[1:])
        self.books.listings.append(Listing(*entry, start, Span(begin, self.clock() + NOTICED)))

    async def enter(self, verdict: str, kind: str, what: str) -> None:
        said = await self.proxy.ask(verdict, what, "--kind", kind)
        must(said.strip() == f"{kind} {what}: {verdict}", f"{verdict} {what} says {said}")

    async def withdraw(self, kind: str, what: str) -> None:
        """The command forgets all that is known of what is named so; this only the entry."""
        with closing(openStore(self.store)) as store:
            isGone = store.removeEntry(kind, what)
        must(isGone, f"the entry {kind} {what} is lost")

    # At the end

    def wrong(self) -> Iterator[str]:
        """What the proxy said and held that it never should."""
        yield from self.proxy.errors()
        if self.last.descriptors > self.idle.descriptors:
            yield f"descriptors: {self.last.descriptors} at the end, {self.idle.descriptors} before"
        if self.growth() > MAY_GROW * self.last.processes:
            yield f"memory grew by {self.growth() / 2**20:.1f} MiB in the calm"

    def growth(self) -> float:
        """Octets that it holds more at the end of the calm than at its beginning."""
        life = self.samples[-1][1]
        calm = [(when, state.resident) for when, each, state in self.samples if each == life]
        calm = calm[len(calm) // 3 :]
        return slopeOf(calm) * (calm[-1][0] - calm[0][0]) if len(calm) > 2 else 0.0


def slopeOf(points: list[tuple[float, float]]) -> float:
    """Of the straight line through them that fits best."""
    x = sum(each[0] for each in points) / len(points)
    y = sum(each[1] for each in points) / len(points)
    below = sum((each[0] - x) ** 2 for each in points)
    return sum((each[0] - x) * (each[1] - y) for each in points) / below if below else 0.0
