"""Clients that send garbage, and clients that send very little."""

import asyncio
import random
import ssl
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import (
    MiB,
    Server,
    connect,
    inParallel,
    must,
    percentile,
    say,
    send,
)

PREFIX = b"EHLO a\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n"
PREFIX += b"Subject: 0\r\n\r\nx\r\n.\r\nQUIT\r\n"
CLIENTS = 500


async def fuzz(size: float) -> None:
    """10,000 clients that send random bytes or a session with errors, in random pieces."""
    chance = random.Random(1)

    async def one(number: int) -> None:
        data = chance.randbytes(chance.randrange(2000)) if number % 2 else _mutated(chance)
        peer = await connect(server.port)
        if number % 3:
            await peer.reply()
        while data and not peer.isOver:
            cut = chance.randrange(1, len(data) + 1)
            peer.write(data[:cut])
            data = data[cut:]
            await asyncio.sleep(0)
        await peer.hear(len(peer.got) + 1, chance.choice([0, 0.01]))
        if number % 5:
            peer.close()
        else:
            peer.reset()

    async with Backend() as backend, Server(serve="proxy", settings=backend.settings()) as server:
        many = int(10000 * size)
        await inParallel(one, many // 2)
        middle = await server.until("connections", 0)
        await inParallel(one, many // 2)
        await _stillServes(server, middle)


async def longLine(size: float) -> None:
    """10 MiB without a line end, fifty times, while other clients are served."""

    async def one(number: int) -> None:
        peer = await connect(server.port)
        await peer.reply()
        if number % 2:  # in the text of a mail, a line may be that long
            for line in ("EHLO a", "MAIL FROM:<a@b.c>", "RCPT TO:<d@e.f>", "DATA"):
                await peer.ask(line)
        for _ in range(10):
            peer.write(bytes([120]) * MiB)
            await asyncio.sleep(0)
        if number % 2:
            peer.write(b"\r\n.\r\n")
        answers.append((await peer.reply())[:3])
        peer.close()

    answers: list[str] = []
    async with Backend() as backend, Server(serve="proxy", settings=backend.settings()) as server:
        before = await server.state()
        job = asyncio.create_task(inParallel(one, int(50 * max(size, 0.1)), 10))
        times = await _served(server, job)
        say(f"answers {sorted(set(answers))}; meanwhile {len(times)} mails, {_words(times)}")
        must(set(answers) <= {"250", "500"}, f"the answers are {set(answers)}")
        await _stillServes(server, before)


async def slowLoris(size: float) -> None:
    """500 clients that send a byte per second and then nothing, while others are served."""
    many = int(CLIENTS * size)
    settings = {"inactivity_timeout": 3, "session_timeout": 8}

    async def one(number: int) -> tuple[str, float]:
        began = time.monotonic()
        peer = await connect(server.port)
        await peer.reply()
        for byte in b"EHLO slow.example.org\r\n" if number % 2 else b"EHL":
            peer.write(bytes([byte]))
            await asyncio.sleep(1)
            if peer.isOver:
                break
        answer = await peer.reply()
        if not peer.isOver:
            await peer.hear(1 << 20, 5)
        must(peer.isOver, f"a silent client is not disconnected: {answer!r}")
        return answer[:9], time.monotonic() - began

    async with Backend() as backend:
        async with Server(serve="proxy", settings=backend.settings(**settings)) as server:
            before = await server.state()
            job = asyncio.create_task(inParallel(one, many, many))
            times = await _served(server, job)
            received = await job
            longest = max(seconds for _, seconds in received)
            say(f"{many} received {sorted({each[0] for each in received})} within {longest:.1f} s")
            say(f"meanwhile {len(times)} mails, {_words(times)}")
            must({answer for answer, _ in received} == {"421 4.4.2"}, "not all received 421 4.4.2")
            must(longest < 12, f"a connection lasted {longest:.1f} s")
            await _stillServes(server, before)


async def startTLS(size: float) -> None:
    """Commands in the segment of STARTTLS are ignored after it; garbage instead of TLS."""
    many = int(500 * size)

    async def one(number: int) -> None:
        peer = await connect(server.port)
        await peer.reply()
        await peer.ask("EHLO a")
        peer.write(b"STARTTLS\r\nMAIL FROM:<injected@b.c>\r\nRCPT TO:<d@e.f>\r\n")
        answer = await peer.reply()
        if not answer.startswith("220"):
            peer.close()
            return
        if number % 2:
            peer.write(random.randbytes(300))
            await peer.hear(1 << 20, 0.05)
        else:
            await _afterTLS(peer)
        peer.close()

    async with _certificate() as (file, backend):
        settings = backend.settings()
        async with Server(serve="proxy", settings=settings, starttls=file) as server:
            before = await server.state()
            await inParallel(one, many, 50)
            await _stillServes(server, before)


async def _afterTLS(peer: Any) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    loop = asyncio.get_running_loop()
    try:
        peer.transport = await loop.start_tls(peer.transport, peer, context)
    except OSError:
        return  # cut off
    answer = await peer.ask("DATA")
    must(
        not answer.startswith(("3", "2")), f"commands injected before TLS are executed: {answer!r}"
    )


async def notTLS(size: float) -> None:
    """Garbage for a server with TLS from the first byte, and silent peers."""
    many = int(1000 * size)

    async def one(number: int) -> None:
        peer = await connect(server.port)
        hello = b"\x16\x03\x01" if number % 2 else b""
        peer.write(hello + random.randbytes(random.randrange(500)))
        await peer.hear(1 << 20, random.choice([0, 0.02]))
        if number % 3:
            peer.close()
        else:
            peer.reset()

    async with _certificate() as (file, _), Server(serve="echo", ssl=file) as server:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await inParallel(one, many)
        before = await server.until("connections", 0)
        await inParallel(one, many)
        peer = await connect(server.port, ssl=context)
        peer.write(b"hello")
        must(await peer.hear(5) == b"hello", "the echo is silent after garbage")
        peer.close()
        await server.until("connections", 0)
        await server.until("descriptors", before["descriptors"])


async def halfOpen(size: float) -> None:
    """1,000 clients that close their side in the middle of a session and wait."""

    async def one(number: int) -> str:
        peer = await connect(server.port)
        await peer.reply()
        whole = PREFIX[: number % len(PREFIX)]
        peer.write(whole)
        peer.transport.write_eof()
        await peer.hear(1 << 20, 10)
        must(peer.isOver, f"a client that closed its side after {whole!r} is not disconnected")
        return ""

    async with Backend() as backend, Server(serve="proxy", settings=backend.settings()) as server:
        before = await server.state()
        await inParallel(one, int(1000 * size))
        must(set(backend.kept()) <= {0}, "an incomplete mail was delivered")
        await _stillServes(server, before)


def _mutated(chance: random.Random) -> bytes:
    data = bytearray(PREFIX)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(data)


async def _served(server: Server, job: Any) -> list[float]:
    """Return the seconds of each mail that was accepted while `job` was running."""
    times = []
    while not job.done():
        began = time.monotonic()
        answer = await send(server.port, 1)
        must(answer.startswith("250"), f"meanwhile a mail received {answer!r}")
        times.append(time.monotonic() - began)
        await asyncio.sleep(0.02)
    await job
    return times


def _words(times: list[float]) -> str:
    return f"median {percentile(times, 0.5):.1f} ms, the slowest {1000 * max(times):.0f} ms"


async def _stillServes(server: Server, before: dict[str, int]) -> None:
    answer = await send(server.port, 99)
    must(answer.startswith("250"), f"a later mail received {answer!r}")
    for what in ("connections", "components", "descriptors"):
        await server.until(what, before[what])
    after = await server.state()
    growth = (after["resident"] - before["resident"]) / MiB
    say(f"{growth:.1f} MiB more memory than before; {after}")
    must(growth < 32, f"{growth:.1f} MiB are not released")


@asynccontextmanager
async def _certificate() -> AsyncIterator[tuple[str, Backend]]:
    with tempfile.TemporaryDirectory(prefix="kamaelia-attack-") as folder:
        file = str(Path(folder) / "both.pem")
        words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        subprocess.run(
            [*words.split(), "-keyout", file + ".key", "-out", file + ".cert"],
            check=True,
            capture_output=True,
        )
        parts = [Path(file + end).read_text() for end in (".key", ".cert")]
        Path(file).write_text("".join(parts))
        async with Backend() as backend:
            yield file, backend


ATTACKS = [fuzz, longLine, slowLoris, startTLS, notTLS, halfOpen]
