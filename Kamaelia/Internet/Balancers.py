"""Load balancers in front of a server, which report its clients with the PROXY protocol.

Example usage
-------------
    balancers = Balancers(["192.0.2.0/24", "unix"])
    if balancers.includes(sock):
        origin, early = await balancers.readHeader(loop, sock)

How does it work?
-----------------
The header is read from the socket itself, before there is a transport, and not one byte more:
the bytes after it may be the beginning of TLS. A connection from one of the networks must begin
with a header. In a connection from any other peer, a header is data like any other: a header is
trusted, so it is accepted only from these networks.

Termination: TimeoutError if the header is not complete after `patience` seconds.
"""

from __future__ import annotations

import asyncio
import socket
from asyncio import AbstractEventLoop, timeout
from collections.abc import Iterable

from Kamaelia.Support.Networks import Networks, parseNetwork
from Kamaelia.Support.Protocol.ProxyHeader import LONGEST_HEADER, HeaderReader, Origin

UNIX = "unix"


class Balancers:
    """Balancers(networks): the peers whose connections begin with a PROXY header.

    networks: addresses and networks such as "192.0.2.0/24", and "unix" for all peers that use a
    Unix socket. Raises ValueError for any other text.
    """

    patience = 10.0  # seconds

    def __init__(self, networks: Iterable[str]) -> None:
        given = [networks] if isinstance(networks, str) else list(networks)
        try:
            self._networks = Networks({parseNetwork(each): each for each in given if each != UNIX})
        except ValueError as error:
            raise ValueError(f'proxy_protocol_from contains networks or "unix": {error}') from None
        self._hasUnix = UNIX in given

    def includes(self, sock: socket.socket) -> bool:
        """Return whether the peer of `sock` is one of them."""
        if sock.family == socket.AF_UNIX:
            return self._hasUnix
        try:
            peer = sock.getpeername()[0]
        except OSError:  # the peer has closed the connection
            return False
        return self._networks.findPeer(peer) is not None

    async def readHeader(
        self, loop: AbstractEventLoop, sock: socket.socket
    ) -> tuple[Origin | None, bytes]:
        """Read the header from `sock`. Return the client, and the bytes seen after the header.

        The client is None if it is the peer itself. The bytes are still in the socket, too. Raises
        BadHeader if there is no valid header, and OSError (TimeoutError is one).
        """
        reader = HeaderReader()
        async with timeout(self.patience):
            while not reader.isWhole:
                await waitUntilReadable(loop, sock)
                seen = sock.recv(LONGEST_HEADER, socket.MSG_PEEK)
                if not seen:
                    raise ConnectionAbortedError("a load balancer closed its connection at once")
                reader.take(seen)
                sock.recv(len(seen) - len(reader.rest))
        return reader.origin, reader.rest


async def waitUntilReadable(loop: AbstractEventLoop, sock: socket.socket) -> None:
    """Wait until `sock` has data to read, or has reached its end."""
    ready = asyncio.Event()
    loop.add_reader(sock, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sock)
