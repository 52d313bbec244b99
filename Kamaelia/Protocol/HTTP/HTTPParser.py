"""A parser of HTTP: bytes go in, messages about requests or responses come out.

Example usage
-------------
    Pipeline(ConsoleReader(), HTTPParser(), ConsoleEchoer()).run()

How does it work?
-----------------
It sends ParsedHTTPHeader, whose `header` is a dict, ParsedHTTPBodyChunk for each part of the body,
and ParsedHTTPEnd. A request or response that cannot be read has a true value in the entry "bad" of
its header, or, if that has been sent, in a second header; nothing is read after it.

Termination: when the peer sends no more, after something that cannot be read, after one response,
and at shutdownMicroprocess.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Support.Protocol.HTTP.Limits import Limits
from Kamaelia.Support.Protocol.HTTP.Messages import (
    ParsedHTTPBodyChunk,
    ParsedHTTPEnd,
    ParsedHTTPHeader,
)
from Kamaelia.Support.Protocol.HTTP.RequestDict import badRequestDict, requestDict
from Kamaelia.Support.Protocol.HTTP.RequestReader import BadRequest, End, RequestHead, RequestReader
from Kamaelia.Support.Protocol.HTTP.ResponseReader import ResponseReader
from Kamaelia.Support.Protocol.HTTP.Uri import splitUri

__all__ = [
    "HTTPParser",
    "ParsedHTTPBodyChunk",
    "ParsedHTTPEnd",
    "ParsedHTTPHeader",
    "removeTrailingCr",
    "splitUri",
]

MOST_SENT = 16  # messages in a turn, so that others get theirs

Parsed = ParsedHTTPHeader | ParsedHTTPBodyChunk | ParsedHTTPEnd


def removeTrailingCr(line: str) -> str:
    """Return `line` without one CR at its end."""
    return line.removesuffix("\r")


class HTTPParser(component):
    """HTTPParser([mode][, peer, peerport, localip, localport]): "request" or "response".

    The other parameters are the ends of the connection, for the dict of each request.
    """

    Inboxes = {
        "inbox": "bytes of requests, or of a response",
        "control": "producerFinished: the peer sends no more; shutdownMicroprocess: end",
    }
    Outboxes = {
        "outbox": "ParsedHTTPHeader, ParsedHTTPBodyChunk and ParsedHTTPEnd",
        "debug": "texts about what cannot be read",
        "signal": "producerFinished, or the shutdownMicroprocess from control",
    }

    peer = ""  # the address of the client
    peerport = 0  # the port of the client
    localip = ""  # the address of the server
    localport = 0  # the port of the server
    limits = Limits()  # on sizes and numbers

    def __init__(self, mode: str = "request", **argd: Any) -> None:
        super().__init__(**argd)
        if mode not in ("request", "response"):
            raise ValueError(f'the mode of an HTTPParser is "request" or "response", not {mode!r}')
        self.mode = mode
        self._isInputOver = False

    def main(self) -> Generator[int, None, None]:
        messages = self._requests() if self.mode == "request" else self._response()
        last: Any = None
        sent = 0  # in this turn
        for message in messages:
            if message is not None:
                self.send(message)
                sent += 1
                if sent < MOST_SENT and not self.isHeld():
                    continue
                yield 1
            elif not self.dataReady() and not self._isInputOver:
                yield from self.waitForMessage()
            sent = 0
            last = self._readControl()
            if last is not None:
                break
        self.send(last or producerFinished(self), "signal")

    def _readControl(self) -> shutdownMicroprocess | None:
        for message in self.Inbox("control"):
            if isinstance(message, shutdownMicroprocess):
                return message
            if isinstance(message, producerFinished):
                self._isInputOver = True
        return None

    def _requests(self) -> Iterator[Parsed | None]:
        """Generate the messages about all requests; None: more data is needed."""
        facts = {name: getattr(self, name) for name in ("peer", "peerport", "localip", "localport")}
        reader = RequestReader(self.limits)
        try:
            while True:
                event = reader.next()
                if event is None:
                    if self.dataReady():
                        reader.receive(self.recv())
                        continue
                    if self._isInputOver and not reader.isAtEnd:
                        reader.end()
                        continue
                    if self._isInputOver:
                        return
                    yield None
                elif isinstance(event, RequestHead):
                    yield ParsedHTTPHeader(requestDict(event, **facts))
                elif isinstance(event, End):
                    yield ParsedHTTPEnd()
                else:
                    yield ParsedHTTPBodyChunk(event)
        except BadRequest as error:
            self.send(str(error), "debug")
            yield ParsedHTTPHeader(badRequestDict(error, **facts))
            yield ParsedHTTPEnd()

    def _response(self) -> Iterator[Parsed | None]:
        """Generate the messages about one response; None: more data is needed."""
        reader = ResponseReader("GET", isDecoded=False)
        try:
            while not reader.isComplete():
                if self.dataReady():
                    yield from reader.receive(self.recv())
                elif self._isInputOver:
                    yield from reader.receive(b"")
                    return
                else:
                    yield None
        except ValueError as error:
            self.send(str(error), "debug")
            yield ParsedHTTPHeader({"bad": True, "errormsg": str(error), "headers": {}})
            yield ParsedHTTPEnd()


__kamaelia_components__ = (HTTPParser,)
