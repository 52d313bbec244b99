"""A connection that closes when no data has passed for some time.

Example usage
-------------
    class Server(TCPServer):
        CSA = withIdleTimeout(ConnectedSocketAdapter, 30)       # seconds

How does it work?
-----------------
Each piece of data, in or out, is noted with its time. The connection checks when its time limit
expires, and not at each piece of data.

Termination: as of the connection; at the latest `promptly` seconds after the timeout.
"""

from __future__ import annotations

from typing import Any

from Axon.WriteGate import WriteGate
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.EventLoop import timeOf


class IdleTimeout(ConnectedSocketAdapter):
    """IdleTimeout(...): a connection that closes after `idle` seconds without data."""

    idle: float = 2.0  # seconds
    _lastTime: float | None = None  # when data passed last

    def data_received(self, data: bytes) -> None:
        """Note the time, and receive `data`."""
        self._lastTime = timeOf(self)
        super().data_received(data)

    def sendToPeer(self, data: Any) -> WriteGate | None:
        """Note the time, and send `data`."""
        self._lastTime = timeOf(self)
        return super().sendToPeer(data)

    def handleMessages(self) -> None:
        """Do the work of a turn, and close if the time limit has expired."""
        super().handleMessages()
        if self._lastTime is None:
            self._lastTime = timeOf(self)
        if timeOf(self) - self._lastTime >= self.idle:
            self.close(self.promptly, mayRenew=False)

    def nextCheck(self) -> float | None:
        """Return the seconds until the time limit expires, or until an earlier check."""
        check = super().nextCheck()
        if self.connectionState.isClosing or self._lastTime is None:
            return check
        left = max(0.0, self._lastTime + self.idle - timeOf(self))
        return left if check is None else min(left, check)


def withIdleTimeout(
    adapterClass: type[ConnectedSocketAdapter], timeout: float
) -> type[ConnectedSocketAdapter]:
    """Return a subclass of `adapterClass` that closes after `timeout` seconds without data."""
    name = f"{adapterClass.__name__}WithTimeout"
    return type(name, (IdleTimeout, adapterClass), {"idle": timeout})


__kamaelia_components__ = (IdleTimeout,)
