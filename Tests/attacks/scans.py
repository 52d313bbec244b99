"""Port scans: thousands of clients that connect and close or reset."""

from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import MiB, Server, connect, inParallel, must, say, send


async def scanEcho(size: float, loop: str = "uvloop") -> None:
    """10,000 clients that close and 10,000 that reset, twice, against an echo server."""
    async with Server(serve="echo", loop=loop) as server:
        await _scanTwice(server, int(10000 * size))
        peer = await connect(server.port)
        peer.write(b"still there?")
        must(await peer.hear(12) == b"still there?", "the echo does not answer after the scan")
        peer.close()


async def scanEchoAsyncio(size: float) -> None:
    """The same on asyncio's event loop."""
    await scanEcho(size, "asyncio")


async def scanProxy(size: float) -> None:
    """The same against the mail proxy."""
    async with Backend() as backend, Server(serve="proxy", settings=backend.settings()) as server:
        await _scanTwice(server, int(10000 * size))
        answer = await send(server.port, 1)
        must(answer.startswith("250"), f"a mail after the scan received {answer!r}")


async def _scanTwice(server: Server, many: int) -> None:
    async def one(number: int) -> None:
        peer = await connect(server.port)
        if number % 4 == 3:
            await peer.hear(1, 0.01)
        if number % 2:
            peer.reset()
        else:
            peer.close()

    before = await server.state()
    resident = []
    for _ in range(3):  # the first round creates permanent objects
        await inParallel(one, 2 * many)
        await server.until("connections", 0)
        await server.until("components", before["components"])
        state = await server.until("descriptors", before["descriptors"])
        resident.append(state["resident"])
    say(f"3 times {2 * many} clients; resident {', '.join(f'{r / MiB:.1f}' for r in resident)} MiB")
    growth = resident[2] - resident[1]
    must(growth < MiB, f"{growth} octets more after the last {2 * many} clients")


ATTACKS = [scanEcho, scanEchoAsyncio, scanProxy]
