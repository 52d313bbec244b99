"""A Kamaelia pipeline and aiohttp, server and client, in one thread and on one event loop.

    pip install aiohttp
    python Examples/BesideAsyncio/fetch.py

The web server is plain asyncio code that knows nothing of components. Beside it
runs a pipeline: addresses go in, one component fetches them with aiohttp's
client, the next counts the words, the last prints. `runAsync()` joins the loop
that is running already; the pipeline ends, and the server is still there.
"""

import asyncio

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
    """Addresses(addresses=[...]) -> sends each, then ends."""

    def main(self):
        for address in self.addresses:
            self.send(address)
            yield 1
        self.send(producerFinished(self), "signal")


class Fetcher(component):
    """Takes addresses, sends (address, text)."""

    async def main(self):
        async with ClientSession() as session:
            async for address in self.messages():
                async with session.get(address) as answer:
                    self.send((address, await answer.text()))


class WordCounter(component):
    """Takes (address, text), prints how many words it has."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            for address, text in self.Inbox():
                print(f"{address.rsplit('/')[-1]}: {len(text.split())} words")
            if self.isShuttingDown():
                return


async def serve() -> web.AppRunner:
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
    print("the pipeline has ended; the server has not")
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
