"""SIGTERM while mails are in progress."""

import asyncio
import random
import signal

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import Server, must, say, send

CLIENTS = 50


async def sigterm(size: float, relay: str = "replay") -> None:
    """SIGTERM while 50 clients send mails: each gets a true answer or a closed connection."""
    rounds = max(2, int(10 * size))
    for _ in range(rounds):
        await _once(relay)
    say(f"{rounds} times")


async def sigtermLive(size: float) -> None:
    """The same with mails that are relayed live."""
    await sigterm(size, "live")


async def _once(relay: str) -> None:
    async with Backend() as backend:
        told: dict[int, str] = {}

        async def client(number: int, port: int) -> None:
            for count in range(1000):
                mail = 1000 * number + count
                answer = await send(port, mail, b"x" * random.choice([100, 1000, 300000]))
                told[mail] = answer
                if not answer.startswith("250"):
                    return

        async with Server(serve="proxy", settings=backend.settings(relay=relay)) as server:
            clients = [asyncio.create_task(client(n, server.port)) for n in range(CLIENTS)]
            await asyncio.sleep(random.uniform(0.1, 0.6))
            server.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(asyncio.gather(*clients), 30)
            status = await asyncio.wait_for(server.process.wait(), 20)
            must(status == 0, f"the server ended with {status}: {server.log()[-2000:]}")
        judge(told, backend)


def judge(told: dict[int, str], backend: Backend) -> None:
    """Check that accepted mails are kept and refused mails are not."""
    kept = backend.kept()
    yes = {n for n, answer in told.items() if answer.startswith("250")}
    no = {n for n, answer in told.items() if answer and n not in yes}
    must(yes <= set(kept), f"{len(yes - set(kept))} accepted mails are missing")
    both = [told[n] for n in no & set(kept) if not told[n].startswith("451 4.4.2")]
    must(not both, f"{len(both)} mails were refused and delivered: {both[:1]}")
    must(max(kept.values(), default=0) <= 1, "a mail was delivered twice")
    words = sorted({told[n][:9].strip() for n in no})
    silent = set(told) - yes - no
    unheard = len(silent & set(kept))
    say(f"{len(yes)} accepted, {len(no)} received {words}, {len(silent)} nothing ({unheard} kept)")


ATTACKS = [sigterm, sigtermLive]
