"""The addresses of links, and the transport that each of them means.

redis://host:port/0, rediss://..., unix:/path/of/redis.sock    a Redis or Valkey server
tcp://host:port, tls://host:port                               the reader listens there
local:5                                                        a connected socket, by number
"""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

from Kamaelia.Net.Ends import Transport
from Kamaelia.Net.SocketTransport import LocalTransport, SocketTransport
from Kamaelia.Support.Links.Errors import linkError

SCHEMES = "redis://, rediss://, unix:, tcp://, tls:// and local:"

#: The schemes that use a setting; with another, the link would be less safe than expected.
USERS = {"key": ("tcp", "tls"), "tls": ("tls",)}


def transportFor(address: Any, isReader: bool, key: str | None, tls: Any) -> Any:
    """Return the transport for `address`: a URL, or a transport.

    isReader: the link is read here. key: of `tcp:` and `tls:`. tls: an SSLContext; a reader may
    have two, (of a server, of a client): the second one to take over from the reader before.
    Raise linkError for an address that cannot be used.
    """
    if not isinstance(address, str):
        return address
    parts = urlsplit(address)
    _checkSettings(parts.scheme, key=key, tls=tls)
    if parts.scheme in ("redis", "rediss", "unix"):
        return _redis(address)
    if parts.scheme == "local":
        return _local(address)
    if parts.scheme in ("tcp", "tls"):
        return _socket(address, isReader, key, tls)
    raise linkError(f"there is no link {address!r}: an address begins with {SCHEMES}")


def _checkSettings(scheme: str, **settings: Any) -> None:
    """Raise linkError for a setting that a link with this scheme does not use."""
    for name, value in settings.items():
        if value is not None and scheme not in USERS[name]:
            users = " and ".join(f"{each}://" for each in USERS[name])
            raise linkError(f"{name}= is for links {users}, not for {scheme}:")


def _redis(address: str) -> Transport:
    try:
        from Kamaelia.Net.RedisTransport import RedisTransport
    except ImportError as error:
        raise linkError(
            "links over Redis need packages that are not installed: pip install kamaelia[redis]"
        ) from error
    return RedisTransport(address)


def _local(address: str) -> Transport:
    number = address.partition(":")[2]
    if not number.isdecimal():
        raise linkError(f"{address!r} has no number of a socket")
    try:
        connection = socket.socket(fileno=int(number))
    except (OSError, ValueError, OverflowError) as error:
        raise linkError(f"{address!r} is no socket of this process: {error}") from None
    return LocalTransport(connection, endsWithPeer=True)


def _socket(address: str, isReader: bool, key: str | None, tls: Any) -> Transport:
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise linkError(f"{address!r} is no address: {error}") from None
    if not host or port is None:
        raise linkError(f"{address!r} has no host or no port")
    if parts.scheme == "tcp":
        return SocketTransport(host, port, key)
    if tls is None:
        raise linkError("a link tls:// needs tls=, an SSLContext with the certificates")
    tls, rivalTLS = tls if isinstance(tls, tuple) else (tls, None)
    if isReader and key is None and tls.verify_mode.name != "CERT_REQUIRED":
        raise linkError(
            "the reader of a link tls:// must know the writer: let its SSLContext require"
            " certificates of clients, or give both ends a key"
        )
    return SocketTransport(host, port, key, tls, rivalTLS)
