"""A connection whose client sends no more, while the handler may go on sending.

How does it work?
-----------------
A client that has closed its connection and one that has only ended its own side look
alike until something is sent. The handler receives a socketShutdown on "control" and
decides how long the connection stays open. If a handler never reads "control", the
connection is closed for it, so that its socket is not kept forever.

A handler leaves "control" unread if the message is still there while the handler waits
for a message that only this connection could send. A handler that waits for something
else, or that is at work, may read "control" later. It has `patience` seconds for that,
counted from the last time that it sent something.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Kamaelia.Internet.Connection import Connection
from Kamaelia.Internet.HandlerLinks import hasEnded

FED = {"inbox", "control", "sslready"}  # the inboxes into which a connection sends


class HalfClosed:
    """HalfClosed(adapter, transmit): decides whether the handler leaves "control" unread.

    transmit: the function that sends bytes to the client. Send through the method of that name.
    """

    __slots__ = ("_adapter", "_hasSent", "_idleSince", "_send")

    def __init__(self, adapter: Connection, transmit: Callable[[Any], object]) -> None:
        self._adapter = adapter
        self._send = transmit
        self._hasSent = True
        self._idleSince = 0.0

    def transmit(self, data: bytes) -> None:
        """Send `data`, and note that the handler is still at work."""
        self._hasSent = True
        self._send(data)

    def mayBeUnread(self) -> bool:
        """Return whether the message on "control" has not been taken, but may still be taken."""
        control = self._adapter.outboxes["signal"]
        return len(control) > 0 and not hasEnded(control.component)

    def isUnread(self, now: float) -> bool:
        """Return whether the handler leaves "control" unread, as far as is known at `now`."""
        if not self.mayBeUnread():
            return False
        if self._hasSent:
            self._hasSent = False
            self._idleSince = now
        outboxes = self._adapter.outboxes
        waitsInVain = not len(outboxes["outbox"]) and _waitsForConnection(
            outboxes["signal"].component
        )
        return waitsInVain or now >= self._idleSince + self._adapter.patience


def _waitsForConnection(receiver: Any) -> bool:
    """Return whether a component waits for a message that only its connection can send."""
    return set(receiver.inboxes) <= FED and receiver.isWaitingForMessage()
