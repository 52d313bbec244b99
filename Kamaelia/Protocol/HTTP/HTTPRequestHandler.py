"""The requests of one connection, answered one after the other by handlers.

Example usage
-------------
    def choose(request):
        return OneShot({"statuscode": 200, "content-type": "text/plain", "data": "Hello"})

    Pipeline(HTTPParser(), HTTPRequestHandler(choose))      # mostly as HTTPServer(choose)

How does it work?
-----------------
`choose(request)` gets the request as a dict, and returns a component, the handler, or the whole
response as a dict. A handler with a method `immediateResponse()` need not run if that returns the
whole response, and not None. The handler's messages are dicts: `statuscode`, `headers` (pairs),
`content-type`, `charset` and `length` in the first, `data` in each; `complete`: there is no other.
The response ends when the handler ends or sends producerFinished to "signal". The body of the
request comes to the handler's "inbox", as bytes; producerFinished on "control" is its end, and
shutdownMicroprocess means that the response is not needed any more. An error in a handler is
logged; the client receives 500, or less than was announced.

Upgrade: the message {"statuscode": 101, "headers": [("Upgrade", name)], "upgrade": component}
hands the connection over: after that response, `component` has it, as the handler of a server.

Termination: when the client or the last response ends the connection; shutdownMicroprocess on
"control" ends it after the current response.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from functools import lru_cache
from time import time
from typing import Any

from Axon.AxonExceptions import wiringError
from Axon.Box import NULL
from Axon.Component import component
from Axon.ComponentCheck import madeComponent
from Axon.Hooks import plainResult
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Internet.EventLoop import timeOf
from Kamaelia.Internet.HandlerLinks import stopSubtree
from Kamaelia.Protocol.HTTP.ErrorPages import getErrorPage
from Kamaelia.Protocol.HTTP.Exchange import Exchange, Response
from Kamaelia.Protocol.HTTP.Upgrade import relayTo
from Kamaelia.Support.Protocol.HTTP.Dates import httpDate
from Kamaelia.Support.Protocol.HTTP.Limits import Limits
from Kamaelia.Support.Protocol.HTTP.Messages import (
    ParsedHTTPBodyChunk,
    ParsedHTTPEnd,
    ParsedHTTPHeader,
)
from Kamaelia.Support.Protocol.HTTP.RequestDict import Request
from Kamaelia.Support.Protocol.HTTP.RequestReader import END, End
from Kamaelia.Support.Protocol.HTTP.StatusCodes import MapStatusCodeToText, statusOf

__all__ = ["HTTPRequestHandler", "MapStatusCodeToText", "currentTimeHTTP"]

LOG = logging.getLogger("Kamaelia.Protocol.HTTP.HTTPRequestHandler")

SERVER = "Kamaelia"
MOST_WAITING = 2  # messages of a handler that wait; then it is held
MOST_UNREAD = 8  # parts of a body that wait for a handler
STEPS = 16  # pieces of work in a turn, such as the beginning or the end of a response
TURNS_TO_CONTINUE = 3  # a handler that refuses a body in its first turn gets no body

Incoming = Request | bytes | End


def currentTimeHTTP() -> str:
    """Return the current date and time as text in the form of HTTP."""
    return _dateOf(int(time()))


@lru_cache(maxsize=2)
def _dateOf(second: int) -> str:
    return httpDate(second)


class HTTPRequestHandler(component):
    """HTTPRequestHandler(requestHandlerFactory): the responses to the requests of a connection.

    requestHandlerFactory: called with each request, a dict; returns a component or a response.
    """

    Inboxes = {
        "inbox": "ParsedHTTPHeader, ParsedHTTPBodyChunk and ParsedHTTPEnd of each request",
        "control": "producerFinished: no more requests; shutdownMicroprocess: end soon",
        "_handlerinbox": "the messages of the handler: dicts",
        "_handlercontrol": "producerFinished of the handler: the response is complete",
    }
    Outboxes = {
        "outbox": "the responses, as bytes",
        "debug": "a line of text about each response",
        "signal": "producerFinished: close the connection",
        "_handleroutbox": "the body of the request, as bytes",
    }

    limits = Limits()  # on sizes and numbers
    handlerGrace = 5.0  # seconds for a handler to end when its response is not needed
    onResponse: Callable[[Exchange], object] | None = None  # called at the end of each response

    def __init__(
        self,
        requestHandlerFactory: Callable[[Request], component | Response],
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        self.requestHandlerFactory = requestHandlerFactory
        self.setInboxCapacity("_handlerinbox", MOST_WAITING)
        self.exchange: Exchange | None = None  # the current one
        self.isOpen = True  # whether there may be more to send
        self.isInputOver = False  # whether the peer sends no more
        self._isDraining = False  # whether the current response is the last
        self._adapter: Any = None  # the connection, once it has reported an end
        self._controls: list[Any] = []  # the messages from control
        self._failed: Any = None  # a handler that has raised an error
        self.closingMessage: shutdownMicroprocess | None = None  # instead of producerFinished
        self._successor: component | None = None  # what takes the connection over

    def main(self) -> Generator[int, None, None]:
        try:
            while self.isOpen:
                self._readControl()
                hasMore = self._work()
                if self.isOpen:
                    if not hasMore:
                        self.sleep()
                    yield 1
            if self._successor is not None:
                yield from relayTo(self._successor, self, self.takeRest(), self._controls)
            self.send(self.closingMessage or producerFinished(), "signal")
            yield from self._leaveHandler()
        finally:
            self.ended()
            if self.exchange is not None and self.exchange.handler is not None:
                stopSubtree(self.exchange.handler)
            # They refer to this component:
            self.exchange = self._adapter = self._failed = self._successor = None
            self._controls.clear()

    def _readControl(self) -> None:
        for message in self.Inbox("control"):
            self._controls.append(message)
            if isinstance(message, shutdownMicroprocess):
                self._isDraining = True
            elif isinstance(message, producerFinished):
                self.isInputOver = True
                self._adapter = getattr(message, "caller", None)
                self.inputEnded()
        state = getattr(self._adapter, "connectionState", None)
        if state is not None and state.isOver:  # there is no peer to read a response
            self.isOpen = False

    def _work(self) -> bool:
        """Do what fits in a turn, so that others get theirs. Return whether there is more."""
        for _ in range(STEPS):
            if not self.isOpen or self.isHeld() or not self._advance():
                return False
        return True

    def _advance(self) -> bool:
        """Do the next piece of work. Return whether there was any."""
        exchange = self.exchange
        if exchange is None:
            return self._begin()
        if self.dataReady("_handlerinbox"):
            self._respond(exchange, self.recv("_handlerinbox"))
        elif exchange.isOver() and not self.dataReady("_handlerinbox"):
            self._finish(exchange)
        else:
            return not exchange.hasRequestEnded and self._takeBody(exchange)
        return True

    def sleep(self) -> None:
        """Sleep from the next yield on, until there may be work."""
        if self.exchange is None or self.exchange.turnsToContinue is None:
            self.pause()

    # Requests

    def nextIncoming(self) -> Incoming | None:
        """Return the next request, part of a body, or END; None if there is none yet."""
        if not self.dataReady():
            return None
        message = self.recv()
        if isinstance(message, ParsedHTTPHeader):
            header: Request = message.header
            header.setdefault("bad", False)
            keeps = "keep-alive" if header["version"] >= "1.1" else "close"
            header["headers"].setdefault("connection", keeps)
            return header
        if isinstance(message, ParsedHTTPBodyChunk):
            return message.bodychunk
        if isinstance(message, ParsedHTTPEnd):
            return END
        raise TypeError(f"{self.name} expects the messages of an HTTPParser, not {message!r}")

    def isRequestComplete(self) -> bool:
        """Return whether the request that nextIncoming() has just returned has no body."""
        return False

    def inputEnded(self) -> None:
        """Note that the peer sends no more."""

    def takeRest(self) -> bytes:
        """Return the bytes that have arrived after the current request."""
        return b""

    def _begin(self) -> bool:
        """Begin with the next request. Return whether something has happened."""
        if self._isDraining:
            self.isOpen = False
            return True
        incoming = self.nextIncoming()
        if isinstance(incoming, dict):
            self.exchange = exchange = Exchange(self, incoming, self.scheduler.time)
            exchange.hasRequestEnded = self.isRequestComplete()
            expected = incoming["headers"].get("expect", "").lower()
            if expected == "100-continue" and not exchange.hasRequestEnded:
                exchange.turnsToContinue = TURNS_TO_CONTINUE
            self._createHandler(exchange)
        elif incoming is None and self.isInputOver:
            self.isOpen = False
        return incoming is not None

    def _createHandler(self, exchange: Exchange) -> None:
        make = self.requestHandlerFactory
        try:
            made = plainResult(make(exchange.request), "requestHandlerFactory", self)
            response = made if isinstance(made, dict) else self._immediateResponse(made)
            if response is None:
                self._attach(exchange, made)
        except Exception:
            LOG.exception("no handler could be made for %s", exchange)
            exchange.detach()
            response = getErrorPage(500)
        if response is not None:
            self._respond(exchange, response)

    def _immediateResponse(self, handler: Any) -> Response | None:
        """Return the response of a handler that need not run, or None."""
        immediate = getattr(handler, "immediateResponse", None)
        return None if immediate is None else plainResult(immediate(), "immediateResponse", self)

    def _attach(self, exchange: Exchange, handler: Any) -> None:
        exchange.attach(madeComponent(handler, "requestHandlerFactory", self))
        if exchange.hasRequestEnded:
            exchange.tell(producerFinished())

    def _takeBody(self, exchange: Exchange) -> bool:
        """Pass a part of the body on to the handler, if it has room. Return whether it did."""
        if exchange.turnsToContinue is not None and not self._mayContinue(exchange):
            return False
        if len(self.outboxes["_handleroutbox"]) >= MOST_UNREAD:
            return False
        incoming = self.nextIncoming()
        if isinstance(incoming, bytes):
            self.send(incoming, "_handleroutbox")
        elif isinstance(incoming, End):
            exchange.hasRequestEnded = True
            exchange.tell(producerFinished())
        elif isinstance(incoming, dict):  # the body is malformed
            self._fail(exchange, statusOf(incoming["bad"], 400))
        elif self.isInputOver:
            self.isOpen = False
        return incoming is not None

    def _mayContinue(self, exchange: Exchange) -> bool:
        """Return whether the client may send the body; tell it so when the handler needs it."""
        if exchange.turnsToContinue:
            exchange.turnsToContinue -= 1
            return False
        exchange.turnsToContinue = None
        if not exchange.hasBegun():
            self.send(exchange.writer.interim(100))
        return True

    # Responses

    def _respond(self, exchange: Exchange, message: Any) -> None:
        """Send what a message of the handler says."""
        if not isinstance(message, dict):
            message = {"data": message}
        if "upgrade" in message:
            self._upgrade(exchange, message)
            return
        isLast = exchange.isOver() and not self.dataReady("_handlerinbox")
        if self._isDraining:
            exchange.writer.isKeptAlive = False
        if exchange.turnsToContinue is not None:
            self._decideOnBody(exchange, message, isLast)
        try:
            data = exchange.write(message, isLast, self._serverFields())
        except (ValueError, TypeError, LookupError) as error:
            LOG.error("the response to %s: %s", exchange, error)  # noqa: TRY400
            self._fail(exchange)
            return
        if data:
            self.send(data)

    def _decideOnBody(self, exchange: Exchange, message: Response, isLast: bool) -> None:
        """Ask the client for the body, before a response that does not refuse it."""
        if isLast or message.get("complete") or statusOf(message.get("statuscode")) >= 400:
            exchange.writer.isKeptAlive = False  # the body may come nevertheless, or not
        else:
            exchange.turnsToContinue = 0
            self._mayContinue(exchange)

    def _serverFields(self) -> list[tuple[str, str]]:
        return [("Date", _dateOf(int(self.scheduler.time))), ("Server", SERVER)]

    def _finish(self, exchange: Exchange) -> None:
        """End the response: the handler has sent everything."""
        hasFailed = self._failed is not None and self._failed is exchange.handler
        if not exchange.hasBegun():
            if not hasFailed:
                LOG.error("the handler of %s has ended without a response", exchange)
            self._fail(exchange)
            return
        try:
            data = exchange.writer.end()
        except ValueError as error:
            LOG.error("the response to %s: %s", exchange, error)  # noqa: TRY400
            hasFailed = True
        if hasFailed:
            self._fail(exchange)
            return
        if data:
            self.send(data)
        exchange.detach()
        self._report(exchange)
        self.exchange = None
        if not exchange.writer.isKeptAlive or not self.mayContinueAfter(exchange):
            self.isOpen = False

    def mayContinueAfter(self, exchange: Exchange) -> bool:
        """Return whether the next request can be read, after a response that is complete."""
        return exchange.hasRequestEnded or isinstance(self.nextIncoming(), End)

    def _fail(self, exchange: Exchange, status: int = 500) -> None:
        """Respond with an error, or end the connection if the response has begun."""
        self.isOpen = False
        if not exchange.hasBegun():
            exchange.writer.isKeptAlive = False
            self.send(exchange.write(getErrorPage(status), True, self._serverFields()))
        self._report(exchange)

    def _report(self, exchange: Exchange) -> None:
        if self.onResponse is not None:
            plainResult(self.onResponse(exchange), "onResponse", self)
        if self.outboxes["debug"] is not NULL:
            self.send(f"{exchange}: {exchange.writer.status}", "debug")

    # Switching protocols

    def _upgrade(self, exchange: Exchange, message: Response) -> None:
        """Send the 101 response of `message`. After it, the component in it has the connection."""
        try:
            successor = madeComponent(message["upgrade"], "upgrade", self)
            self.send(exchange.switchProtocols(message, self._serverFields()))
        except (ValueError, TypeError, wiringError) as error:
            LOG.error("the upgrade for %s: %s", exchange, error)  # noqa: TRY400
            self._fail(exchange)
            return
        self._report(exchange)
        self.exchange = None  # its memory is not needed as long as the successor runs
        self._successor = successor
        self.isOpen = False

    # Errors and ends

    def ended(self) -> None:
        """Release what is held. Called at the end."""

    def childFailed(self, child: Any, culprit: Any, error: BaseException) -> bool:
        """Contain the error of a request's handler: it affects no more than this connection."""
        if self.exchange is None or child is not self.exchange.handler:
            return False
        stopSubtree(child, but=culprit)
        self._failed = child
        self.unpause()
        return True

    def _leaveHandler(self) -> Generator[int, None, None]:
        """Tell the handler, if it still runs, that its response is not needed."""
        exchange = self.exchange
        if exchange is None or exchange.handler is None:
            return
        exchange.tell(shutdownMicroprocess())
        until = timeOf(self) + self.handlerGrace
        while not exchange.handler.hasEnded() and (left := until - timeOf(self)) > 0:
            self.pause(left)
            for _ in self.Inbox("_handlerinbox"):  # it may be held
                pass
            yield 1


__kamaelia_components__ = (HTTPRequestHandler,)
