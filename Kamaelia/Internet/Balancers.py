"""Load balancers in front of a server, which say who their clients are: the PROXY protocol.

Example usage
-------------
    balancers = Balancers(["192.0.2.0/24", "unix"])
    if balancers.includes(sock):
        origin, early = await balancers.introduce(loop, sock)

How does it work?
-----------------
The header is read from the socket itself, before there is a transport, and not a
byte more: what follows it may be the beginning of TLS. Who is in the networks has
to begin with a header; from anybody else it is data like any other, as whoever
may write it is believed.

Termination: a header that is not whole after `patience` seconds is none.
"""

from __future__ import annotations

import socket
from asyncio import timeout
from collections.abc import Iterable
from typing import Any

from Kamaelia.Support.Networks import Networks, parseNetwork
from Kamaelia.Support.Protocol.ProxyHeader import MOST, HeaderReader, Origin

UNIX = "unix"


class Balancers:
    """Balancers(networks) -> the peers whose connections begin with a PROXY header.

    networks: addresses and networks such as 192.0.2.0/24, and "unix" for all who come by a
    Unix socket. Raises ValueError for what is none of these.
    """

    patience = 10.0  # seconds

    def __init__(self, networks: Iterable[str]) -> None:
        given = [networks] if isinstance(networks, str) else list(networks)
        try:
            self._networks = Networks({parseNetwork(each): each for each in given if each != UNIX})
        except ValueError as error:
            raise ValueError(f'proxy_protocol_from has networks, or "unix": {error}') from None
        self._hasUnix = UNIX in given

    def includes(self, sock: Any) -> bool:
        """Whether this connection's peer is one of them."""
        if sock.family == socket.AF_UNIX:
            return self._hasUnix
        try:
            peer = sock.getpeername()[0]
        except OSError:  # it has gone already
            return False
        return self._networks.findPeer(peer) is not None

    async def introduce(self, loop: Any, sock: Any) -> tuple[Origin | None, bytes]:
        """Who the client is, None if it is the peer itself; and what is there after the header.

        The latter is still to be read from the socket, too. Raises BadHeader, and OSError, of
        which TimeoutError is one.
        """
        reader = HeaderReader()
        async with timeout(self.patience):
            while not reader.isWhole:
                await readable(loop, sock)
                seen = sock.recv(MOST, socket.MSG_PEEK)
                if not seen:
                    raise ConnectionAbortedError("a load balancer's connection ended at once")
                reader.take(seen)
                sock.recv(len(seen) - len(reader.rest))
        return reader.origin, reader.rest


async def readable(loop: Any, sock: Any) -> None:
    """Until there is something to read, or the end."""
    ready = loop.create_future()
    loop.add_reader(sock, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(sock)
