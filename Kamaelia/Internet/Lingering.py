"""Connections that were closed while bytes waited: who does not take them in time is cut off.

Example usage
-------------
    lingeringOf(loop).watch(connection, 5.0, mayRenew=False)    # at most 5 seconds from now
    lingeringOf(loop).forget(connection)                        # it has ended

How does it work?
-----------------
One timer an event loop, and only while somebody lingers. A connection that may
renew its time has it again whenever its peer has taken something meanwhile.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

PERIOD = 2.0  # seconds between two looks


class _Wait(NamedTuple):
    due: float
    patience: float
    left: int  # bytes that waited at the last look
    mayRenew: bool


class Lingering:
    """Lingering(loop) -> ends connections whose peers do not take what was sent to them."""

    __slots__ = ("_loop", "_timer", "_waits")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._waits: dict[Any, _Wait] = {}
        self._timer: Any = None

    def watch(self, connection: Any, patience: float, mayRenew: bool) -> None:
        """`connection` is aborted in `patience` seconds, or when nothing went out for so long."""
        due = self._loop.time() + patience
        self._waits[connection] = _Wait(due, patience, connection.bytesToSend(), mayRenew)
        if self._timer is None:
            self._timer = self._loop.call_later(min(PERIOD, patience), self._look)

    def forget(self, connection: Any) -> None:
        """`connection` has ended."""
        self._waits.pop(connection, None)

    def _look(self) -> None:
        now = self._loop.time()
        for connection, wait in list(self._waits.items()):
            left = connection.bytesToSend()
            if wait.mayRenew and left < wait.left:
                self._waits[connection] = wait._replace(due=now + wait.patience, left=left)
            elif now >= wait.due:
                self.forget(connection)
                connection.abort()
        self._timer = self._loop.call_later(PERIOD, self._look) if self._waits else None


_lingerings: WeakKeyDictionary[AbstractEventLoop, Lingering] = WeakKeyDictionary()


def lingeringOf(loop: AbstractEventLoop) -> Lingering:
    """The one of this event loop."""
    found = _lingerings.get(loop)
    if found is None:
        found = _lingerings[loop] = Lingering(loop)
    return found
