"""Descriptors run out."""

import asyncio
from typing import Any

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import Server, connect, inParallel, must, say, send

LIMIT = 200  # descriptors that the server may have
CLIENTS = 400


async def descriptors(size: float, loop: str = "uvloop") -> None:
    """400 clients of an echo server that may have 200 descriptors: who waits is served later."""
    many = max(300, int(CLIENTS * size))
    async with Server(serve="echo", loop=loop, descriptors=LIMIT) as server:
        before = await server.state()
        peers = await inParallel(lambda _: connect(server.port), many)
        for peer in peers:
            peer.write(b"hello")
        answered, silent = await _settled(peers, 1.5)
        state = await server.state()
        say(f"{many} connected, {len(answered)} answered, {len(silent)} wait; {state}")
        must(
            not any(peer.isOver for peer in peers), "a client was cut off instead of having to wait"
        )
        must(len(answered) > LIMIT // 2, f"only {len(answered)} were served")
        must(silent, "nobody had to wait: this attack was none")
        answered[0].write(b" again")
        must(await answered[0].hear(11, 5) == b"hello again", "who is connected is not served")
        for peer in answered:
            peer.close()
        late, never = await _servedInTurn(silent)
        say(f"{len(answered)} left; of {len(silent)} who waited, {len(late)} were answered then")
        must(not never, f"{len(never)} who waited were never served, though descriptors are free")
        await server.until("connections", 0)
        await server.until("descriptors", before["descriptors"])
        said = server.log().count("\n")
        must("descriptors" in server.log(), "the log does not say that descriptors ran out")
        must(said < 100, f"the log has {said} lines about it")


async def descriptorsAsyncio(size: float) -> None:
    """The same on asyncio's own loop."""
    await descriptors(size, "asyncio")


async def descriptorsMail(size: float, loop: str = "uvloop") -> None:
    """Mails through a proxy whose clients have taken nearly all descriptors: 250 or 451, once."""
    many = max(300, int(CLIENTS * size))
    async with Backend() as backend:
        asked: dict[str, Any] = {"settings": backend.settings(), "descriptors": LIMIT, "loop": loop}
        async with Server(serve="proxy", **asked) as server:
            job = asyncio.create_task(inParallel(lambda n: send(server.port, n), many, many))
            answers = await asyncio.wait_for(job, 60)
            taken = [n for n, answer in enumerate(answers) if answer.startswith("250")]
            others = sorted({answer for answer in answers if not answer.startswith("250")})
            say(f"{many} mails at once: {len(taken)} taken, others heard {others}")
            must(all(answer.startswith("451 4.4.1") for answer in others), f"heard {others}")
            kept = backend.kept()
            must(sorted(kept) == taken and max(kept.values()) == 1, "kept is not what was told")
            await server.until("connections", 0)
            await asyncio.sleep(1)
            answer = await send(server.port, many)
            must(answer.startswith("250"), f"with descriptors free again a mail heard {answer!r}")


async def descriptorsMailAsyncio(size: float) -> None:
    """The same on asyncio's own loop."""
    await descriptorsMail(size, "asyncio")


async def _servedInTurn(waiting: list[Any]) -> tuple[list[Any], list[Any]]:
    """As _settled; each leaves when it has been answered."""

    async def one(number: int) -> None:
        await waiting[number].hear(5, 20)
        waiting[number].close()

    await inParallel(one, len(waiting), len(waiting))
    return await _settled(waiting, 0)


async def _settled(peers: list[Any], seconds: float) -> tuple[list[Any], list[Any]]:
    """Those who have been answered after this time, and those who have not."""
    await inParallel(lambda number: peers[number].hear(5, seconds), len(peers), len(peers))
    return [peer for peer in peers if peer.got], [peer for peer in peers if not peer.got]


ATTACKS = [descriptors, descriptorsAsyncio, descriptorsMail, descriptorsMailAsyncio]
