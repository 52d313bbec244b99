"""Clients that behave correctly: they retry deferred mails until these have arrived.

Example usage
-------------
    server = SendingServer(soak, 3, "busy")
    await server.run()          # until the soak test is over and its queues are empty

How does it work?
-----------------
A server has queues. Each queue has mails, retries deferred mails with growing delays, and sends
several mails in one session. A row of KINDS describes the rest: the addresses and the senders.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from Tests.soak.connection import Connection
from Tests.soak.journal import OURS, Mail

MOST_IN_A_SESSION = 5


class Kind(NamedTuple):
    """The behaviour of a kind of server."""

    networks: int = 1  # networks of its addresses
    queues: int = 1
    recipients: int = 1  # the most per mail
    senders: str = "<s{few}@{host}>"
    key: str = ""  # the key of such a sender in the store
    isHasty: bool = False  # the first retry is too soon
    pause: float = 4.0  # mean seconds between two mails of a queue


KINDS = {
    "small": Kind(recipients=3),
    "busy": Kind(queues=2, recipients=6, pause=1.5),
    "hasty": Kind(isHasty=True),
    "list": Kind(
        recipients=8, senders="<news-bounce-{any}@{host}>", key="news-bounce-#@{host}", pause=3
    ),
    "pool": Kind(networks=1, queues=2, pause=2),
    "wide": Kind(networks=3, pause=8),
    "listed": Kind(networks=8, queues=2, senders="<s{any}@{host}>", pause=3),
    "reports": Kind(senders="<>", recipients=2),
}


class SendingServer:
    """A mail server with queues."""

    def __init__(self, soak: Any, number: int, kind: str) -> None:
        self.soak, self.kind, self.name = soak, KINDS[kind], kind
        self.host = f"{kind}{number}.example"
        second = 200 if kind == "listed" else 20 + list(KINDS).index(kind)
        self.networks = [f"127.{second}.{number * 8 + each}" for each in range(self.kind.networks)]
        self.pause = self.kind.pause * soak.pace
        self.busy = 0
        self.mayCall = asyncio.Event()
        self.mayCall.set()

    async def run(self) -> None:
        """Send until no more mails are due and all have arrived."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self.kind.queues):
                group.create_task(Queue(self).run())

    def address(self) -> str:
        """Return one of its addresses."""
        rng = self.soak.rng
        many = 30 if self.name == "pool" else 3
        return f"{rng.choice(self.networks)}.{rng.randint(1, many)}"

    def mail(self) -> Mail:
        """Return a new mail."""
        rng, kind = self.soak.rng, self.kind
        number = rng.randint(1, kind.recipients)
        names = rng.sample(range(40), number)
        words = {"few": rng.randint(1, 3), "any": rng.randrange(10**6), "host": self.host}
        sender, key = kind.senders.format(**words), kind.key.format(**words)
        paths = [f"<u{name}@{OURS}>" for name in names]
        return self.soak.journal.mail(sender, paths, senderKey=key)

    async def session(self, mails: Iterable[Mail]) -> None:
        """Offer these mails in one session, as far as the connection lasts."""
        await self.mayCall.wait()
        self.busy += 1
        try:
            async with Connection(self.soak, self.address()) as connection:
                if not await connection.begin():
                    return
                for mail in mails:
                    if connection.peer.isOver:
                        return
                    await connection.offer(mail, mail.open())
                if not connection.peer.isOver:
                    await connection.say("QUIT")
        finally:
            self.busy -= 1

    async def atRest(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Await work() while it has no session."""
        self.mayCall.clear()
        try:
            while self.busy:
                await asyncio.sleep(0.02)
            await work()
        finally:
            self.mayCall.set()


class Queue:
    """Mails in the order in which they are due."""

    def __init__(self, server: SendingServer) -> None:
        self.server, self.soak = server, server.soak
        self.waiting: list[tuple[float, int, Mail]] = []
        self.tries: dict[int, int] = {}

    async def run(self) -> None:
        """Send until the queue is empty and no more mails are due."""
        soak, rng = self.soak, self.soak.rng
        newOne = soak.now() + rng.expovariate(1 / self.server.pause)
        while not soak.isOver or self.waiting:
            due = min([newOne if not soak.isOver else float("inf"), *self._firstDue()])
            await asyncio.sleep(max(0.0, min(due - soak.now(), soak.pace)))
            if not soak.isOver and soak.now() >= newOne:
                self._put(self.server.mail(), 0.0)
                newOne = soak.now() + rng.expovariate(1 / self.server.pause)
            await self._sendDue()

    def _firstDue(self) -> list[float]:
        return [self.waiting[0][0]] if self.waiting else []

    def _put(self, mail: Mail, delay: float) -> None:
        heapq.heappush(self.waiting, (self.soak.now() + delay, mail.number, mail))

    async def _sendDue(self) -> None:
        mails = []
        while self.waiting and self.waiting[0][0] <= self.soak.now():
            mails.append(heapq.heappop(self.waiting)[2])
            if len(mails) == MOST_IN_A_SESSION:
                break
        if not mails:
            return
        await self.server.session(mails)
        for mail in mails:
            if mail.open():
                self._put(mail, self._delayOf(mail))
            else:
                self.tries.pop(mail.number, None)

    def _delayOf(self, mail: Mail) -> float:
        """Return the delay until the next attempt, which grows each time."""
        times, rng = self.soak.times, self.soak.rng
        tries = self.tries[mail.number] = self.tries.get(mail.number, 0) + 1
        if self.server.kind.isHasty and tries == 1:
            return float(rng.uniform(0, times.minDefer))
        first = max(times.minDefer, times.tooSoon)
        delay = first * rng.uniform(1.02, 1.6) * 1.3 ** min(tries - 1, 6)
        return float(min(delay, times.maxDefer / 3))
