"""Client connections with or without TLS, of which nothing is left when they are given up.

Example usage
-------------
    reader, writer = await openConnection("b.example.org", 4000, context)
    reader, writer = await streamsOver(sock=connection)

How does it work?
-----------------
The connection is made first, and TLS begins on it. If TLS fails or is cancelled, the connection
is closed at once. An event loop that makes both in one step closes a cancelled connection in order,
and so waits for the answer of the peer: the connection may outlive the loop.

Without TLS, everything that the peer sent before the connection broke can be read, even if a write
noticed first that it was broken.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from ssl import SSLContext
from typing import Any

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def openConnection(host: str, port: int, tls: SSLContext | None = None) -> Streams:
    """Connect to a server; with `tls`, its certificate must name `host` if the context checks it.

    Raise OSError if that fails.
    """
    if tls is None:
        return await streamsOver(host=host, port=port)
    loop = asyncio.get_running_loop()
    plain, _ = await loop.create_connection(asyncio.Protocol, host, port)
    reader = asyncio.StreamReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    try:
        transport = await loop.start_tls(plain, protocol, tls, server_hostname=host)
    except BaseException:
        plain.abort()
        raise
    if transport is None:
        raise ConnectionAbortedError(f"{host}:{port} has closed the connection")
    protocol.connection_made(transport)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def streamsOver(**where: Any) -> Streams:
    """Return the streams of a new connection; `where` is as for create_connection() of a loop."""
    loop = asyncio.get_running_loop()
    reader = CompleteReader(loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.create_connection(lambda: protocol, **where)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class CompleteReader(asyncio.StreamReader):
    """A stream that raises the error of its socket after everything that had arrived before it."""

    _connection: Any = None
    _failure: BaseException | None = None
    _isOver = False

    def set_transport(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop: note the socket."""
        super().set_transport(transport)
        self._connection = transport.get_extra_info("socket")

    def feed_eof(self) -> None:
        """Called by the loop: nothing follows."""
        self._isOver = True
        super().feed_eof()

    def set_exception(self, exc: BaseException) -> None:
        """Called by the loop, before it closes the socket: read what has arrived."""
        self._failure = exc
        if not self._isOver:
            for data in unreadBytes(self._connection):
                self.feed_data(data)
            self.feed_eof()

    async def read(self, n: int = -1) -> bytes:
        """Return the next bytes, at most `n`. Raise the error of the socket after the last ones."""
        data = await super().read(n)
        if not data and self._failure is not None:
            raise self._failure
        return data


def unreadBytes(connection: Any) -> Iterator[bytes]:
    """Yield what has arrived at a socket that does not block."""
    with suppress(OSError):
        while data := os.read(connection.fileno(), 1 << 16):
            yield data


def detectDeadPeer(connection: Any) -> None:
    """Let the system find out, within half a minute, that the peer's machine is gone."""
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", 15),
        ("TCP_KEEPINTVL", 5),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", 30_000),
    ):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
