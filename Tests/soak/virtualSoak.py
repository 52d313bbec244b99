"""The second part of the soak test: a month of the same traffic in virtual time, without sockets.

Example usage
-------------
    soak = VirtualSoak(options, folder, "sqlite:/tmp/soak/grey.db")
    soak.runToItsEnd()

How does it work?
-----------------
The clients are those of the first part. Clients, the handlers of the proxy and the real server are
in one process, linked by boxes, on an event loop whose time advances as soon as everything waits
for it. So an attempt and its answer have the same time, and the model can predict nearly every
answer. Once a day, the proxy starts again with the contents of its store.
"""

import asyncio
import gc
import os
import random
import time
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

from Axon.Component import component
from Axon.EventLoop import newLoop
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler
from Axon.Timers import VirtualClock
from Kamaelia.Apps.Grey.Service import Assembly
from Kamaelia.Apps.Grey.Stores import StoreEntry
from Kamaelia.Support.Greylist.Senders import largeSenders
from Tests.soak.backend import Conversation
from Tests.soak.clientStates import Forgot, Span, Times
from Tests.soak.journal import Listing
from Tests.soak.liveSoak import Soak
from Tests.soak.proxy import FORM, State

RULES = Times(
    0.0, 300.0, 172800.0, 864000.0, passes=5
)  # the defaults, except ten days instead of 36
OURS = ("Axon.", "Kamaelia.")
MAY_BE_MORE = 200  # objects that are created when they are first needed, and kept
LARGE = ".large.example | many networks | https://large.example/why | 2020-01-31"
SLOWNESS = 3600.0  # factor to the first part
DAY = 86400.0


class Wire(component):
    """A transport made of boxes, for a protocol of asyncio."""

    Inboxes = {"inbox": "bytes for the protocol", "control": "the other end closes"}
    Outboxes = {"outbox": "bytes that it writes", "signal": "it closes"}

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self.protocol = protocol
        self.isClosed = False

    def main(self) -> Generator[int, None, None]:
        self.protocol.connection_made(self)
        while not self.isClosed:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.protocol.data_received(data)
            if self.dataReady("control"):
                self.close()
        self.protocol.connection_lost(None)

    def write(self, data: bytes) -> None:
        if not self.isClosed:
            self.send(data)

    def close(self) -> None:
        if not self.isClosed:
            self.isClosed = True
            self.send(producerFinished(self), "signal")
            self.unpause()

    abort = close

    def is_closing(self) -> bool:
        return self.isClosed

    def get_extra_info(self, name: str) -> Any:
        """Return this object in place of a socket."""
        return self

    def setsockopt(self, *how: Any) -> None:
        """Do nothing: there is no socket."""


class Waiter(component):
    """A component that waits, so that the scheduler continues to run."""

    def main(self) -> Generator[int, None, None]:
        yield from self.waitForMessage()


class Resolver:
    """A resolver that knows the names of the large senders, with random delays."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    async def nameOf(self, peer: str) -> str | None:
        await asyncio.sleep(self.rng.choice([0.0, 0.0, 0.001, 0.2]))
        return f"out{peer.rpartition('.')[2]}.large.example" if isNamed(peer) else None


def isNamed(address: str) -> bool:
    """Return whether the address belongs to a large sender."""
    return address.startswith("127.200.")


def connectByBoxes(handler: Any) -> None:
    """Connect a handler to the real server by boxes instead of a TCPClient."""
    wire = handler.TCPClient = Wire(Conversation(handler.smtp_soak.backend))
    for here, there in (("outbox", "inbox"), ("signal", "control")):
        wire.link((wire, here), (handler, f"tcp_{there}"))
        handler.link((handler, f"tcp_{here}"), (wire, there))
    handler.addChildren(wire)
    wire.activate()


class VirtualSoak(Soak):
    """A soak test in virtual time."""

    slowness = SLOWNESS

    def __init__(self, options: Any, folder: Path, store: str) -> None:
        super().__init__(options, folder, store)
        self.journal.mayLoseCounts = False
        self.times = RULES
        self.seconds = options.days * DAY
        self.virtual = VirtualClock()
        self.started = float(int(time.time()))
        self.file = folder / "grey.toml"

    def clock(self) -> float:
        return self.started + self.virtual.now()

    def runToItsEnd(self) -> None:
        """Run it on a scheduler and an event loop of its own."""
        before, scheduler.run = scheduler.run, scheduler(clock=self.virtual)
        try:
            with asyncio.Runner(loop_factory=lambda: newLoop(self.virtual)) as runner:
                runner.run(self._beside())
        finally:
            scheduler.run = before

    async def _beside(self) -> None:
        """Run the soak test beside the components."""
        stay = Waiter()
        stay.activate()
        running = asyncio.create_task(scheduler.run.runAsync())
        await self.run()
        scheduler.run.stop()
        await running

    async def connect(self, peer: Any, address: str) -> None:
        wire = Wire(peer)
        handler = self.protocol(peer=address, peerport=1025, localip="127.0.0.1", localport=25)
        for here, there in (("outbox", "inbox"), ("signal", "control")):
            wire.link((wire, here), (handler, there))
            wire.link((handler, here), (wire, there))
        wire.activate()
        handler.activate()
        self.seen["handlers"] += 1
        while peer.transport is None:
            await asyncio.sleep(0)

    async def run(self) -> None:
        """Run the whole month."""
        words = {"port": 1, "far": 2, "workers": 1, "folder": self.folder, "store": self.store}
        self.file.write_text(FORM.format(**words, times=self.times))
        self.setStatic()
        self.begin()
        await self.recordResources()
        self.before = objects()
        async with asyncio.TaskGroup() as group:
            daily = [group.create_task(self.whileNotCalm(self.beginAnew, DAY, DAY))]
            daily += [group.create_task(self.whileNotCalm(self.changeLists, DAY / 8, DAY / 2))]
            daily += [group.create_task(self.whileNotCalm(self.disturbBackend, DAY / 8, DAY))]
            daily += [group.create_task(self.forEver(self.recordResources, DAY / 4, DAY / 4))]
            working = [group.create_task(each) for each in self.traffic()]
            await asyncio.sleep(self.seconds)
            self.isCalm = self.isOver = True
            await self.untilDone(working)
            for each in daily:
                each.cancel()
        end = Span(self.clock() + DAY, self.clock() + DAY)
        self.journal.listings += [Listing(*key, start, end) for key, start in self.static.items()]
        self.counted = self.greylist.opened.counters()
        self.greylist.close()
        await self.recordResources()
        self.more = objects() - self.before
        self.idle, self.last = self.samples[0][2], self.samples[-1][2]

    def setStatic(self) -> None:
        super().setStatic()
        # The large senders are listed by their names, which the resolver knows.
        file = self.folder / "allowed"
        file.write_text("\n".join(each for each in file.read_text().split() if not isNamed(each)))

    def begin(self) -> None:
        """Create a proxy from the files."""
        configuration = Assembly.read(self.file)
        self.greylist = Assembly.greylistOf(configuration)
        self.greylist.resolver = Resolver(self.rng)
        self.greylist.clock = self.clock
        self.greylist.large_senders = largeSenders(LARGE)
        more = {"smtp_soak": self, "connectToRealSMTPServer": connectByBoxes}
        self.protocol = Assembly.protocolOf(configuration, self.greylist, **more)

    async def beginAnew(self) -> None:
        """Create a new proxy, as after a kill: only the contents of the store remain."""
        self.greylist.close()
        self.setStatic()
        self.begin()
        self.seen["began anew"] += 1

    async def loseBackend(self) -> None:
        for each in list(self.backend.open):
            each.transport.abort()
        await asyncio.sleep(0)

    async def forget(self, network: str) -> None:
        for triple, _ in list(self.greylist.opened.find(network)):
            self.greylist.opened.forget(triple)
        self.greylist.opened.forgetClient(network)
        self.journal.forgotten.append(Forgot(network, Span(self.clock(), self.clock())))

    async def enter(self, verdict: str, kind: str, what: str) -> None:
        self.greylist.opened.addEntry(StoreEntry(verdict, kind, what))

    async def withdraw(self, kind: str, what: str) -> None:
        self.greylist.opened.removeEntry(kind, what)

    async def recordResources(self) -> None:
        """Record the memory and the descriptors of the process."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        descriptors = len(os.listdir("/proc/self/fd"))
        state = State(1, pages * os.sysconf("SC_PAGE_SIZE"), descriptors)
        self.samples.append((self.now(), 0, state))

    def wrong(self) -> Iterator[str]:
        """Generate a sentence for each leak and each wrong counter."""
        if sum(self.more.values()) > MAY_BE_MORE:
            yield f"leaked objects: {self.more.most_common(5)}"
        tally = self.journal.tally
        for name, there in (
            ("sessions", tally["sessions"]),
            ("mails/accepted", tally["after the dot 250"]),
        ):
            if self.counted.get(name, 0) != there:
                yield f"the counter {name} says {self.counted.get(name)}, expected {there}"


def objects() -> Counter[str]:
    """Return the number of objects of each class of the packages."""
    gc.collect()
    kinds = Counter(map(type, gc.get_objects()))
    ours = {kind: many for kind, many in kinds.items() if str(kind.__module__).startswith(OURS)}
    return Counter({kind.__qualname__: many for kind, many in ours.items()})
