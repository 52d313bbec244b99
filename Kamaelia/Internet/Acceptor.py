"""Accept connections on an event loop, but never more than there is room for.

Example usage
-------------
    acceptor = Acceptor(loop, sockets, factory, {}, lambda: 10 - len(connections), reportUsed)
    acceptor.start()

How does it work?
-----------------
asyncio's own server accepts all waiting clients (up to its `backlog`) before it announces the
first one, and one with TLS announces a client only after the handshake. That is too late to
apply a limit. uvloop's server closes all waiting connections when no descriptors are left, and
accepts only one client in each round of the loop. Here each client counts from the moment at
which it is accepted, and a client that cannot be accepted keeps waiting.

Only a call of accept() that fails shows that no client waits, and it costs more than one that
succeeds. So only one callback in COUNTED makes it, and the next ones accept as many as that one.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Awaitable, Callable, Iterable
from math import inf
from typing import Any, Final

from Axon.EventLoop import libraryOf
from Kamaelia.Internet.PlainSocket import PlainSocket, closeUnused
from Kamaelia.Internet.TLSAlerts import withAlerts

AT_ONCE: Final = 16  # clients that are accepted in one callback of the event loop
AMONG_SEVERAL: Final = 4  # the same where other processes accept from the same sockets
COUNTED: Final = 8  # how often a callback accepts until no client waits: once in so many
SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

LOG = logging.getLogger("Kamaelia.Internet.Acceptor")

Factory = Callable[[], Any]  # returns a protocol; see Acceptor
Accept = Callable[[], tuple[Any, Any]]  # returns a connection, and the address of its peer
Client = tuple[Any, Any, Any]  # the same, and the protocol or None
Finished = Callable[["Announcement", BaseException | None], object]


class Announcement:
    """Announcement(coroutine, finished): runs `coroutine`, which waits only for futures.

    It does what a task does, at a quarter of the cost, for a coroutine that needs no current task
    (as asyncio.timeout() does). finished: called with this, and the error or None, at the end of
    the coroutine. hasWaited: whether the coroutine has come to a future.
    """

    __slots__ = ("_finished", "_future", "_isCancelled", "_steps", "hasWaited")

    def __init__(self, coroutine: Awaitable[object], finished: Finished) -> None:
        self._steps: Any = coroutine.__await__()
        self._finished = finished
        self._future: Future[Any] | None = None  # for which the coroutine waits
        self._isCancelled = False
        self.hasWaited = False

    def start(self, _: Future[Any] | None = None) -> None:
        """Run the coroutine up to the next future, or to its end."""
        try:
            if self._isCancelled:
                self._isCancelled = False
                future = self._steps.throw(asyncio.CancelledError())
            else:
                future = next(self._steps, None)  # an exception at the end would cost more
        except StopIteration:
            self._finished(self, None)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - it is passed on
            self._finished(self, error)
        else:
            if future is None:
                self._finished(self, None)
                return
            self._future = future
            self.hasWaited = True
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

    A protocol has its transport in `transport`, which is None at first, and gets the address of its
    peer in `peername`. Its connection_lost may be called twice. pending: the clients that have been
    accepted and are not announced yet.
    """

    __slots__ = (
        "_atOnce",
        "_factory",
        "_introduce",
        "_isStarted",
        "_isUvloop",
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
        self._isUvloop = libraryOf(loop) == "uvloop"
        self._tls = tls
        self._room = room
        self._used = used
        self._atOnce = self._usual = atOnce
        self._turn = 0  # the number of the next callback, modulo COUNTED
        self._introduce = introduce
        self.pending: dict[Task[None] | Announcement, Client] = {}
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
                self._loop.add_reader(sock, self._accept, self._acceptOf(sock))

    def _unwatch(self) -> None:
        watched, self._watched = self._watched, []
        for sock in watched:
            self._loop.remove_reader(sock)

    def _hasRoom(self) -> bool:
        return self._room is None or self._room() > len(self.pending)

    def _acceptOf(self, sock: socket.socket) -> Accept:
        """Return a function that accepts the next client on a listening socket."""
        if self._isUvloop and self._introduce is None and isinstance(sock, PlainSocket):
            return sock.acceptDescriptor
        return sock.accept

    def _accept(self, accept: Accept) -> None:
        """Accept the clients that wait; the event loop calls this when there are some."""
        isCounted = self._turn == 0
        self._turn = (self._turn + 1) % COUNTED
        most = self._atOnce if isCounted else self._usual
        accepted = 0
        while accepted < most and self._watched and self._acceptNext(accept):
            accepted += 1
        if isCounted or accepted < most:
            self._usual = max(1, accepted)

    def _acceptNext(self, accept: Accept) -> bool:
        """Accept the next client. Return whether there was one."""
        try:
            connection, peer = accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            if error.errno not in SHORTAGES:
                raise
            self._used(inf)
            return False
        descriptor = connection.fileno()
        if self._introduce is None:
            self._announce(self._factory, connection, peer)
        else:
            work = self._introduceAndAnnounce(self._introduce, connection, peer)
            task = self._loop.create_task(work)
            self.pending[task] = (connection, peer, None)
            task.add_done_callback(self._finishTask)
        self._used(descriptor)
        if not self._hasRoom():
            self._unwatch()
        return True

    def _announce(self, factory: Factory, connection: Any, peer: object) -> None:
        """Create the protocol and the transport of a connection."""
        try:
            protocol = factory()
        except BaseException:
            closeUnused(connection)
            raise
        protocol.peername = peer
        tls = self._tls
        if tls:
            tls = tls | {"ssl": withAlerts(tls["ssl"], connection.fileno())}
        making = self._loop.connect_accepted_socket(lambda: protocol, connection, **tls)
        announcement = Announcement(making, self._finish)
        self.pending[announcement] = (connection, peer, protocol)
        announcement.start()

    async def _introduceAndAnnounce(
        self,
        introduce: Callable[[socket.socket], Awaitable[Factory]],
        connection: socket.socket,
        peer: object,
    ) -> None:
        connection.setblocking(False)  # as the loops do by themselves for _announce
        self._announce(await introduce(connection), connection, peer)

    def _finishTask(self, task: Task[None]) -> None:
        self._finish(task, asyncio.CancelledError() if task.cancelled() else task.exception())

    def _finish(self, task: Task[None] | Announcement, error: BaseException | None) -> None:
        """Forget a client that was announced, or whose introduction or handshake has failed."""
        connection, peer, protocol = self.pending.pop(task)
        if not self._watched:
            self._watch()
        if error is None:
            return
        if isinstance(task, Announcement) and task.hasWaited:
            connection.close()  # the traceback of the error may keep it
        else:
            closeUnused(connection)
        if isinstance(error, OSError):  # ssl.SSLError and TimeoutError are subclasses
            if protocol is not None and self._tls:
                LOG.info("the TLS handshake with %s failed: %s", peer, error)
            LOG.debug("an accepted client did not become a connection: %r", error)
        elif not isinstance(error, asyncio.CancelledError):
            raise error
        elif protocol is not None and protocol.transport is not None:
            # Between connection_made and the end of its task, uvloop closes the transport without
            # a call of connection_lost.
            protocol.connection_lost(None)
