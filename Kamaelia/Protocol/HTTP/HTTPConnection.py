"""One connection of an HTTP server: the bytes of requests go in, the bytes of responses come out.

Example usage
-------------
    ServerCore(protocol=lambda **facts: HTTPConnection(choose, facts=facts), port=8080).run()

HTTPServer and HTTPProtocol create it.

How does it work?
-----------------
It is an HTTPRequestHandler that reads the requests itself, with a RequestReader. It reads a
request only when the response to the one before is complete, and a body only as fast as the handler
takes it, so what waits is bounded. It ends when the client exceeds one of its `limits`.

Termination: see HTTPRequestHandler.
"""

from __future__ import annotations

from asyncio import TimerHandle
from typing import Any

from Axon.Ipc import shutdownMicroprocess
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Protocol.HTTP.Exchange import Exchange
from Kamaelia.Protocol.HTTP.HTTPRequestHandler import MOST_UNREAD, HTTPRequestHandler, Incoming
from Kamaelia.Support.Protocol.HTTP.RequestDict import badRequestDict, requestDict
from Kamaelia.Support.Protocol.HTTP.RequestReader import (
    END,
    BadRequest,
    End,
    Event,
    RequestHead,
    RequestReader,
)

HEADER, BODY, REQUEST = "the header", "the body", "a request"  # what the client has to send


class HTTPConnection(HTTPRequestHandler):
    """HTTPConnection(requestHandlerFactory[, facts][, limits]): one connection of a server.

    facts: entries for the dict of each request, such as peer and peerport.
    """

    Inboxes = {**HTTPRequestHandler.Inboxes, "inbox": "bytes from the client"}

    def __init__(
        self, requestHandlerFactory: Any, facts: dict[str, Any] | None = None, **argd: Any
    ) -> None:
        super().__init__(requestHandlerFactory, **argd)
        self.facts = facts or {}
        self._reader = RequestReader(self.limits)
        self._requests = 0  # that have begun
        self._isBroken = False  # whether a request could not be read
        self._tooSlow: BadRequest | None = None
        self._mayDiscard: int | None = None  # bytes of a body that no handler reads
        self._awaited = ""
        self._awaitedSince = 0.0
        self._receivedBefore = 0  # bytes of the body
        self._writeTimer: TimerHandle | None = None

    # Requests

    def nextIncoming(self) -> Incoming | None:
        """Return the next request, part of a body, or END; None if there is none yet."""
        if self._isBroken:
            return END
        try:
            if self._tooSlow is not None:
                raise self._tooSlow
            event = self._nextEvent()
        except BadRequest as error:
            self._isBroken = self.isInputOver = True
            return badRequestDict(error, **self.facts)
        return self._requestOf(event) if isinstance(event, RequestHead) else event

    def _nextEvent(self) -> Event | None:
        reader = self._reader
        event = reader.next()
        while event is None and self.dataReady():
            reader.receive(self.recv())
            event = reader.next()
        if event is None or self._mayDiscard is None:
            return event
        if isinstance(event, bytes):
            self._mayDiscard -= len(event)
            self.isOpen = self._mayDiscard >= 0
            return b""
        self._mayDiscard = None
        return reader.next() if isinstance(event, End) else event

    def _requestOf(self, head: RequestHead) -> Incoming:
        self._requests += 1
        self._awaited = ""
        if self.limits.requests is not None and self._requests >= self.limits.requests:
            head.isKeptAlive = False
        return requestDict(head, **self.facts)

    def isRequestComplete(self) -> bool:
        """Return whether the request that nextIncoming() has just returned has no body."""
        return self._isBroken or self._reader.skipEnd()

    def mayContinueAfter(self, exchange: Exchange) -> bool:
        """Return whether the next request can be read, after a response that is complete."""
        if exchange.hasRequestEnded:
            return True
        self._mayDiscard = self.limits.unreadBody
        return exchange.turnsToContinue is None  # otherwise the body may come, or not

    def inputEnded(self) -> None:
        """Note that the peer sends no more."""
        while self.dataReady():
            self._reader.receive(self.recv())
        self._reader.end()

    def takeRest(self) -> bytes:
        """Return the bytes that have arrived after the current request."""
        return self._reader.takeRest()

    # Time

    def sleep(self) -> None:
        """Sleep from the next yield on, until there may be work, or a limit has been exceeded."""
        if self._writeTimer is not None:
            self._writeTimer.cancel()
            self._writeTimer = None
        if self.isHeld():
            self._limitWriting()
        exchange = self.exchange
        if exchange is not None and exchange.turnsToContinue is not None:
            return
        isFull = len(self.outboxes["_handleroutbox"]) >= MOST_UNREAD
        left = self._timeLeft(self._whatIsAwaited(isFull))
        if left is not None and left <= 0:
            self._expire()
        elif isFull:
            self.pause(left)
        else:
            self.pauseForChange(left)

    def _whatIsAwaited(self, isFull: bool) -> str:
        exchange = self.exchange
        if exchange is not None:
            return "" if exchange.hasRequestEnded or isFull else BODY
        if self._mayDiscard is not None:
            return BODY
        return HEADER if self._reader.hasData() else REQUEST

    def _timeLeft(self, awaited: str) -> float | None:
        """Return the seconds until the client has taken too long; None if there is no limit."""
        if not awaited:
            self._awaited = ""
            return None
        now, limits, received = timeOf(self), self.limits, self._reader.received
        if awaited != self._awaited or received < self._receivedBefore:
            self._awaited, self._awaitedSince, self._receivedBefore = awaited, now, received
        if awaited is REQUEST:
            time = limits.idleTime
        elif awaited is HEADER:
            time = limits.headerTime
        else:
            time = limits.bodyTime + (received - self._receivedBefore) / limits.bodyRate
        return self._awaitedSince + time - now

    def _expire(self) -> None:
        """Act on a limit: the client has taken too long."""
        if self._awaited is REQUEST or self._tooSlow is not None:
            self.isOpen = False
        else:
            self._tooSlow = BadRequest(408, f"{self._awaited} takes too long")

    def _limitWriting(self) -> None:
        loop = self.scheduler.loop
        if loop is not None:
            self._writeTimer = loop.call_later(self.limits.writeTime, self._giveUpWriting)

    def _giveUpWriting(self) -> None:
        """End the connection: the peer does not read."""
        self._writeTimer = None
        self.isOpen = False
        self.closingMessage = shutdownMicroprocess()
        self.unhold()

    def ended(self) -> None:
        """Cancel the timer: the connection has ended."""
        if self._writeTimer is not None:
            self._writeTimer.cancel()


__kamaelia_components__ = (HTTPConnection,)
