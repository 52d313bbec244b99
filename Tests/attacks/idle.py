"""Thousands of connected clients that send nothing."""

import asyncio
import time
from typing import Any

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import Server, connect, inParallel, mail, must, percentile, say

MOST_PER_IDLE = 10 * 1024  # octets


async def idle(size: float, loop: str = "uvloop") -> None:
    """10,000 idle connections to an echo server; then each is answered. On uvloop."""
    many = int(10000 * size)
    async with Server(serve="echo", loop=loop) as server:
        before = await server.state()
        peers = await inParallel(lambda _: connect(server.port), many)
        while (state := await server.state())["connections"] < many:
            await asyncio.sleep(0.1)
        each = (state["resident"] - before["resident"]) / many
        say(f"{many} connected, {state['descriptors']} descriptors, {each:.0f} octets each")

        async def ask(number: int) -> bool:
            peers[number].write(b"hello %d" % number)
            return await peers[number].hear(7) == b"hello %d" % number

        answered = sum(await inParallel(ask, many))
        must(answered == many, f"{many - answered} of {many} received no correct answer")
        for peer in peers:
            peer.close()
        await server.until("connections", 0)
        await server.until("descriptors", before["descriptors"])
        must(each <= MOST_PER_IDLE, f"an idle connection takes {each:.0f} octets")


async def idleAsyncio(size: float) -> None:
    """The same on asyncio's event loop."""
    await idle(size, "asyncio")


async def idleMail(size: float) -> None:
    """5,000 idle SMTP sessions while mails pass through the proxy."""
    many, mails = int(5000 * size), int(1000 * size)
    async with Backend() as backend, Server(serve="proxy", settings=backend.settings()) as server:
        alone = await _mails(server, mails)
        before = await server.state()
        peers = await inParallel(lambda _: _greeted(server), many)
        state = await server.state()
        each = (state["resident"] - before["resident"]) / many
        among = await _mails(server, mails)
        for name, times in (("alone", alone), ("among them", among)):
            half, most = percentile(times, 0.5), percentile(times, 0.99)
            say(f"{name}: median {half:.1f} ms, 99 % {most:.1f} ms")
        say(f"{many} idle sessions, {each:.0f} octets each")
        answers = await inParallel(lambda number: peers[number].ask("NOOP"), many)
        wrong = [answer for answer in answers if not answer.startswith("250")]
        must(not wrong, f"{len(wrong)} idle sessions were not answered: {wrong[:1]}")
        slower = percentile(among, 0.5) / percentile(alone, 0.5)
        must(slower < 2, f"mails take {slower:.1f} times as long among idle sessions")
        for peer in peers:
            peer.close()
        await server.until("connections", 0)


async def _greeted(server: Server) -> Any:
    peer = await connect(server.port)
    await peer.reply()
    await peer.ask("EHLO idle.example.org")
    return peer


async def _mails(server: Server, many: int) -> list[float]:
    """Return the seconds of each of `many` mails, ten at a time."""

    async def one(number: int) -> float:
        peer = await _greeted(server)
        began = time.monotonic()
        answer = await mail(peer, number)
        must(answer.startswith("250"), f"a mail was not accepted: {answer!r}")
        peer.close()
        return time.monotonic() - began

    return await inParallel(one, many, 10)


ATTACKS = [idle, idleAsyncio, idleMail]
