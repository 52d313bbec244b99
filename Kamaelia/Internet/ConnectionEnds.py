"""The addresses of both ends of an accepted connection."""

from __future__ import annotations

from typing import Any

from Kamaelia.Support.Protocol.ProxyHeader import Origin


def endsOf(adapter: Any) -> tuple[str, int, str, int]:
    """Return both ends of a connection, as its load balancer reports them, if there is one.

    These are the peer, its port, the local address and its port; (path, 0) for a Unix socket.
    """
    origin: Origin | None = getattr(adapter, "origin", None)
    if origin is not None:
        return origin
    ask = adapter.transport.get_extra_info
    peer, peerport = endIn(getattr(adapter, "peername", None) or ask("peername"))
    local, localport = endIn(ask("sockname"))
    return peer, peerport, local, localport


def endIn(address: object) -> tuple[str, int]:
    """Return (address, port) or (path, 0) from the address of a socket."""
    if isinstance(address, tuple):
        return address[0], address[1]
    return (address if isinstance(address, str) else ""), 0
