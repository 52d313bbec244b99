"""Hosts and ports: checks of port numbers, resolution of names, errors that name the address.

Example usage
-------------
    self.port = checkedPort(port)
    for family, address in await resolve(loop, "example.org", 25):
        ...

How does it work?
-----------------
Names are resolved in the executor of the event loop, so that nothing else waits. Every name
that cannot be resolved raises OSError. Python's own functions raise UnicodeError or ValueError
for impossible names such as "a..b", a label of 70 letters, or a name with a NUL character.
"""

from __future__ import annotations

import os
import socket
from asyncio import AbstractEventLoop
from ipaddress import IPv6Address
from operator import index
from typing import Any

MOST = 65535  # the largest port number

Resolved = tuple[int, Any]  # an address family, and an address for sockets of this family


def checkedPort(port: object, name: str = "port") -> int:
    """Return `port` as an int. Raises ValueError, which contains `name`, if it is not a port."""
    try:
        number = index(port)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(f"{name} must be a number from 0 to {MOST}, not {port!r}") from None
    if isinstance(port, bool) or not 0 <= number <= MOST:
        raise ValueError(f"{name} must be from 0 to {MOST}, not {port!r}")
    return number


def isLiteral(host: object) -> bool:
    """Return whether `host` is an IP address, so that there is nothing to resolve."""
    if not isinstance(host, str):
        return False
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0])
        except (OSError, ValueError):  # UnicodeError and an embedded NUL are ValueErrors
            continue
        return True
    return False


def textOfAddress(sock: socket.socket) -> str:
    """Return the address to which a socket is bound: "127.0.0.1:25", "[::1]:25", or a path."""
    name = sock.getsockname()
    if isinstance(name, str | bytes):
        path = os.fsdecode(name)
        return f"@{path[1:]}" if path.startswith("\0") else path  # as in /proc/net/unix
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def networkOf(peer: str) -> str:
    """Return what counts as one peer: an IPv4 address, or an IPv6 network of 64 bits.

    A host can use any address of its IPv6 network (RFC 4291 section 2.5.4). Return a text that
    is no address, such as a path, as it is.
    """
    if ":" not in peer:
        return peer
    try:
        address = IPv6Address(peer.partition("%")[0])
    except ValueError:
        return peer
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


async def resolve(
    loop: AbstractEventLoop,
    host: str | None,
    port: int | None,
    kind: int = socket.SOCK_STREAM,
    family: int = socket.AF_UNSPEC,
) -> list[Resolved]:
    """Return all addresses of `host`, in the order of the resolver (RFC 6724). Raises OSError."""
    try:
        found = await loop.getaddrinfo(host, port, type=kind, family=family)
    except ValueError as error:
        raise notResolved(host, error) from error
    return list(dict.fromkeys((int(each[0]), each[4]) for each in found))


def resolveNow(
    host: str,
    port: int,
    kind: int = socket.SOCK_STREAM,
    family: int = socket.AF_UNSPEC,
) -> list[Resolved]:
    """Return what resolve() returns, without an event loop. It blocks. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=kind, family=family)
    except ValueError as error:
        raise notResolved(host, error) from error
    return list(dict.fromkeys((int(each[0]), each[4]) for each in found))


def notResolved(host: object, error: ValueError) -> OSError:
    """Return the OSError for a name that no host can have."""
    reason = getattr(error, "reason", error)
    return socket.gaierror(socket.EAI_NONAME, f"{host!r} is not a possible host name: {reason}")


def explained(error: OSError, what: str, address: tuple[Any, ...]) -> OSError:
    """Return a copy of `error` whose message contains the action `what` and the address."""
    where = f"port {address[1]} of {address[0] or 'all addresses'}"
    return type(error)(error.errno, f"cannot {what} {where}: {error.strerror or error}")
