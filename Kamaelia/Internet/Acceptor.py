"""Accept connections on an event loop, but never more than there is room for.

Example usage
-------------
    acceptor = Acceptor(loop, sockets, factory, {}, lambda: 10 - len(connections), reportUsed)
    acceptor.start()

How does it work?
-----------------
asyncio's own server accepts all waiting clients (up to its `backlog`) before it announces the
first one, and one with TLS announces a client only after the handshake. That is too late to
apply a limit. uvloop's server closes all waiting connections when no descriptors are left.
Here each client counts from the moment at which it is accepted, and a client that cannot be
accepted keeps waiting.

Only a call of accept() that fails shows that no client waits, and it costs more than one that
succeeds. So only one callback in COUNTED makes it, and the next ones accept as many as that one.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from math import inf
from typing import Any

from Kamaelia.Internet.PlainSocket import PlainSocket
from Kamaelia.Internet.TLSAlerts import sendAlertsTo, withAlerts

AT_ONCE = 16  # clients that are accepted in one callback of the event loop
AMONG_SEVERAL = 4  # the same where other processes accept from the same sockets
COUNTED = 8  # how often a callback accepts until no client waits: once in so many
SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

LOG = logging.getLogger("Kamaelia.Internet.Acceptor")

Factory = Callable[[], Any]  # returns a protocol; see Acceptor
Finished = Callable[["Announcement", BaseException | None], object]


class Announcement:
    """Announcement(coroutine, finished): runs `coroutine`, which waits only for futures.

    It does what a task does, at a third of the cost, for a coroutine that needs no current task (as
    asyncio.timeout() does). finished: called with this, and the error or None, at the end of the
    coroutine.
    """

    __slots__ = ("_coroutine", "_finished", "_future", "_isCancelled")

    def __init__(self, coroutine: Coroutine[Any, Any, None], finished: Finished) -> None:
        self._coroutine = coroutine
        self._finished = finished
        self._future: Future[Any] | None = None  # for which the coroutine waits
        self._isCancelled = False

    def start(self, _: Future[Any] | None = None) -> None:
        """Run the coroutine up to the next future, or to its end."""
        try:
            if self._isCancelled:
                future = self._coroutine.throw(asyncio.CancelledError())
            else:
                future = self._coroutine.send(None)
        except StopIteration:
            self._finished(self, None)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - it is passed on
            self._finished(self, error)
        else:
            self._future = future
            future.add_done_callback(self.start)

    def cancel(self) -> None:
        """Raise CancelledError where the coroutine waits, later, as Task.cancel() does."""
        if self._future is not None and not self._future.cancel():
            self._isCancelled = True


class Acceptor:
    """Acceptor(loop, sockets, factory, tls, room, used[, atOnce][, introduce]).

    factory: returns the asyncio protocol of a new connection. tls: the keyword arguments of
    `connect_accepted_socket` for TLS, or an empty dict. room: returns how many more connections
    there may be, or is None for any number. used: called with each new descriptor, and with
    infinity when none is left; it may call `stop`. atOnce: clients that are accepted before other
    callbacks, and other processes on the same sockets, get their turn. introduce: a coroutine
    function, called with each accepted socket first; it returns the factory for it, or raises
    OSError to close the connection.

    A protocol has its transport in `transport`, which is None at first. Its connection_lost may
    be called twice. pending: the clients that have been accepted and are not announced yet.
    """

    __slots__ = (
        "_atOnce",
        "_factory",
        "_introduce",
        "_isStarted",
        "_loop",
        "_room",
        "_sockets",
        "_tls",
        "_turn",
        "_used",
        "_usual",
        "_watched",
        "pending",
    )

    def __init__(
        self,
        loop: AbstractEventLoop,
        sockets: Iterable[socket.socket],
        factory: Factory,
        tls: dict[str, Any],
        room: Callable[[], float] | None,
        used: Callable[[float], None],
        atOnce: int = AT_ONCE,
        introduce: Callable[[socket.socket], Awaitable[Factory]] | None = None,
    ) -> None:
        self._loop = loop
        self._sockets = list(sockets)
        self._factory = factory
        self._tls = tls
        self._room = room
        self._used = used
        self._atOnce = self._usual = atOnce
        self._turn = 0  # the number of the next callback, modulo COUNTED
        self._introduce = introduce
        self.pending: dict[Task[None] | Announcement, socket.socket] = {}
        self._watched: list[socket.socket] = []
        self._isStarted = False

    def start(self) -> None:
        """Accept connections from now on, whenever there is room."""
        self._isStarted = True
        self._watch()

    def stop(self) -> None:
        """Accept no connection until `start` is called. Accepted clients are still announced."""
        self._isStarted = False
        self._unwatch()

    def close(self) -> None:
        """Accept no connection any more, and close those that are not announced yet."""
        self.stop()
        for task in list(self.pending):
            task.cancel()

    def _watch(self) -> None:
        if self._isStarted and not self._watched and self._hasRoom():
            self._watched = self._sockets
            for sock in self._watched:
                self._loop.add_reader(sock, self._accept, sock)

    def _unwatch(self) -> None:
        watched, self._watched = self._watched, []
        for sock in watched:
            self._loop.remove_reader(sock)

    def _hasRoom(self) -> bool:
        return self._room is None or self._room() > len(self.pending)

    def _accept(self, sock: socket.socket) -> None:
        """Accept the clients that wait; the event loop calls this when there are some."""
        isCounted = self._turn == 0
        self._turn = (self._turn + 1) % COUNTED
        most = self._atOnce if isCounted else self._usual
        accepted = 0
        while accepted < most and self._watched and (connection := self._next(sock)) is not None:
            accepted += 1
            self._begin(connection)
        if isCounted or accepted < most:
            self._usual = max(1, accepted)

    def _next(self, sock: socket.socket) -> socket.socket | None:
        """Return the connection of the next client that waits, or None."""
        try:
            connection, _ = sock.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return None
        except OSError as error:
            if error.errno not in SHORTAGES:
                raise
            self._used(inf)
            return None
        connection.__class__ = PlainSocket  # 3 us less than another socket for its descriptor
        return connection

    def _begin(self, connection: socket.socket) -> None:
        descriptor = connection.fileno()
        if self._introduce is None:
            announcement = Announcement(self._connect(self._factory, connection), self._finish)
            self.pending[announcement] = connection
            announcement.start()
        else:
            introduced = self._announceIntroduced(self._introduce, connection)
            task = self._loop.create_task(introduced)
            self.pending[task] = connection
            task.add_done_callback(self._finishTask)
        self._used(descriptor)
        if not self._hasRoom():
            self._unwatch()

    async def _announceIntroduced(
        self,
        introduce: Callable[[socket.socket], Awaitable[Factory]],
        connection: socket.socket,
    ) -> None:
        try:
            connection.setblocking(False)  # as the loops do by themselves for _connect
            factory = await introduce(connection)
        except BaseException:
            connection.close()
            raise
        await self._connect(factory, connection)

    async def _connect(self, factory: Factory, connection: socket.socket) -> None:
        """Create the transport and the protocol of a connection."""
        protocol = factory()
        sendAlertsTo(connection.fileno())  # the transport keeps a copy of the context
        try:
            if self._tls:
                await self._encrypt(protocol, connection)
            else:
                await self._loop.connect_accepted_socket(lambda: protocol, connection)
        except asyncio.CancelledError:
            # Between connection_made and the end of its task, uvloop closes the transport without
            # a call of connection_lost.
            if protocol.transport is not None:
                protocol.connection_lost(None)
            raise

    async def _encrypt(self, protocol: Any, connection: socket.socket) -> None:
        """As _connect, with a TLS handshake, which is logged if it fails."""
        peer = connection.getpeername()
        try:
            tls = self._tls | {"ssl": withAlerts(self._tls["ssl"])}
            await self._loop.connect_accepted_socket(lambda: protocol, connection, **tls)
        except OSError as error:  # ssl.SSLError and TimeoutError are subclasses
            LOG.info("the TLS handshake with %s failed: %s", peer, error)
            raise

    def _finishTask(self, task: Task[None]) -> None:
        self._finish(task, asyncio.CancelledError() if task.cancelled() else task.exception())

    def _finish(self, task: Task[None] | Announcement, error: BaseException | None) -> None:
        """Forget a client that was announced, or whose introduction or handshake has failed."""
        connection = self.pending.pop(task)
        if not self._watched:
            self._watch()
        if error is None:
            return
        connection.close()  # the traceback of the error may keep it, and a task may not have begun
        if isinstance(error, OSError):  # ssl.SSLError and TimeoutError are subclasses
            LOG.debug("an accepted client did not become a connection: %r", error)
        elif not isinstance(error, asyncio.CancelledError):
            raise error
