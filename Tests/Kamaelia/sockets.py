"""Blocking client sockets for tests, and a handler that echoes."""

import socket
import struct
from collections.abc import Generator
from contextlib import suppress

from Axon.Component import component

PATIENCE = 40.0  # seconds that a client waits for anything


def dial(port: int, host: str = "127.0.0.1") -> socket.socket:
    """Return a connected client socket."""
    return socket.create_connection((host, port), timeout=PATIENCE)


def readAll(sock: socket.socket) -> bytes:
    """Return all data until the peer ends the connection, even with a reset."""
    parts = []
    with suppress(ConnectionResetError):
        while part := sock.recv(65536):
            parts.append(part)
    return b"".join(parts)


def readExactly(sock: socket.socket, size: int) -> bytes:
    """Return `size` bytes from the peer, or fewer if it ends the connection earlier."""
    got = bytearray()
    while len(got) < size and (part := sock.recv(size - len(got))):
        got += part
    return bytes(got)


def reset(sock: socket.socket) -> None:
    """End the connection with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Echo(component):
    """Echo: send back each message, and pass a shutdown message on."""

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data)
            if self.isShuttingDown():
                return
