"""A WebSocket client or server of autobahn, in a process of its own.

    autobahnPeer.py client URL OPTIONS     sends messages; prints what came back, and the code
    autobahnPeer.py server OPTIONS         echoes; prints its port

OPTIONS are protocol options of autobahn in JSON. It has a process of its own because autobahn
chooses its event loop for the whole process.
"""

import asyncio
import hashlib
import json
import sys
from typing import Any

from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)

MESSAGES = [b"", b"text", "ü€😀".encode(), b"x" * 70_000, b"", bytes(300_000)]
TEXTS = 4  # of these messages are texts
PATIENT = {"openHandshakeTimeout": 60, "closeHandshakeTimeout": 60}  # seconds


def digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


class Client(WebSocketClientProtocol):
    """Sends all messages, and closes when all are back."""

    def onOpen(self) -> None:
        self.got: list[Any] = []
        for at, message in enumerate(MESSAGES):
            self.sendMessage(message, isBinary=at >= TEXTS)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.got.append([digest(payload), isBinary])
        if len(self.got) == len(MESSAGES):
            self.sendClose(4001, "done")

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        print(json.dumps([getattr(self, "got", None), wasClean, code]), flush=True)  # noqa: T201 - its output
        asyncio.get_running_loop().stop()


class Server(WebSocketServerProtocol):
    """Echoes."""

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.sendMessage(payload, isBinary)


async def start(arguments: list[str]) -> None:
    loop = asyncio.get_running_loop()
    options = json.loads(arguments[-1])
    if arguments[0] == "client":
        factory = WebSocketClientFactory(arguments[1])
        factory.protocol = Client
        factory.setProtocolOptions(**PATIENT, serverConnectionDropTimeout=60, **options)
        await loop.create_connection(factory, factory.host, factory.port)
    else:
        factory = WebSocketServerFactory()
        factory.protocol = Server
        factory.setProtocolOptions(**PATIENT, **options)
        server = await loop.create_server(factory, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - its output


if __name__ == "__main__":
    running = asyncio.new_event_loop()
    asyncio.set_event_loop(running)
    running.run_until_complete(start(sys.argv[1:]))
    running.run_forever()
