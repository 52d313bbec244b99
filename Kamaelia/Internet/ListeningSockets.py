"""Sockets on which connections arrive, and when to accept them.

Example usage
-------------
    listener = Listener(openSockets(8080, ["127.0.0.1", "::1"]), factory)
    listener.start(loop)
    listener.cease()

How does it work?
-----------------
The sockets are bound and listen from the start; an Acceptor accepts, while there
are descriptors for it. Those who connect meanwhile wait in the system's queue.
"""

from __future__ import annotations

import logging
import os
import socket
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Any

from Kamaelia.Internet.Acceptor import AT_ONCE, Acceptor
from Kamaelia.Internet.Addresses import checkedPort, explained, resolveNow
from Kamaelia.Internet.UnixSockets import BACKLOG, PathSocket, openPath

__all__ = ["Listener", "Options", "closeAll", "openPath", "openSockets", "severalOf"]

RESERVE = 24  # descriptors that are left to the rest of the program
RETRY = 0.5  # seconds, when it was the rest of the program that had taken them
TELL_AGAIN = 60.0  # seconds between two lines of the log about that
HANDSHAKE = 30.0  # seconds for TLS to begin

LOG = logging.getLogger("Kamaelia.Internet.ListeningSockets")

Options = Sequence[Any] | None


def openSockets(port: int, hosts: Iterable[str | None], options: Options = None) -> list[Any]:
    """Sockets that listen on `port` of each host; OSError names the port that is not to be had.

    hosts: names or addresses, None for all addresses. Port 0: any that is
    free, the same for all. options: (level, option, value), or several such.
    Raises ValueError for a number that is no port.
    """
    port = checkedPort(port)
    opened: list[Any] = []
    try:
        for family, address in _addressesOf(port, hosts):
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


def _openOne(family: Any, address: Any, options: Options) -> Any:
    sock = socket.socket(family, socket.SOCK_STREAM)
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
    """Socket options as a list: one (level, option, value), several, or none."""
    if not options:
        return []
    return list(options) if isinstance(options[0], Sequence) else [options]


def closeAll(sockets: Iterable[Any], keepsPath: bool = False) -> None:
    """Close them, and remove the paths of Unix sockets that were made here, unless `keepsPath`."""
    for sock in sockets:
        sock.close()
        if isinstance(sock, PathSocket) and not keepsPath:
            sock.removePath()


class Listener:
    """Listener(sockets, factory[, ssl][, room][, keepsPath]) -> accepts; factory() is a protocol.

    room: says how many connections there may be more; without it, any number. keepsPath:
    the path of a Unix socket stays at the end. introduce, atOnce: see Acceptor.
    pledged: returns how many descriptors all connections may need, with so many more clients.
    """

    __slots__ = (
        "_acceptor",
        "_atOnce",
        "_factory",
        "_first",
        "_introduce",
        "_isPaused",
        "_isShort",
        "_keepsPath",
        "_loop",
        "_pledged",
        "_plenty",
        "_room",
        "_ssl",
        "_tellAgainAt",
        "_timer",
        "sockets",
    )

    def __init__(
        self,
        sockets: list[Any],
        factory: Callable[[], Any],
        ssl: Any = None,
        room: Callable[[], float] | None = None,
        keepsPath: bool = False,
        introduce: Callable[[Any], Any] | None = None,
        atOnce: int = AT_ONCE,
        pledged: Callable[[int], float] | None = None,
    ) -> None:
        self.sockets = sockets
        self._pledged = pledged
        self._first = 0  # the lowest descriptor that was free at start
        self._keepsPath = keepsPath
        self._atOnce = atOnce
        self._factory = factory
        self._ssl = ssl
        self._room = room
        self._introduce = introduce
        self._acceptor: Any = None
        self._loop: Any = None
        self._isPaused = False
        self._isShort = False  # of descriptors
        self._plenty = 0.0  # below this one there are enough
        self._tellAgainAt = 0.0
        self._timer: Any = None

    def start(self, loop: AbstractEventLoop) -> None:
        """Begins to accept."""
        self._loop = loop
        if self._pledged is not None and self.sockets:
            self._first = os.dup(self.sockets[0].fileno())
            os.close(self._first)
        more = {"ssl": self._ssl, "ssl_handshake_timeout": HANDSHAKE} if self._ssl else {}
        rest = (self._room, self._spareOf, self._atOnce, self._introduce)
        self._acceptor = Acceptor(loop, self.sockets, self._factory, more, *rest)
        self._acceptor.start()

    def pause(self) -> None:
        """Accepts nobody until `resume`."""
        self._isPaused = True
        if self._acceptor is not None:
            self._acceptor.stop()

    def resume(self) -> None:
        """Accepts again, if there is room, and if there are descriptors."""
        if not self._isPaused or not self.sockets or (self._room is not None and self._room() <= 0):
            return
        if self._isShort:
            limit = _limit()
            reserve = _reserveOf(limit)
            if self._needed(0) >= limit - reserve or not _mayBeHad(2 * reserve, self.sockets[0]):
                self._retryLater()
                return
            self._isShort = False
            LOG.info("accepting again: there are descriptors")
        self._isPaused = False
        self._acceptor.start()

    def _spareOf(self, descriptor: float) -> None:
        """Pauses if this is nearly the last descriptor that there is, until some are free.

        They are kept for the rest of the program. Descriptors that connections may still need
        count as if they were taken: see `pledged`.
        """
        descriptor = self._needed(descriptor)
        if descriptor < self._plenty:
            return
        limit = _limit()  # which may have been raised
        self._plenty = limit - _reserveOf(limit)
        if descriptor >= self._plenty and not self._isShort:
            self._isShort = True
            self._tell()
            self.pause()
            self._retryLater()

    def _needed(self, descriptor: float) -> float:
        """Return `descriptor`, or a higher one if the connections may need more than they have."""
        if self._pledged is None:
            return descriptor
        coming = max(1, self._acceptor.pending)  # accepted and not announced, or the next one
        return max(descriptor, self._first + self._pledged(coming))

    def _tell(self) -> None:
        now = self._loop.time()
        if now >= self._tellAgainAt:
            self._tellAgainAt = now + TELL_AGAIN
            LOG.warning("accepting nobody for now: descriptors run out (see ulimit -n)")

    def _retryLater(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(RETRY, self.resume)

    def cease(self) -> None:
        """Accepts nobody any more, and closes the sockets."""
        if self._timer is not None:
            self._timer.cancel()
        sockets, self.sockets = self.sockets, []
        self.pause()
        if self._acceptor is not None:
            self._acceptor.cease()
        closeAll(sockets, keepsPath=self._keepsPath)


def _limit() -> float:
    """Return how many descriptors this process may have; systems without a limit have no module."""
    try:
        import resource
    except ImportError:
        return inf
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return inf if most == resource.RLIM_INFINITY else most


def _reserveOf(limit: float) -> int:
    """Descriptors for the rest of the program; a small limit is shared."""
    return int(min(RESERVE, limit // 4))


def _mayBeHad(descriptors: int, sock: Any) -> bool:
    """Whether there are so many: what is the next one does not tell, as there may be gaps."""
    had: list[int] = []
    try:
        while len(had) < descriptors:
            had.append(os.dup(sock.fileno()))
    except OSError:
        return False
    finally:
        for each in had:
            os.close(each)
    return True
