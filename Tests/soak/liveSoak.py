"""The first part of the soak test: a mail host on real sockets, with disturbances.

Example usage
-------------
    soak = Soak(options, folder, "sqlite:/tmp/soak/grey.db")
    await soak.run()
    soak.journal.wrong(), soak.samples, soak.seen

How does it work?
-----------------
For two thirds of the time, the proxy is killed repeatedly, the real server has faults, and an
administrator changes lists. The last third has traffic without disturbances, and the memory of the
proxy must not grow. Finally, the servers that retry continue until all their mails have arrived.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

from Tests.soak.backend import Backend
from Tests.soak.badClients import burst, crowd, spam, twins
from Tests.soak.badClients import once as sayOnce
from Tests.soak.clientStates import Span, Times
from Tests.soak.disturbances import RELOADED, Disturbances
from Tests.soak.journal import Journal, Listing
from Tests.soak.proxy import Proxy, State
from Tests.soak.sendingServers import SendingServer

RULES = Times(20, 60, 600, 1800, passes=5)  # for the simulated hour
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
MAY_GROW = 2 * 1024 * 1024  # octets per process


class Soak(Disturbances):
    """A soak test on real sockets: run(), then the findings."""

    slowness = 1.0  # factor for all times in the tables

    def __init__(self, options: Any, folder: Path, store: str) -> None:
        super().__init__()
        self.options = options
        self.rng = random.Random(options.seed)
        self.journal = Journal()
        self.journal.mayLoseCounts = True
        self.backend = Backend(self.journal)
        self.times = Times(*(each / options.scale for each in RULES[:4]), passes=RULES.passes)
        self.seconds = options.minutes * 60 / options.scale
        self.folder, self.store = folder, store
        self.pace = self.slowness / options.load
        self.isOver = False
        self.seen: Counter[str] = Counter()
        self.samples: list[tuple[float, int, State]] = []
        self.servers = [
            SendingServer(self, number, kind)
            for kind, many in SERVERS.items()
            for number in range(many)
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
        """Run the soak test on an event loop of its own."""
        asyncio.run(self.run())

    async def run(self) -> None:
        """Run the whole part."""
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
        """Wait for the servers that retry; cancel those that take too long."""
        _, late = await asyncio.wait(working, timeout=60 + 4 * self.times.maxDefer)
        for each in late:
            each.cancel()

    async def settle(self) -> None:
        """Measure the idle proxy after the last connection, and stop it."""
        self.last = await self.atIdle(self.idle.descriptors)
        end = Span(self.clock() + RELOADED, self.clock() + RELOADED)
        self.journal.listings += [Listing(*key, start, end) for key, start in self.static.items()]
        await self.proxy.stop()
        self.backend.kill()

    async def warmUp(self) -> None:
        """Make each process create what it keeps permanently."""
        calls = (
            sayOnce(self, f"127.70.0.{each}", spam(self, "warm.example")) for each in range(1, 60)
        )
        await asyncio.gather(*calls)

    async def atIdle(self, most: int = 0) -> State:
        """Return the state when it no longer shrinks, or has at most `most` descriptors."""
        before, state = State(0, 0, 0), self.proxy.state()
        for _ in range(100):
            if state.descriptors <= most or (not most and state[::2] == before[::2]):
                break
            await asyncio.sleep(0.3)
            before, state = state, self.proxy.state()
        return state

    async def sample(self) -> None:
        self.samples.append((time.monotonic(), self.proxy.life, self.proxy.state()))

    async def forEver(self, work: Callable[[], Awaitable[None]], low: float, high: float) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(low, high))
            await work()

    # Clients

    def traffic(self) -> list[Any]:
        pauses: list[tuple[Callable[[Any], Coroutine[Any, Any, None]], float]] = [
            (burst, 0.5),
            (twins, 2.0),
            (crowd, 8.0),
        ]
        coming = [self.again(work, pause) for work, pause in pauses]
        return [*coming, *(server.run() for server in self.servers)]

    async def again(self, work: Callable[[Any], Coroutine[Any, Any, None]], pause: float) -> None:
        """Start `work` repeatedly, even if the previous one has not ended."""
        async with asyncio.TaskGroup() as group:
            while not self.isOver:
                group.create_task(work(self))
                await asyncio.sleep(self.rng.expovariate(1 / (pause * self.pace)))

    # At the end

    def wrong(self) -> Iterator[str]:
        """Generate a sentence for each error of the proxy and each leak."""
        yield from self.proxy.errors()
        if self.last.descriptors > self.idle.descriptors:
            yield f"descriptors: {self.last.descriptors} at the end, {self.idle.descriptors} before"
        if self.growth() > MAY_GROW * self.last.processes:
            yield f"memory grew by {self.growth() / 2**20:.1f} MiB without disturbances"

    def growth(self) -> float:
        """Return the growth of memory, in octets, during the time without disturbances."""
        life = self.samples[-1][1]
        calm = [(when, state.resident) for when, each, state in self.samples if each == life]
        calm = calm[len(calm) // 3 :]
        return slopeOf(calm) * (calm[-1][0] - calm[0][0]) if len(calm) > 2 else 0.0


def slopeOf(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the least-squares line through the points."""
    x = sum(each[0] for each in points) / len(points)
    y = sum(each[1] for each in points) / len(points)
    below = sum((each[0] - x) ** 2 for each in points)
    return sum((each[0] - x) * (each[1] - y) for each in points) / below if below else 0.0
