"""Connect to the first address of a host that responds (RFC 8305, "happy eyeballs").

How does it work?
-----------------
The addresses are tried in the order of the resolver, the two families in turn. The next
attempt begins when one fails, or `DELAY` seconds after the last one began; the attempts
before it go on. The first connection wins, and the others are closed. If all fail, the
error names every address.

uvloop's create_connection tries one address after the other, each for as long as the
system waits. So the race is run here, on sockets, for both kinds of event loop.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any

from Kamaelia.Internet.Addresses import Resolved, resolve

DELAY = 0.25  # seconds between two attempts (RFC 8305, section 8)


async def connectedSocket(loop: Any, host: str, port: int) -> socket.socket:
    """Return a socket that is connected to `port` of `host`. Raises OSError."""
    addresses = inTurn(await resolve(loop, host, port))
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


def inTurn(addresses: Sequence[Resolved]) -> list[Resolved]:
    """Return the addresses with the families in turn, the first one's family first."""
    if not addresses:
        return []
    family = addresses[0][0]
    same = [each for each in addresses if each[0] == family]
    others = [each for each in addresses if each[0] != family]
    return [each for each in chain(*zip_longest(same, others)) if each is not None]


async def _attempt(loop: Any, family: int, address: Any) -> socket.socket:
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
            attempts |= done - {each}  # which are closed, if they have succeeded as well
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
    """Return the only error, or one of the same kind that says what happened at each address."""
    if not errors:
        return OSError(f"{host!r} has no address")
    if len(errors) == 1:
        return errors[0]
    first = errors[0]
    reasons = "; ".join(dict.fromkeys(each.strerror or str(each) for each in errors))
    return type(first)(first.errno, f"cannot connect to port {port} of {host}: {reasons}")
