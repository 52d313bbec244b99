"""The common part of all attacks: a server to attack, clients, and checks of rules.

Example usage
-------------
    async def attack(size):
        async with Server(serve="echo") as server:
            peer = await connect(server.port)
            ...
            must(await peer.hear() == b"hello", "the echo does not answer")
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
    """A broken rule, described by the message."""


def must(isTrue: Any, sentence: str) -> None:
    """Raise Broken with this sentence if the condition is false."""
    if not isTrue:
        raise Broken(sentence)


def say(text: str) -> None:
    """Print a line about the progress or a result."""
    print(f"    {text}", flush=True)


class Server:
    """A server in a separate process; server.py describes the arguments."""

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
        (await connect(self.port)).close()  # after this, permanent objects exist
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
        """Return the numbers of connections, components, descriptors and resident octets."""
        self.process.stdin.write(b"\n")
        line = b""
        with suppress(TimeoutError):
            line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        must(line, f"the server does not report its state: {self.log()[-3000:]}")
        state: dict[str, int] = json.loads(line)
        return state

    async def until(self, what: str, wanted: int, seconds: float = 20) -> dict[str, int]:
        """Wait until `what` is at most `wanted`; return the state."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (state := await self.state())[what] > wanted:
                    await asyncio.sleep(0.05)
        must(state[what] <= wanted, f"{what}: {state[what]}, not {wanted}, after {seconds:g} s")
        return state

    def log(self) -> str:
        """Return the text from standard error."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")


class Peer(asyncio.Protocol):
    """A connection of a client; `got` contains the received bytes."""

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
        """Return the received bytes when they are enough, or when no more will arrive."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self.got) < octets and not self.isOver:
                    self._news.clear()
                    await self._news.wait()
        return bytes(self.got)

    async def reply(self, seconds: float = PATIENCE) -> str:
        """Return the next SMTP reply with all its lines, or a part if the connection ends."""
        size = 1
        while (end := _endOfReply(self.got)) == 0 and not self.isOver:
            before = len(self.got)
            size = before + 1
            await self.hear(size, seconds)
            if len(self.got) == before and not self.isOver:
                raise Broken(f"no reply in after {seconds:g} s {bytes(self.got)!r}")
        end = end or len(self.got)
        text = bytes(self.got[:end])
        del self.got[:end]
        return text.decode(errors="replace")

    async def ask(self, line: str, seconds: float = PATIENCE) -> str:
        """Send a line and return the reply."""
        self.write(line.encode() + b"\r\n")
        return await self.reply(seconds)

    def close(self) -> None:
        self.transport.close()

    def reset(self) -> None:
        """End the connection with a reset."""
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
    """Connect from one of twenty addresses, because an address has a limited number of ports."""
    host = f"127.0.0.{1 + next(_hosts) % 20}"
    loop = asyncio.get_running_loop()
    _, peer = await asyncio.wait_for(loop.create_connection(Peer, host, port, **more), PATIENCE)
    return peer


async def inParallel(
    work: Callable[[int], Awaitable[Any]], many: int, most: int = 100
) -> list[Any]:
    """Call work(0), work(1), ..., `most` of them at a time; return the results in order."""
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
    """Send a mail after EHLO; return the answer that decided about it."""
    for line in (f"MAIL FROM:<n{number}@x.org>", "RCPT TO:<b@y.org>", "DATA"):
        answer = await peer.ask(line)
        if answer[:1] not in ("2", "3"):
            return answer
    peer.write(b"Subject: %d\r\n\r\n%s\r\n.\r\n" % (number, text or b"x" * 1000))
    return await peer.reply()


async def begin(port: int) -> Peer:
    """Return a client after EHLO and MAIL."""
    peer = await connect(port)
    for line in ("", "EHLO attack.example.org", "MAIL FROM:<a@x.org>"):
        answer = await (peer.ask(line) if line else peer.reply())
        must(answer.startswith("2"), f"{line}: {answer!r}")
    return peer


async def rcpt(port: int, recipient: str) -> str:
    """Return the answer to RCPT on a new connection."""
    peer = await begin(port)
    try:
        return await peer.ask(f"RCPT TO:<{recipient}>")
    finally:
        peer.close()


async def send(port: int, number: int, text: bytes = b"") -> str:
    """Send a mail on a new connection; return its answer, or "" if there was none."""
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
    """Return a percentile in milliseconds."""
    ordered = sorted(times)
    return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]
