"""A gibibyte for a slow reader, in each direction."""

import asyncio
import socket
import time
from typing import Any

from Tests.attacks.harness import MiB, Server, must, say

MOST = 8 * MiB  # the most additional memory
RATE = 32 * MiB  # octets per second


async def streamOut(size: float, loop: str = "uvloop") -> None:
    """The server sends 1 GiB to a client that reads slowly. On uvloop."""
    octets = int(1024 * size) * MiB
    settings = {"octets": octets}
    async with Server(serve="flood", settings=settings, loop=loop) as server:
        got = await _watched(server, _readSlowly(server.port, octets))
        must(got == octets, f"{got} of {octets} octets arrived")


async def streamOutAsyncio(size: float) -> None:
    """The same on asyncio's event loop."""
    await streamOut(size, "asyncio")


async def streamIn(size: float, loop: str = "uvloop") -> None:
    """A client sends 1 GiB to a handler that reads slowly. On uvloop."""
    octets = int(1024 * size) * MiB
    async with Server(serve="slow", settings={"rate": RATE}, loop=loop) as server:
        got = await _watched(server, _sendAll(server.port, octets))
        must(got == octets, f"the handler took {got} of {octets} octets")


async def streamInAsyncio(size: float) -> None:
    """The same on asyncio's event loop."""
    await streamIn(size, "asyncio")


async def _watched(server: Server, work: Any) -> int:
    """Return the result of `work`, during which the memory of the server must not grow."""
    before = (await server.state())["resident"]
    job = asyncio.create_task(work)
    most, began = before, time.monotonic()
    while not job.done():
        most = max(most, (await server.state())["resident"])
        await asyncio.wait([job], timeout=0.5)
    took, growth = time.monotonic() - began, most - before
    say(f"{await job} octets in {took:.0f} s, at most {growth / MiB:.1f} MiB more memory")
    must(growth <= MOST, f"the server has grown by {growth} octets")
    result: int = await job
    return result


async def _readSlowly(port: int, octets: int) -> int:
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    sock.setblocking(False)
    await loop.sock_connect(sock, ("127.0.0.1", port))
    got, began = 0, time.monotonic()
    while piece := await loop.sock_recv(sock, 1024 * 1024):
        got += len(piece)
        ahead = got / RATE - (time.monotonic() - began)
        if ahead > 0:
            await asyncio.sleep(ahead)
    sock.close()
    return got


async def _sendAll(port: int, octets: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    piece = bytes(MiB)
    for _ in range(0, octets, MiB):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()
    told = await reader.read()
    writer.close()
    return int(told or 0)


ATTACKS = [streamOut, streamOutAsyncio, streamIn, streamInAsyncio]
