"""A connection whose client sends no more, while the handler may go on sending.

How does it work?
-----------------
A client that has closed its connection and one that has only ended its own side look
alike until something is sent. The handler finds a socketShutdown on "control" and
decides how long the connection stays. A handler that never reads "control" decides
nothing: the connection is closed for it, so that its socket is not kept forever.

Such a handler is recognised when it waits for any message although the message on
"control" is unread. One that waits for something else, or that is at work, may read
"control" afterwards. It has `patience` seconds, which begin anew whenever it sends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Axon.Turns import ENDED, WAITING


class HalfOpen:
    """HalfOpen(handler, transmit, patience) -> whether the handler leaves "control" unread.

    transmit: what sends bytes to the client. Send through the method of that name instead.
    """

    __slots__ = ("_handler", "_hasSent", "_idleSince", "_patience", "_send")

    def __init__(self, handler: Any, transmit: Callable[[Any], None], patience: float) -> None:
        self._handler = handler
        self._send = transmit
        self._patience = patience
        self._hasSent = True
        self._idleSince = 0.0

    def transmit(self, data: Any) -> None:
        """Send `data`, and note that the handler is still at work."""
        self._hasSent = True
        self._send(data)

    def mayBeUnread(self) -> bool:
        """Return whether the message on "control" has not been taken yet."""
        handler = self._handler
        return handler._task.state != ENDED and bool(len(handler.inboxes["control"]))

    def isUnread(self, now: float) -> bool:
        """Return whether the handler leaves "control" unread, as far as is known at `now`."""
        if not self.mayBeUnread():
            return False
        if self._hasSent:
            self._hasSent = False
            self._idleSince = now
        if self._handler._task.state == WAITING and not len(self._handler.inboxes["inbox"]):
            return True
        return now >= self._idleSince + self._patience
