"""A Kamaelia pipeline and aiohttp, server and client, in one thread and on one event loop.

    pip install aiohttp
    python Examples/BesideAsyncio/fetch.py

The web server is plain asyncio code without components. A pipeline runs beside it: the first
component sends addresses, the second fetches them with aiohttp's client, and the third prints the
number of words. `runAsync()` joins the running loop and returns when the pipeline has ended. The
server continues.
"""

import argparse
import asyncio
from collections.abc import Iterable, Iterator

from aiohttp import ClientSession, web

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Pipeline import Pipeline

POEM = {
    "first": "so much depends upon",
    "second": "a red wheel barrow",
    "third": "glazed with rain water beside the white chickens",
}


class Addresses(component):
    """A source that sends each of `addresses`, then ends."""

    addresses: Iterable[str] = ()

    def main(self) -> Iterator[int]:
        for address in self.addresses:
            self.send(address)
            yield 1
        self.send(producerFinished(self), "signal")


class Fetcher(component):
    """A component that receives addresses and sends (address, text)."""

    async def main(self) -> None:
        async with ClientSession() as session:
            async for address in self.messages():
                async with session.get(address) as response:
                    self.send((address, await response.text()))


class WordCounter(component):
    """A component that receives (address, text) and prints the number of words."""

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for address, text in self.Inbox():
                print(f"{address.rsplit('/')[-1]}: {len(text.split())} words")
            if self.isShuttingDown():
                return


async def serve() -> web.AppRunner:
    """Start a web server on a free port and return its runner."""

    async def stanza(request: web.Request) -> web.Response:
        return web.Response(text=POEM[request.match_info["name"]])

    application = web.Application()
    application.router.add_get("/{name}", stanza)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


async def main() -> None:
    runner = await serve()
    host, port = runner.addresses[0]
    addresses = [f"http://{host}:{port}/{name}" for name in POEM]
    Pipeline(Addresses(addresses=addresses), Fetcher(), WordCounter()).activate()
    await scheduler.run.runAsync()
    print("the pipeline has ended, the server is still running")
    await runner.cleanup()


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    asyncio.run(main())
