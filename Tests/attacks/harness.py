"""What all attacks need: a server to attack, clients, and a sentence when a rule is broken.

Example usage
-------------
    async def attack(size):
        async with Server(serve="echo") as server:
            peer = await connect(server.port)
            ...
            must(await peer.hear() == b"hello", "the echo is silent")
"""

import asyncio
import json
import socket
import struct
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds for an answer
KiB, MiB = 1024, 1024 * 1024


class Broken(Exception):
    """A rule is broken; the text says which."""


def must(isTrue: Any, sentence: str) -> None:
    """Raises Broken with this sentence if it is not so."""
    if not isTrue:
        raise Broken(sentence)


def say(text: str) -> None:
    """A line of what is done and seen."""
    print(f"    {text}", flush=True)


class Server:
    """Server(**asked) -> a server in a process of its own: see server.py for what may be asked."""

    def __init__(self, **asked: Any) -> None:
        self.asked = asked
        self.environment: dict[str, str] | None = asked.pop("environment", None)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this
        self.port = 0
        self.process: Any = None

    async def __aenter__(self) -> "Server":
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "Tests.attacks.server", json.dumps(self.asked)),
            cwd=ROOT,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self.errors,
        )
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        must(line, f"the server did not start: {self.log()}")
        self.port = int(line)
        (await connect(self.port)).close()  # what is made once has been made then
        await asyncio.sleep(0.05)
        await self.until("connections", 0)
        return self

    async def __aexit__(self, kind: Any, *_: Any) -> None:
        isAlive = self.process.returncode is None
        if isAlive:
            self.process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), 10)
            if self.process.returncode is None:
                self.process.kill()
                await self.process.wait()
        if kind is None:
            must("Traceback" not in self.log(), f"the server had an error: {self.log()[-3000:]}")

    async def state(self) -> dict[str, int]:
        """What it has now: connections, components, descriptors, resident (octets)."""
        self.process.stdin.write(b"\n")
        line = b""
        with suppress(TimeoutError):
            line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        must(line, f"the server does not say how it is: {self.log()[-3000:]}")
        state: dict[str, int] = json.loads(line)
        return state

    async def until(self, what: str, wanted: int, seconds: float = 20) -> dict[str, int]:
        """Its state as soon as it has no more than so many of `what`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (state := await self.state())[what] > wanted:
                    await asyncio.sleep(0.05)
        must(state[what] <= wanted, f"{what}: {state[what]}, not {wanted}, {seconds:g} s after")
        return state

    def log(self) -> str:
        """What it has said on its standard error."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")


class Peer(asyncio.Protocol):
    """One connection of a client: `got` is all that came."""

    def __init__(self) -> None:
        self.got = bytearray()
        self.transport: Any = None
        self.isOver = False
        self._news = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data
        self._news.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.isOver = True
        self._news.set()

    def write(self, data: bytes) -> None:
        if not self.isOver:
            self.transport.write(data)

    async def hear(self, octets: int = 1, seconds: float = PATIENCE) -> bytes:
        """All that has come, once it is so much, or nothing more will come."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self.got) < octets and not self.isOver:
                    self._news.clear()
                    await self._news.wait()
        return bytes(self.got)

    async def reply(self, seconds: float = PATIENCE) -> str:
        """The next reply of SMTP, all its lines; what came of it if the connection ends."""
        size = 1
        while (end := _endOfReply(self.got)) == 0 and not self.isOver:
            before = len(self.got)
            size = before + 1
            await self.hear(size, seconds)
            if len(self.got) == before and not self.isOver:
                raise Broken(f"no reply in {seconds:g} s after {bytes(self.got)!r}")
        end = end or len(self.got)
        text = bytes(self.got[:end])
        del self.got[:end]
        return text.decode(errors="replace")

    async def ask(self, line: str, seconds: float = PATIENCE) -> str:
        """Says a line; the reply to it."""
        self.write(line.encode() + b"\r\n")
        return await self.reply(seconds)

    def close(self) -> None:
        self.transport.close()

    def reset(self) -> None:
        """Ends the connection with a reset."""
        if self.isOver:
            return
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def _endOfReply(got: bytearray) -> int:
    start = 0
    while (end := got.find(b"\r\n", start)) >= 0:
        if got[start + 3 : start + 4] != b"-":
            return end + 2
        start = end + 2
    return 0


_hosts = count()


async def connect(port: int, **more: Any) -> Peer:
    """A client, at one of twenty addresses, as there are only so many ports to call from."""
    host = f"127.0.0.{1 + next(_hosts) % 20}"
    loop = asyncio.get_running_loop()
    _, peer = await asyncio.wait_for(loop.create_connection(Peer, host, port, **more), PATIENCE)
    return peer


async def inParallel(
    work: Callable[[int], Awaitable[Any]], many: int, most: int = 100
) -> list[Any]:
    """work(0), work(1), ..., `most` of them at a time; their results in order."""
    numbers = iter(range(many))
    results: list[Any] = [None] * many

    async def worker() -> None:
        for number in numbers:
            results[number] = await work(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(most, many)):
            group.create_task(worker())
    return results


async def mail(peer: Peer, number: int, text: bytes = b"") -> str:
    """One mail on a connection that has heard its greeting: the answer that decided on it."""
    for line in (f"MAIL FROM:<n{number}@x.org>", "RCPT TO:<b@y.org>", "DATA"):
        answer = await peer.ask(line)
        if answer[:1] not in ("2", "3"):
            return answer
    peer.write(b"Subject: %d\r\n\r\n%s\r\n.\r\n" % (number, text or b"x" * 1000))
    return await peer.reply()


async def send(port: int, number: int, text: bytes = b"") -> str:
    """One mail on a connection of its own: its answer, "" if nobody gave one."""
    try:
        peer = await connect(port)
    except OSError:
        return ""
    try:
        greeting = await peer.reply()
        if not greeting.startswith("220"):
            return greeting
        await peer.ask("EHLO attack.example.org")
        answer = await mail(peer, number, text)
        if not peer.isOver:
            peer.write(b"QUIT\r\n")
        return answer
    finally:
        peer.close()


def percentile(times: Iterable[float], part: float) -> float:
    """In milliseconds."""
    ordered = sorted(times)
    return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]
