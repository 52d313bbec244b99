"""WebSocket echo servers of several libraries: server.py NAME PORT. It prints READY."""

import asyncio
import sys
from pathlib import Path

HOST = "127.0.0.1"
MOST = 2**24  # bytes of a message


def kamaelia(port: int) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from Axon.Component import component
    from Kamaelia.Chassis.ConnectedServer import ServerCore
    from Kamaelia.Protocol.HTTP.HTTPServer import HTTPServer
    from Kamaelia.Protocol.WebSocket.WebSocketServer import webSocketHandler

    class Echo(component):
        def main(self):
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.send(message)
                if self.isShuttingDown():
                    return

    answer = webSocketHandler(lambda _: Echo(), mostBytes=MOST)
    protocol = lambda **facts: HTTPServer(answer, **facts)  # noqa: E731
    ServerCore(protocol=protocol, host=HOST, port=port, onListening=ready).run()


def ready(_: object = None) -> None:
    print("READY", flush=True)


async def websockets(port: int) -> None:
    from websockets.asyncio.server import serve

    async def echo(ws):
        async for message in ws:
            await ws.send(message)

    async with serve(echo, HOST, port, compression=None, max_size=MOST):
        ready()
        await asyncio.Future()


async def aiohttp(port: int) -> None:
    from aiohttp import WSMsgType, web

    async def echo(request):
        ws = web.WebSocketResponse(compress=False, max_msg_size=MOST)
        await ws.prepare(request)
        async for message in ws:
            if message.type == WSMsgType.TEXT:
                await ws.send_str(message.data)
            elif message.type == WSMsgType.BINARY:
                await ws.send_bytes(message.data)
        return ws

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    ready()
    await asyncio.Future()


def main(name: str, port: int) -> None:
    library, _, loop = name.partition("-")
    if library == "kamaelia":
        kamaelia(port)
        return
    work = {"websockets": websockets, "aiohttp": aiohttp}[library](port)
    if loop == "uvloop":
        import uvloop

        uvloop.run(work)
    else:
        asyncio.run(work)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
