"""A server whose handlers ignore "control", under a scan."""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

from Tests.attacks.harness import MiB, Server, connect, inParallel, must, say

CLIENTS = 5000
MOST_PER_HANDLER = 10 * 1024  # octets
IDLE_CPU = 0.2  # seconds of processor time in a second without clients
PROMPTLY = 20.0  # seconds
PATIENCE = 60.0  # seconds for a handler that waits for one inbox, the default of adapters
STOP = 15.0  # seconds until the process has ended: the grace of 5 s, and the work of the end


async def deafHandlers(size: float, loop: str = "uvloop") -> None:
    """5,000 clients of handlers that never read "control" close, reset or half-close. On uvloop."""
    many = max(100, int(CLIENTS * size))

    async def one(number: int) -> None:
        waitsForOne = number % 10 == 0
        data = b"one %d" % number if waitsForOne else b"any %d" % number
        peer = await connect(server.port)
        peer.write(data)
        must(await peer.hear(len(data)) == data, "a client is not served")
        if number % 3 == 0:
            peer.close()
        elif number % 3 == 1:
            peer.reset()
        else:
            peer.transport.write_eof()
            await peer.hear(len(data) + 1, PROMPTLY if not waitsForOne else 0)
            must(peer.isOver or waitsForOne, "a client that closed its side is not disconnected")
            peer.close()

    async with Server(serve="deaf", loop=loop) as server:
        before = await server.state()
        await inParallel(one, many)
        await server.until("connections", many // 10 + 1, PROMPTLY)
        await server.until("connections", 0, PATIENCE + PROMPTLY)
        state = await server.until("descriptors", before["descriptors"])
        left = state["components"] - before["components"]
        growth = state["resident"] - before["resident"]
        say(f"{many} clients; {left} handlers are left, {growth / many:.0f} octets for each client")
        must(left <= many, f"{left} components are left, more than there were handlers")
        must(
            growth < max(4 * MiB, many * MOST_PER_HANDLER),
            f"a handler without a connection takes {growth / many:.0f} octets",
        )
        await one(1)
        used = await _cpuWhileIdle(server)
        say(f"without clients: {used:.2f} s of processor time in a second")
        must(used < IDLE_CPU, f"handlers without a connection use {used:.2f} s in a second")
        began = time.monotonic()
        server.process.terminate()
        status = await _ended(server)
        say(f"ended {time.monotonic() - began:.1f} s after SIGTERM")
        must(status == 0, f"the server ended with {status}: {server.log()[-2000:]}")


async def deafHandlersAsyncio(size: float) -> None:
    """The same on asyncio's event loop."""
    await deafHandlers(size, "asyncio")


async def _cpuWhileIdle(server: Server) -> float:
    """Return the processor time of the server during one second."""
    first = _cpu(server.process.pid)
    await asyncio.sleep(1)
    return _cpu(server.process.pid) - first


def _cpu(pid: int) -> float:
    """Return the processor time of a process in seconds (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _ended(server: Server) -> int | None:
    """Return the exit status of the server, or None if it has not ended in time."""
    with suppress(TimeoutError):
        await asyncio.wait_for(server.process.wait(), STOP)
    status: int | None = server.process.returncode
    return status


ATTACKS = [deafHandlers, deafHandlersAsyncio]
