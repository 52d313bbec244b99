"""The WebSocket connections of a server, beside HTTP on one port.

Example usage
-------------
    class Shout(component):
        def main(self):
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.send(message.upper())
                if self.isShuttingDown():
                    return

    def choose(request):            # the factory of an HTTPServer
        return answer(request)      # a dict or a component

    answer = webSocketHandler(lambda request: Shout())

How does it work?
-----------------
webSocketHandler returns a factory of request handlers for HTTPServer. A request that asks for a
WebSocket is answered with 101, and a WebSocketConnection takes the connection over. It runs a
handler, a component: str and bytes that the handler sends are text and binary messages, and those
of the client arrive in its "inbox". Any other request is refused.

Termination: a webSocketShutdown with a code arrives in the handler's "control" when the client
has closed. producerFinished from the handler's "signal", or the end of the handler, closes the
WebSocket with the code 1000, an error in the handler with 1011, the end of the server with 1001.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any

from Axon.Component import component
from Axon.ComponentCheck import madeComponent
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Settings import refuseMisspelt
from Kamaelia.Internet.HandlerLinks import linkBoxes, stopSubtree, unlinkComponents
from Kamaelia.Internet.OutgoingData import discard
from Kamaelia.Protocol.WebSocket.Conversation import Conversation, Timing, webSocketShutdown
from Kamaelia.Support.Protocol.WebSocket.Handshake import Refusal, accept
from Kamaelia.Support.Protocol.WebSocket.MessagePeer import (
    ABNORMAL,
    GOING_AWAY,
    INTERNAL_ERROR,
    MOST_BYTES,
    NORMAL,
)

MOST_WAITING = 64  # messages that wait for a handler before the client has to wait


class WebSocketConnection(component):
    """WebSocketConnection(handler[, subprotocol][, mostBytes][, timing]): after the handshake.

    handler: the component that talks to the client. subprotocol: the one that was chosen, or
    None. mostBytes: the limit on a message of the client. timing: a Timing.
    """

    Inboxes = {
        "inbox": "bytes from the client",
        "control": "producerFinished: the connection has ended; shutdownMicroprocess: close",
        "_messages": "str and bytes from the handler",
        "_handlercontrol": "producerFinished from the handler: close",
    }
    Outboxes = {
        "outbox": "bytes for the client",
        "signal": "producerFinished: close the connection; shutdownMicroprocess: it is lost",
        "_received": "str and bytes for the handler",
        "_handlersignal": "webSocketShutdown for the handler, or shutdownMicroprocess",
    }

    subprotocol: str | None = None
    mostBytes: int = MOST_BYTES
    timing: Timing | None = None

    def __init__(self, handler: component, **argd: Any) -> None:
        refuseMisspelt(type(self))
        super().__init__(**argd)
        self.handler = handler
        self._conversation = Conversation(
            self, False, "outbox", "_received", self.mostBytes, self.timing
        )
        self._isHandlerTold = self._hasFailed = False
        self._error: Any = None  # of the connection
        self.takeDirectly("_messages", self._conversation.sendMessage)
        linkBoxes(handler, "outbox", self, "_messages")
        linkBoxes(handler, "signal", self, "_handlercontrol")
        linkBoxes(self, "_received", handler, "inbox")
        linkBoxes(self, "_handlersignal", handler, "control")
        if handler.inboxes["inbox"].capacity is None:
            handler.setInboxCapacity("inbox", MOST_WAITING)
        self.addChildren(handler)

    def main(self) -> Generator[int, None, None]:
        conversation = self._conversation
        conversation.begin()
        self.handler.activate(Scheduler=self.scheduler)
        try:
            closed = None
            while closed is None:
                yield from self._work()
                closed = conversation.closed
            self._tellHandler(webSocketShutdown(self, self._error, *closed))
            isLost = closed.code == ABNORMAL
            self.send(shutdownMicroprocess(self) if isLost else producerFinished(self), "signal")
            yield from self._waitForHandler()
        finally:
            if not self.handler.hasEnded():
                stopSubtree(self.handler)
            self.takeDirectly("_messages", discard)
            unlinkComponents(self.handler)

    def _work(self) -> Generator[int, None, None]:
        """Do what there is to do, and wait for more."""
        for data in self.Inbox():
            yield from self._conversation.receive(data)
        yield from self._readControl()
        self._watchHandler()
        due = self._conversation.checkTime()
        if self._conversation.closed is None:
            yield from self.waitUntil(due)

    def _readControl(self) -> Generator[int, None, None]:
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                self._tellHandler(message)
                self._conversation.close(GOING_AWAY)
            elif isinstance(message, producerFinished):  # a socketShutdown
                self._error = message.message
                yield from self._conversation.receive(b"")

    def _watchHandler(self) -> None:
        """Begin to close if the handler has ended, or wants to."""
        isOver = any(
            isinstance(each, producerFinished | shutdownMicroprocess)
            for each in self.Inbox("_handlercontrol")
        )
        if isOver or self.handler.hasEnded():
            self._conversation.close(INTERNAL_ERROR if self._hasFailed else NORMAL)

    def _tellHandler(self, message: Any) -> None:
        if not self._isHandlerTold:
            self._isHandlerTold = True
            self.send(message, "_handlersignal")

    def _waitForHandler(self) -> Generator[int, None, None]:
        while not self.handler.hasEnded():
            for message in self.Inbox("control"):
                if isinstance(message, shutdownMicroprocess):
                    return
            yield from self.waitForChange()

    def childEnded(self, child: Any) -> None:
        """Discard what the client sends from now on: the handler has ended."""
        received = self.placeOfBox("_received", False)
        if received.target is not None:
            received.target.removesource(received)
        super().childEnded(child)

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """End the handler, and no more than this connection, after an error of the handler."""
        if child is not self.handler:
            return False
        stopSubtree(child, but=culprit)
        self._hasFailed = True
        self.unpause()
        return True


def webSocketHandler(
    makeHandler: Callable[[Mapping[str, Any]], component],
    origins: Iterable[str] | None = None,
    subprotocols: Iterable[str] = (),
    mostBytes: int = MOST_BYTES,
    timing: Timing | None = None,
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return a factory for HTTPServer: it answers requests for a WebSocket.

    makeHandler: called with the request, a dict; returns the component that talks to the client.
    Its entry "subprotocol" is the one of `subprotocols` that the client prefers, or None. origins:
    the origins of web pages that may connect, such as "https://example.org"; "*" for any; None for
    those of the server's own host. mostBytes: the limit on a message of the client.
    """
    known = tuple(subprotocols)

    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            acceptance = accept(request, known, origins)
        except Refusal as refusal:
            return {
                "statuscode": refusal.status,
                "headers": refusal.headers,
                "content-type": "text/plain",
                "data": f"{refusal.reason}\n",
            }
        chosen = acceptance.subprotocol
        handler = makeHandler({**request, "subprotocol": chosen})
        connection = WebSocketConnection(
            madeComponent(handler, "makeHandler"),
            subprotocol=chosen,
            mostBytes=mostBytes,
            timing=timing,
        )
        return {"statuscode": 101, "headers": acceptance.headers, "upgrade": connection}

    return answer


__kamaelia_components__ = (WebSocketConnection,)
