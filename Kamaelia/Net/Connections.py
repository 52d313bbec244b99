"""Client connections with or without TLS, of which nothing is left when they are given up.

Example usage
-------------
    reader, writer = await openConnection("b.example.org", 4000, context)

How does it work?
-----------------
The connection is made first, and TLS begins on it. If TLS fails or is cancelled, the connection
is closed at once. An event loop that makes both in one step closes a cancelled connection in order,
and so waits for the answer of the peer: the connection may outlive the loop.
"""

from __future__ import annotations

import asyncio
import socket
from ssl import SSLContext
from typing import Any

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def openConnection(host: str, port: int, tls: SSLContext | None = None) -> Streams:
    """Connect to a server; with `tls`, its certificate must name `host` if the context checks it.

    Raise OSError if that fails.
    """
    if tls is None:
        return await asyncio.open_connection(host, port)
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
