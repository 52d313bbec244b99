"""Accepts connections on an event loop, and never more than there is room for.

Example usage
-------------
    acceptor = Acceptor(loop, sockets, factory, {}, lambda: 10 - len(connections), spare)
    acceptor.start()

How does it work?
-----------------
asyncio's own server accepts all who wait (up to its `backlog`) before the first
of them is announced, and one with TLS announces a client only after the
handshake: too late for anybody to say that it is enough. uvloop's cuts off all
who wait when there are no descriptors. Here each client counts from the moment
when it is accepted, and who cannot be accepted goes on waiting.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Iterable
from math import inf
from typing import Any

from Kamaelia.Internet.Alerts import sendAlertsTo, withAlerts

AT_ONCE = 16  # clients accepted before others have their turn
AMONG_SEVERAL = 4  # the same where other processes accept from the same sockets
NO_MORE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

LOG = logging.getLogger("Kamaelia.Internet.Acceptor")


class Accepted(socket.socket):
    """A client's socket. What it is are plain numbers: to make enums of them, as event loops
    would have to five times for each client, takes a tenth of the time that connecting takes.
    """

    __slots__ = ()

    family = socket.SocketType.family  # type: ignore[assignment]
    type = socket.SocketType.type  # type: ignore[assignment]


class Acceptor:
    """Acceptor(loop, sockets, factory, more, room, spare) -> accepts, with factory() as protocol.

    more: keyword arguments of `connect_accepted_socket`. room: says how many
    connections there may be more, or None. spare: called with each new descriptor,
    and with infinity when there are none; may call `stop`. atOnce: clients accepted
    before others have their turn, other processes on the same sockets among them.
    introduce: a coroutine function that is called with each accepted socket first, and
    gives the factory for it; whom it raises an OSError for is turned away.

    A protocol has its transport in `transport`, None until it is made; it may hear
    connection_lost twice.
    """

    __slots__ = (
        "_atOnce",
        "_factory",
        "_introduce",
        "_isStarted",
        "_loop",
        "_more",
        "_pending",
        "_room",
        "_sockets",
        "_spare",
        "_watched",
    )

    def __init__(
        self,
        loop: Any,
        sockets: Iterable[Any],
        factory: Callable[[], Any],
        more: dict[str, Any],
        room: Callable[[], float] | None,
        spare: Callable[[float], None],
        atOnce: int = AT_ONCE,
        introduce: Callable[[Any], Any] | None = None,
    ) -> None:
        self._atOnce = atOnce
        self._introduce = introduce
        self._loop = loop
        self._sockets = list(sockets)
        self._factory = factory
        self._more = more
        self._room = room
        self._spare = spare
        self._pending: dict[Any, Any] = {}  # tasks, with their sockets: accepted, not announced
        self._watched: list[Any] = []
        self._isStarted = False

    def start(self) -> None:
        """Accepts, now or as soon as there is room."""
        self._isStarted = True
        self._goOn()

    @property
    def pending(self) -> int:
        """How many clients have been accepted and are not announced yet."""
        return len(self._pending)

    def stop(self) -> None:
        """Accepts nobody until `start`; who has been accepted goes on."""
        self._isStarted = False
        self._rest()

    def cease(self) -> None:
        """Stops for ever; who has been accepted but not announced is cut off."""
        self.stop()
        for task in list(self._pending):
            task.cancel()

    def _goOn(self) -> None:
        if self._isStarted and not self._watched and self._hasRoom():
            self._watched = self._sockets
            for sock in self._watched:
                kind = int(sock.family), int(sock.type), sock.proto
                self._loop.add_reader(sock, self._accept, sock._accept, kind)

    def _rest(self) -> None:
        watched, self._watched = self._watched, []
        for sock in watched:
            self._loop.remove_reader(sock)

    def _hasRoom(self) -> bool:
        return self._room is None or self._room() > len(self._pending)

    def _accept(self, accept: Callable[[], tuple[int, Any]], kind: tuple[int, int, int]) -> None:
        for _ in range(self._atOnce):
            if not self._watched:
                return
            try:
                descriptor, _ = accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in NO_MORE:
                    raise
                self._spare(inf)
                return
            self._take(Accepted(*kind, descriptor))

    def _take(self, connection: Any) -> None:
        connection.setblocking(False)
        task = self._loop.create_task(self._announced(connection))
        self._pending[task] = connection
        task.add_done_callback(self._taken)
        self._spare(connection.fileno())
        if not self._hasRoom():
            self._rest()

    def _announced(self, connection: Any) -> Any:
        if self._introduce is not None:
            return self._introduced(connection)
        return self._connected(self._factory, connection)

    async def _introduced(self, connection: Any) -> None:
        assert self._introduce is not None
        try:
            factory = await self._introduce(connection)
        except BaseException:
            connection.close()
            raise
        await self._connected(factory, connection)

    async def _connected(self, factory: Callable[[], Any], connection: Any) -> None:
        protocol = factory()
        sendAlertsTo(connection.fileno())  # this is a task, with a context of its own
        try:
            if self._more:
                await self._encrypted(protocol, connection)
            else:
                await self._loop.connect_accepted_socket(lambda: protocol, connection)
        except asyncio.CancelledError:
            # Between connection_made and the end of its task uvloop closes, and tells nobody.
            if protocol.transport is not None:
                protocol.connection_lost(None)
            raise

    async def _encrypted(self, protocol: Any, connection: Any) -> None:
        """Announce a client after its TLS handshake; one that fails is logged."""
        peer = connection.getpeername()
        try:
            more = self._more | {"ssl": withAlerts(self._more["ssl"])}
            await self._loop.connect_accepted_socket(lambda: protocol, connection, **more)
        except OSError as error:  # ssl.SSLError and TimeoutError are some
            LOG.info("the TLS handshake with %s failed: %s", peer, error)
            raise

    def _taken(self, task: Any) -> None:
        """A client has been announced, or its handshake has failed."""
        connection = self._pending.pop(task)
        self._goOn()
        if task.cancelled():
            connection.close()  # which nobody else does if the task had not begun
        elif (error := task.exception()) is not None:
            if not isinstance(error, OSError):  # ssl.SSLError and TimeoutError are some
                raise error
            LOG.debug("a client has not got as far as a connection: %r", error)
