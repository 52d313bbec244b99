"""The handler of a connection: a component that starts and ends with it.

Example usage
-------------
    attached = AttachedHandler(adapter, handler)        # links the two
    if attached.isDone():
        adapter.close(patience)
    ...
    yield from attached.waitForEnd()                    # the connection has ended
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from Axon.Component import component
from Kamaelia.Internet.Connection import Connection
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Internet.HalfClosed import HalfClosed
from Kamaelia.Internet.HandlerLinks import (
    linkBoxes,
    linkHandler,
    stopSubtree,
    unlinkComponents,
    unlinkHandler,
)


class AttachedHandler:
    """AttachedHandler(adapter, handler): links both, and decides when the handler has done."""

    __slots__ = ("_adapter", "_halfClosed", "_handler")

    def __init__(self, adapter: Connection, handler: component) -> None:
        self._adapter = adapter
        self._handler = handler
        self._halfClosed: HalfClosed | None = None
        handler.addWatcher(adapter)
        linkHandler(adapter, handler)
        if "makessl" in handler.outboxes:
            adapter.takeTLSDirectly()
            linkBoxes(handler, "makessl", adapter, "makessl")
            if "sslready" in handler.inboxes:
                linkBoxes(adapter, "sslready", handler, "sslready")

    def peerEnded(self, transmit: Callable[[Any], object]) -> Callable[[Any], object]:
        """Note that the peer sends no more. Return the function to send with from now on."""
        self._halfClosed = HalfClosed(self._adapter, transmit)
        return self._halfClosed.transmit

    def isDone(self) -> bool:
        """Return whether the handler has ended, or leaves it to the adapter to close."""
        if self._handler.hasEnded():
            return True
        return self._halfClosed is not None and self._halfClosed.isUnread(timeOf(self._adapter))

    def mayNeedCheck(self) -> bool:
        """Return whether isDone() may become true without an event that wakes the adapter."""
        return self._halfClosed is not None and self._halfClosed.mayBeUnread()

    def stop(self, but: Any) -> None:
        """Stop the handler and all components below it, except `but`."""
        stopSubtree(self._handler, but=but)

    def waitForEnd(self) -> Generator[int, None, None]:
        """Wait until the handler has ended or the creator takes it over; then unlink it."""
        adapter = self._adapter
        while not self._handler.hasEnded():
            if adapter.creator is not None and adapter.creator.outlived(adapter):
                for message in adapter.outboxes["signal"]:  # unread, it would keep the adapter
                    if getattr(message, "caller", None) is adapter:
                        message.caller = None
                unlinkHandler(adapter, self._handler)
                return
            yield from adapter.waitForChange()
        unlinkComponents(adapter, self._handler)
