"""Connect to the first address of a host that responds (RFC 8305, "happy eyeballs").

How does it work?
-----------------
The addresses are tried in the order of the resolver, alternating between the two families. The
next attempt starts when one fails, or `DELAY` seconds after the last one started; earlier
attempts continue. The first connection is used, and the others are closed. If all attempts
fail, the error contains the reason of each one.

uvloop's create_connection tries one address after another, each for as long as the system
waits. So the attempts are made here, on sockets, for both kinds of event loop.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any

from Kamaelia.Internet.Addresses import Resolved, resolve

DELAY = 0.25  # seconds between two attempts (RFC 8305, section 8)


async def connectedSocket(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    """Return a socket that is connected to `port` of `host`. Raises OSError."""
    addresses = alternating(await resolve(loop, host, port))
    attempts: set[asyncio.Task[socket.socket]] = set()
    errors: list[OSError] = []
    try:
        for each in addresses:
            attempts.add(loop.create_task(_attempt(loop, *each)))
            connected = await _first(attempts, errors, DELAY)
            if connected is not None:
                return connected
        while attempts:
            connected = await _first(attempts, errors, None)
            if connected is not None:
                return connected
    finally:
        _giveUp(attempts)
    raise _summary(errors, host, port)


def alternating(addresses: Sequence[Resolved]) -> list[Resolved]:
    """Return the addresses, alternating between families, that of the first address first."""
    if not addresses:
        return []
    family = addresses[0][0]
    same = [each for each in addresses if each[0] == family]
    others = [each for each in addresses if each[0] != family]
    return [each for each in chain(*zip_longest(same, others)) if each is not None]


async def _attempt(loop: asyncio.AbstractEventLoop, family: int, address: Any) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, address)
    except OSError as error:
        sock.close()
        where = f"{address[0]} port {address[1]}"
        raise type(error)(error.errno, f"cannot connect to {where}: {error.strerror}") from None
    except BaseException:
        sock.close()
        raise
    return sock


async def _first(
    attempts: set[asyncio.Task[socket.socket]], errors: list[OSError], timeout: float | None
) -> socket.socket | None:
    """Wait until an attempt succeeds or fails. Return its socket, or None and note its error."""
    done, _ = await asyncio.wait(attempts, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for each in done:
        attempts.discard(each)
        error = each.exception()
        if error is None:
            attempts |= done - {each}  # _giveUp closes those that have succeeded, too
            return each.result()
        if not isinstance(error, OSError):
            raise error
        errors.append(error)
    return None


def _giveUp(attempts: set[asyncio.Task[socket.socket]]) -> None:
    """Cancel the attempts, and close the sockets of those that have just succeeded."""
    for each in attempts:
        each.cancel()
        each.add_done_callback(_close)


def _close(attempt: asyncio.Task[socket.socket]) -> None:
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()


def _summary(errors: list[OSError], host: str, port: int) -> OSError:
    """Return the only error, or an error of the first one's type with all reasons."""
    if not errors:
        return OSError(f"{host!r} has no address")
    if len(errors) == 1:
        return errors[0]
    first = errors[0]
    reasons = "; ".join(dict.fromkeys(each.strerror or str(each) for each in errors))
    return type(first)(first.errno, f"cannot connect to port {port} of {host}: {reasons}")
