"""A server that runs out of file descriptors."""

import asyncio
from typing import Any

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import Server, connect, inParallel, mail, must, say, send

LIMIT = 200  # descriptors of the server
CLIENTS = 400


async def descriptors(size: float, loop: str = "uvloop") -> None:
    """400 clients of an echo server with 200 descriptors: waiting clients are served later."""
    many = max(300, int(CLIENTS * size))
    async with Server(serve="echo", loop=loop, descriptors=LIMIT) as server:
        before = await server.state()
        peers = await inParallel(lambda _: connect(server.port), many)
        for peer in peers:
            peer.write(b"hello")
        answered, silent = await _settled(peers, 1.5)
        state = await server.state()
        say(f"{many} connected, {len(answered)} answered, {len(silent)} wait; {state}")
        must(not any(peer.isOver for peer in peers), "a client was disconnected instead of waiting")
        must(len(answered) > LIMIT // 2, f"only {len(answered)} were served")
        must(silent, "no client had to wait, so this attack tested nothing")
        answered[0].write(b" again")
        must(await answered[0].hear(11, 5) == b"hello again", "a connected client is not served")
        for peer in answered:
            peer.close()
        late, never = await _servedInTurn(silent)
        say(
            f"{len(answered)} disconnected; then {len(late)} of {len(silent)} waiting were answered"
        )
        must(
            not never,
            f"{len(never)} waiting clients were never served, although descriptors are free",
        )
        await server.until("connections", 0)
        await server.until("descriptors", before["descriptors"])
        said = server.log().count("\n")
        must("descriptors" in server.log(), "the log does not say that descriptors ran out")
        must(said < 100, f"the log has {said} lines about it")


async def descriptorsAsyncio(size: float) -> None:
    """The same on asyncio's event loop."""
    await descriptors(size, "asyncio")


async def descriptorsMail(size: float, loop: str = "uvloop") -> None:
    """Mails through a proxy with few free descriptors: each gets one answer, 250 or 451."""
    many = max(300, int(CLIENTS * size))
    async with Backend() as backend:
        asked: dict[str, Any] = {"settings": backend.settings(), "descriptors": LIMIT, "loop": loop}
        async with Server(serve="proxy", **asked) as server:
            job = asyncio.create_task(inParallel(lambda n: send(server.port, n), many, many))
            answers = await asyncio.wait_for(job, 60)
            taken = [n for n, answer in enumerate(answers) if answer.startswith("250")]
            others = sorted({answer for answer in answers if not answer.startswith("250")})
            say(f"{many} mails at once: {len(taken)} taken, others received {others}")
            must(all(answer.startswith("451 4.4.1") for answer in others), f"received {others}")
            kept = backend.kept()
            must(
                sorted(kept) == taken and max(kept.values()) == 1,
                "the kept mails differ from the accepted mails",
            )
            await server.until("connections", 0)
            await asyncio.sleep(1)
            answer = await send(server.port, many)
            must(answer.startswith("250"), f"with free descriptors, a mail received {answer!r}")


async def descriptorsMailAsyncio(size: float) -> None:
    """The same on asyncio's event loop."""
    await descriptorsMail(size, "asyncio")


async def descriptorsForBackend(size: float, loop: str = "uvloop") -> None:
    """Clients take all descriptors before any has a backend connection: each then gets one."""
    many = max(300, int(CLIENTS * size))
    async with Backend() as backend:
        settings = backend.settings(relay="live")
        async with Server(serve="proxy", settings=settings, descriptors=LIMIT, loop=loop) as server:
            before = await server.state()
            waiting = await inParallel(lambda _: connect(server.port), many)
            greeted, waiting = await _settled(waiting, 1.5)
            say(f"{many} connected, {len(greeted)} greeted; {await server.state()}")
            must(waiting, "no client had to wait, so this attack tested nothing")
            taken = rounds = 0
            while greeted:
                answers = await inParallel(lambda n, of=greeted: _mailOn(of[n], n), len(greeted))
                wrong = sorted({each for each in answers if not each.startswith("250")})
                must(not wrong, f"greeted clients received {wrong}")
                taken += len(greeted)
                rounds += 1
                for peer in greeted:
                    peer.close()
                if waiting:
                    await waiting[0].hear(1, 20)
                greeted, waiting = await _settled(waiting, 0.5)
            say(f"{taken} mails accepted in {rounds} rounds")
            must(taken == many, f"{many - taken} clients were never greeted")
            kept = backend.kept()
            must(kept.total() == taken, f"the real server has {kept.total()} mails")
            await server.until("connections", 0)
            await server.until("descriptors", before["descriptors"])


async def descriptorsForBackendAsyncio(size: float) -> None:
    """The same on asyncio's event loop."""
    await descriptorsForBackend(size, "asyncio")


async def _mailOn(peer: Any, number: int) -> str:
    """Send a mail on a connection with a greeting; all clients begin at once."""
    await peer.reply()
    await peer.ask("EHLO attack.example.org")
    return await mail(peer, number)


async def _servedInTurn(waiting: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the answered and unanswered peers; each disconnects when it is answered."""

    async def one(number: int) -> None:
        await waiting[number].hear(5, 20)
        waiting[number].close()

    await inParallel(one, len(waiting), len(waiting))
    return await _settled(waiting, 0)


async def _settled(peers: list[Any], seconds: float) -> tuple[list[Any], list[Any]]:
    """Return the peers that are answered after this time, and those that are not."""
    await inParallel(lambda number: peers[number].hear(5, seconds), len(peers), len(peers))
    return [peer for peer in peers if peer.got], [peer for peer in peers if not peer.got]


ATTACKS = [
    descriptors,
    descriptorsAsyncio,
    descriptorsMail,
    descriptorsMailAsyncio,
    descriptorsForBackend,
    descriptorsForBackendAsyncio,
]
