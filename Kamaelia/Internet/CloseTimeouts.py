"""Connections that were closed: a peer has some time to take what waits, and to say its last.

Example usage
-------------
    GracefulClose(connection, closeTimeoutsOf(loop)).begin()              # drops what still comes
    closeTimeoutsOf(loop).watch(connection, 5.0, mayRenew=False)    # at most 5 seconds from now
    closeTimeoutsOf(loop).forget(connection)                        # it has ended

How does it work?
-----------------
One task an event loop, and only while somebody lingers. A connection that may
renew its time has it again whenever its peer has taken something meanwhile.
Nobody waits for those who linger: at the end of the program they are cut off.

A system answers what comes for a socket that is closed with a reset (RFC 1122,
section 4.2.2.13), and a peer that still sends may then lose the last reply. So a
server ends its own side first, and hears the client out.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

PERIOD = 2.0  # seconds between two looks
HEAR_OUT = 2.0  # seconds for a client to end its side, too, when it has been sent all
MOST_HEARD = 16 * 1024 * 1024  # bytes that may still come from it


class _Wait(NamedTuple):
    due: float
    patience: float
    left: int  # bytes that waited at the last look
    mayRenew: bool


class GracefulClose:
    """GracefulClose(connection, timeouts): the protocol of a connection that this side closed.

    The connection hears `connection_lost` as soon as it has sent all; its transport
    stays open until the client has ended it, for no longer than `HEAR_OUT`.
    """

    __slots__ = ("_connection", "_left", "_lingering", "_transport")

    def __init__(self, connection: Any, lingering: CloseTimeouts) -> None:
        self._connection = connection
        self._lingering = lingering
        self._transport = connection.transport
        self._left = MOST_HEARD

    def begin(self) -> None:
        """Ends our side, once all is sent, and drops what comes."""
        transport = self._transport
        transport.set_protocol(self)
        transport.set_write_buffer_limits(0)  # so that it says when all is sent
        try:
            transport.write_eof()
        except OSError:  # the client has reset the connection
            transport.abort()
            return
        transport.resume_reading()
        if not self.bytesToSend():
            self.resume_writing()

    def bytesToSend(self) -> int:
        return int(self._transport.get_write_buffer_size())

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self.abort()

    def eof_received(self) -> bool:
        return False  # the transport closes when all is sent

    def pause_writing(self) -> None:
        """There is something to send."""

    def resume_writing(self) -> None:
        """All has been sent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._lingering.watch(self, HEAR_OUT, mayRenew=False)
            connection.connection_lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._lingering.forget(self)
        if self._connection is not None:
            self._connection.connection_lost(error)


class CloseTimeouts:
    """CloseTimeouts(loop) -> ends connections whose peers do not take what was sent to them."""

    __slots__ = ("_loop", "_task", "_waits")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waits: dict[Any, _Wait] = {}
        self._task: Any = None

    def watch(self, connection: Any, patience: float, mayRenew: bool) -> None:
        """`connection` is aborted in `patience` seconds, or when nothing went out for so long."""
        due = self._loop.time() + patience
        self._waits[connection] = _Wait(due, patience, connection.bytesToSend(), mayRenew)
        if self._task is None:
            self._task = self._loop.create_task(self._look(min(PERIOD, patience)))

    def forget(self, connection: Any) -> None:
        """`connection` has ended."""
        self._waits.pop(connection, None)

    async def _look(self, soon: float) -> None:
        try:
            await asyncio.sleep(soon)
            self._cutOff()
            while self._waits:
                await asyncio.sleep(PERIOD)
                self._cutOff()
        finally:
            self._task = None
            for connection in list(self._waits):  # the program ends
                connection.abort()

    def _cutOff(self) -> None:
        now = self._loop.time()
        for connection, wait in list(self._waits.items()):
            left = connection.bytesToSend()
            if wait.mayRenew and left < wait.left:
                self._waits[connection] = wait._replace(due=now + wait.patience, left=left)
            elif now >= wait.due:
                self.forget(connection)
                connection.abort()


_lingerings: WeakKeyDictionary[AbstractEventLoop, CloseTimeouts] = WeakKeyDictionary()


def closeTimeoutsOf(loop: AbstractEventLoop) -> CloseTimeouts:
    """The one of this event loop."""
    found = _lingerings.get(loop)
    if found is None:
        found = _lingerings[loop] = CloseTimeouts(loop)
    return found
