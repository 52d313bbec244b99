"""A WebSocket load generator: client.py PORT CONNECTIONS BYTES SECONDS. It prints JSON.

Each connection sends a binary message, waits until it is back, and sends the next. Frames are
prepared once, so the client uses little of the CPU.
"""

import asyncio
import json
import sys
import time

import uvloop

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def headOf(size: int, mask: int) -> bytes:
    if size < 126:
        return bytes([0x82, mask | size])
    if size < 1 << 16:
        return bytes([0x82, mask | 126]) + size.to_bytes(2, "big")
    return bytes([0x82, mask | 127]) + size.to_bytes(8, "big")


class Client(asyncio.Protocol):
    """One connection."""

    count = 0

    def __init__(self, size: int) -> None:
        # a mask that changes the bytes, so that the server has to undo it
        body = bytes(range(256)) * (size // 256 + 1)
        key = b"\x37\xfa\x21\x3d"
        masked = bytes(byte ^ key[at % 4] for at, byte in enumerate(body[:size]))
        self.frame = headOf(size, 0x80) + key + masked
        self.expected = len(headOf(size, 0)) + size
        self.last = body[size - 1]
        self.head = b""
        self.isOpen = False
        self.missing = self.expected

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        if not self.isOpen:
            self.head += data
            if not self.head.endswith(b"\r\n\r\n"):
                return
            if b" 101 " not in self.head:
                raise SystemExit(f"no WebSocket: {self.head!r}")
            self.isOpen = True
            self.transport.write(self.frame)
            return
        self.missing -= len(data)
        if self.missing <= 0:
            if self.missing or data[-1] != self.last:
                raise SystemExit("the echo differs from the message")
            self.missing = self.expected
            Client.count += 1
            self.transport.write(self.frame)


async def main(port: int, connections: int, size: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Client(size), "127.0.0.1", port)
    await asyncio.sleep(min(0.5, seconds / 4))  # until all are connected and warm
    before, began = Client.count, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (Client.count - before) / (time.perf_counter() - began)
    print(json.dumps({"rate": rate, "count": Client.count}))


if __name__ == "__main__":
    numbers = sys.argv[1:]
    uvloop.run(main(int(numbers[0]), int(numbers[1]), int(numbers[2]), float(numbers[3])))
