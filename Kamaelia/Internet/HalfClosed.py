"""A connection whose client sends no more, while the handler may go on sending.

How does it work?
-----------------
A client that has closed its connection and one that has only ended its own side look
alike until something is sent. The handler finds a socketShutdown on "control" and
decides how long the connection stays. A handler that never reads "control" decides
nothing: the connection is closed for it, so that its socket is not kept forever.

Such a handler is recognised when the message on "control" is unread and it waits for a
message that only this connection could send. One that waits for something else, or
that is at work, may read "control" afterwards. It has `patience` seconds, which begin
anew whenever it sends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Axon.Turns import ENDED, WAITING, Task

FED = {"inbox", "control", "sslready"}  # the inboxes into which a connection sends


class HalfClosed:
    """HalfClosed(adapter, transmit) -> whether the handler leaves "control" unread.

    transmit: what sends bytes to the client. Send through the method of that name instead.
    """

    __slots__ = ("_adapter", "_hasSent", "_idleSince", "_send")

    def __init__(self, adapter: Any, transmit: Callable[[Any], None]) -> None:
        self._adapter = adapter
        self._send = transmit
        self._hasSent = True
        self._idleSince = 0.0

    def transmit(self, data: Any) -> None:
        """Send `data`, and note that the handler is still at work."""
        self._hasSent = True
        self._send(data)

    def mayBeUnread(self) -> bool:
        """Return whether the message on "control" has not been taken yet, and may still be."""
        control = self._adapter.outboxes["signal"]
        return bool(len(control)) and control.task.state != ENDED

    def isUnread(self, now: float) -> bool:
        """Return whether the handler leaves "control" unread, as far as is known at `now`."""
        if not self.mayBeUnread():
            return False
        if self._hasSent:
            self._hasSent = False
            self._idleSince = now
        waitsInVain = not len(self._adapter.outboxes["outbox"]) and _waitsForConnection(
            self._adapter.outboxes["signal"].task
        )
        return waitsInVain or now >= self._idleSince + float(self._adapter.patience)


def _waitsForConnection(task: Task) -> bool:
    """Return whether a component waits for a message that nothing but its connection sends."""
    if task.state != WAITING or not set(task.process.inboxes) <= FED:
        return False
    isWaiting = getattr(task.body, "isWaitingForMessage", None)  # a coroutine may await the loop
    return isWaiting is None or bool(isWaiting())
