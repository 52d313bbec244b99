"""Time limits for connections that are closed but still have data to send.

Example usage
-------------
    timeouts = closeTimeoutsOf(loop)
    timeouts.start(connection, 5.0, mayRenew=False)     # abort it after 5 seconds at most
    timeouts.cancel(connection)                         # it has ended

How does it work?
-----------------
Each event loop has one task for all its limits, which runs only while there are some. If a
limit may be renewed, it starts again whenever the peer has taken some of the data.

Termination: the task ends with the last limit. At the end of the program it is cancelled, and
the connections are aborted.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from typing import Final, Protocol
from weakref import WeakKeyDictionary, ref

PERIOD: Final = 2.0  # seconds between two checks


class ClosingConnection(Protocol):
    """A connection that is being closed."""

    def bytesToSend(self) -> int:
        """Return how many bytes it still has to send."""

    def abort(self) -> None:
        """End it at once."""


# When it is due, on the clock of the event loop; its seconds; the bytes unsent at the last
# check; whether it may be renewed. A plain tuple: each connection makes one.
_Limit = tuple[float, float, int, bool]


class CloseTimeouts:
    """CloseTimeouts(loop): aborts connections whose peers do not take what was sent to them.

    It does not keep the loop alive.
    """

    __slots__ = ("_limits", "_loop", "_task")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = ref(loop)
        self._limits: dict[ClosingConnection, _Limit] = {}
        self._task: asyncio.Task[None] | None = None

    def isOf(self, loop: AbstractEventLoop) -> bool:
        """Return whether these are the limits of `loop`."""
        return self._loop() is loop

    def start(self, connection: ClosingConnection, patience: float, mayRenew: bool) -> None:
        """Abort `connection` in `patience` seconds. Call it while the loop runs.

        If `mayRenew`, abort it when it has sent nothing for so long.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + patience
        unsent = connection.bytesToSend() if mayRenew else 0  # otherwise it does not matter
        self._limits[connection] = due, patience, unsent, mayRenew
        if self._task is None:
            self._task = loop.create_task(self._check(min(PERIOD, patience)))

    def cancel(self, connection: ClosingConnection) -> None:
        """Forget the limit of `connection`. Do nothing if it has none."""
        self._limits.pop(connection, None)

    async def _check(self, first: float) -> None:
        try:
            await asyncio.sleep(first)
            self._abortExpired()
            while self._limits:
                await asyncio.sleep(PERIOD)
                self._abortExpired()
        finally:
            self._task = None
            for connection in list(self._limits):  # the program ends
                connection.abort()

    def _abortExpired(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection, (due, patience, unsentBefore, mayRenew) in list(self._limits.items()):
            unsent = connection.bytesToSend()
            if mayRenew and unsent < unsentBefore:
                self._limits[connection] = now + patience, patience, unsent, True
            elif now >= due:
                self.cancel(connection)
                connection.abort()


_timeouts: Final[WeakKeyDictionary[AbstractEventLoop, CloseTimeouts]] = WeakKeyDictionary()
_recent: CloseTimeouts | None = None  # found without a search; most programs have one loop


def closeTimeoutsOf(loop: AbstractEventLoop) -> CloseTimeouts:
    """Return the CloseTimeouts of this event loop; it is created on first use."""
    global _recent  # noqa: PLW0603 - a search costs ten times as much
    found = _recent
    if found is None or not found.isOf(loop):
        found = _recent = _timeouts.setdefault(loop, CloseTimeouts(loop))
    return found
