"""Listening sockets, and when to accept connections on them.

Example usage
-------------
    listener = Listener(openSockets(8080, ["127.0.0.1", "::1"]), factory)
    listener.start(loop)
    listener.close()

How does it work?
-----------------
The sockets are bound and listen from the start. An Acceptor accepts connections while there
are file descriptors for them; meanwhile, other clients wait in the queue of the system.
"""

from __future__ import annotations

import logging
import os
import socket
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from math import inf
from ssl import SSLContext
from typing import Any, Final, SupportsIndex

from Kamaelia.Internet.Acceptor import AT_ONCE, Acceptor, Factory
from Kamaelia.Internet.Addresses import checkedPort, explained, resolveNow
from Kamaelia.Internet.PlainSocket import PlainSocket
from Kamaelia.Internet.UnixSockets import BACKLOG, PathSocket, openPath

__all__ = ["Listener", "Options", "closeAll", "openPath", "openSockets", "severalOf"]

RESERVE: Final = 24  # descriptors that are left for the rest of the program
RETRY = 0.5  # seconds until descriptors are counted again
TELL_AGAIN: Final = 60.0  # seconds between two log lines about missing descriptors
HANDSHAKE: Final = 30.0  # seconds for the TLS handshake

LOG = logging.getLogger("Kamaelia.Internet.ListeningSockets")

Options = Sequence[Any] | None


def openSockets(
    port: SupportsIndex, hosts: Iterable[str | None], options: Options = None
) -> list[socket.socket]:
    """Return sockets that listen on `port` of each host.

    hosts: names or addresses, None for all IPv4 addresses. port: 0 for any free port, the same
    for all hosts. options: (level, option, value), or several of them. Raises OSError, which names
    the port, if it is not available, and ValueError if the number is not that of a port.
    """
    number = checkedPort(port)
    opened: list[socket.socket] = []
    try:
        for family, address in _addressesOf(number, hosts):
            if address[1] == 0 and opened:
                address = (address[0], opened[0].getsockname()[1], *address[2:])
            opened.append(_openOne(family, address, options))
    except BaseException:
        closeAll(opened)
        raise
    return opened


def _addressesOf(port: int, hosts: Iterable[str | None]) -> list[tuple[Any, Any]]:
    found: dict[tuple[Any, Any], None] = {}
    for host in hosts:
        if host is None or host == "":
            found[socket.AF_INET, ("0.0.0.0", port)] = None
            continue
        try:
            found.update(dict.fromkeys(resolveNow(host, port)))
        except OSError as error:
            raise explained(error, "listen on", (host, port)) from error
    return list(found)


def _openOne(family: int, address: Any, options: Options) -> socket.socket:
    sock = PlainSocket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in severalOf(options):
            sock.setsockopt(*option)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise explained(error, "listen on", address) from error
    return sock


def severalOf(options: Options) -> list[Any]:
    """Return socket options as a list. `options`: one (level, option, value), several, or none."""
    if not options:
        return []
    return list(options) if isinstance(options[0], Sequence) else [options]


def closeAll(sockets: Iterable[socket.socket], keepsPath: bool = False) -> None:
    """Close `sockets`, and remove the paths of Unix sockets that were bound here.

    keepsPath: True to leave the paths.
    """
    for sock in sockets:
        sock.close()
        if isinstance(sock, PathSocket) and not keepsPath:
            sock.removePath()


class Listener:
    """Listener(sockets, factory[, ssl][, room][, keepsPath]...): accepts connections.

    factory: returns the protocol of a new connection. room: returns how many more connections
    there may be; without it, there is no limit. keepsPath: True to leave the path of a Unix socket
    at the end. introduce, atOnce: see Acceptor. connections: those that have been made, each of
    which may need so many `descriptors`.
    """

    __slots__ = (
        "_acceptor",
        "_atOnce",
        "_connections",
        "_descriptors",
        "_factory",
        "_first",
        "_introduce",
        "_isPaused",
        "_isShort",
        "_keepsPath",
        "_loop",
        "_plenty",
        "_room",
        "_ssl",
        "_tellAgainAt",
        "_timer",
        "sockets",
    )

    def __init__(
        self,
        sockets: list[socket.socket],
        factory: Factory,
        ssl: SSLContext | None = None,
        room: Callable[[], float] | None = None,
        keepsPath: bool = False,
        introduce: Callable[[socket.socket], Awaitable[Factory]] | None = None,
        atOnce: int = AT_ONCE,
        connections: Collection[object] = (),
        descriptors: float = 1,
    ) -> None:
        self.sockets = sockets
        self._connections = connections
        self._descriptors = descriptors
        self._first = 0  # the lowest descriptor that was free at start
        self._keepsPath = keepsPath
        self._atOnce = atOnce
        self._factory = factory
        self._ssl = ssl
        self._room = room
        self._introduce = introduce
        self._acceptor: Acceptor | None = None
        self._loop: AbstractEventLoop | None = None
        self._isPaused = False
        self._isShort = False  # of descriptors
        self._plenty = 0.0  # while descriptors are lower than this, there are enough
        self._tellAgainAt = 0.0
        self._timer: TimerHandle | None = None

    def start(self, loop: AbstractEventLoop) -> None:
        """Start to accept connections."""
        self._loop = loop
        if self._descriptors > 1 and self.sockets:
            self._first = os.dup(self.sockets[0].fileno())
            os.close(self._first)
        tls = {"ssl": self._ssl, "ssl_handshake_timeout": HANDSHAKE} if self._ssl else {}
        rest = (self._room, self._noteUsed, self._atOnce, self._introduce)
        self._acceptor = Acceptor(loop, self.sockets, self._factory, tls, *rest)
        self._acceptor.start()

    def pause(self) -> None:
        """Accept no connection until `resume` is called."""
        self._isPaused = True
        if self._acceptor is not None:
            self._acceptor.stop()

    def resume(self) -> None:
        """Accept connections again if there is room and if there are descriptors."""
        if not self._isPaused or not self.sockets or (self._room is not None and self._room() <= 0):
            return
        if self._isShort:
            limit = _limit()
            reserve = _reserveOf(limit)
            if self._needed(0) >= limit - reserve or not _areAvailable(
                2 * reserve, self.sockets[0]
            ):
                self._retryLater()
                return
            self._isShort = False
            LOG.info("accepting connections again: file descriptors are available")
        self._isPaused = False
        if self._acceptor is not None:
            self._acceptor.start()

    def _noteUsed(self, descriptor: float) -> None:
        """Pause while nearly all descriptors are used: the last are for the rest of the program.

        Descriptors that connections may still need count as used.
        """
        descriptor = self._needed(descriptor)
        if descriptor < self._plenty:
            return
        limit = _limit()  # which may have been raised
        self._plenty = limit - _reserveOf(limit)
        if descriptor >= self._plenty and not self._isShort:
            self._isShort = True
            self._warn()
            self.pause()
            self._retryLater()

    def _needed(self, descriptor: float) -> float:
        """Return `descriptor`, or a higher one if the connections may need more than they have."""
        if self._descriptors == 1 or self._acceptor is None:
            return descriptor
        coming = len(self._acceptor.pending) or 1  # the next one
        needed = self._first + self._descriptors * (len(self._connections) + coming)
        return max(descriptor, needed)

    def _warn(self) -> None:
        now = self._loop.time() if self._loop is not None else 0.0
        if now >= self._tellAgainAt:
            self._tellAgainAt = now + TELL_AGAIN
            LOG.warning("accepting no connections for now: file descriptors run out (ulimit -n)")

    def _retryLater(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is not None:
            self._timer = self._loop.call_later(RETRY, self.resume)

    def close(self) -> None:
        """Accept no connection any more, and close the sockets."""
        if self._timer is not None:
            self._timer.cancel()
        sockets, self.sockets = self.sockets, []
        self.pause()
        if self._acceptor is not None:
            self._acceptor.close()
        closeAll(sockets, keepsPath=self._keepsPath)


def _limit() -> float:
    """Return how many descriptors this process may have."""
    try:
        import resource
    except ImportError:  # the system has no such limits
        return inf
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return inf if limit == resource.RLIM_INFINITY else limit


def _reserveOf(limit: float) -> int:
    """Return how many descriptors to leave for the rest of the program."""
    return int(min(RESERVE, limit // 4))


def _areAvailable(count: int, sock: socket.socket) -> bool:
    """Return whether `count` descriptors are available.

    They are opened for that: there may be gaps, so the number of the next one says nothing.
    """
    opened: list[int] = []
    try:
        while len(opened) < count:
            opened.append(os.dup(sock.fileno()))
    except OSError:
        return False
    finally:
        for each in opened:
            os.close(each)
    return True
