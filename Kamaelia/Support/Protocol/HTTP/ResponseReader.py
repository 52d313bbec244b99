"""Read a response to a client's request from bytes.

Example usage
-------------
    reader = ResponseReader("GET")
    for message in reader.receive(data):       # data: b"" at the end of the connection
        ...                                    # ParsedHTTPHeader, ParsedHTTPBodyChunk ...
    reader.isComplete()

How does it work?
-----------------
h11 reads the response; this module adds limits and decompression, and makes the messages of
Kamaelia from the events. The messages are generated one at a time, so the caller can wait
between them while a small body expands to a large one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import h11

from Kamaelia.Support.Protocol.HTTP.ContentDecoder import ContentDecoder, decoderFor
from Kamaelia.Support.Protocol.HTTP.Messages import (
    ParsedHTTPBodyChunk,
    ParsedHTTPEnd,
    ParsedHTTPHeader,
)

Message = ParsedHTTPHeader | ParsedHTTPBodyChunk | ParsedHTTPEnd

MOST_HEADER_BYTES = 64 * 1024
MOST_DECODED = 256 * 1024 * 1024  # bytes
MOST_INFORMATIONAL = 32  # responses 1xx before the final one
ICY = b"ICY "  # how old radio servers begin a response, instead of HTTP/1.0


class ResponseReader:
    """ResponseReader(method[, mostBytes, mostDecoded, isDecoded, acceptsICY]): reads one response.

    method: that of the request. mostBytes: the limit on the body, or None. mostDecoded: the limit
    on what a compressed body may expand to. isDecoded: undo compression. acceptsICY: also accept
    "ICY 200 OK".
    """

    def __init__(
        self,
        method: str,
        mostBytes: int | None = None,
        mostDecoded: int = MOST_DECODED,
        isDecoded: bool = True,
        acceptsICY: bool = False,
    ) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEADER_BYTES)
        self._connection.send(h11.Request(method=method, target="/", headers=[("Host", "")]))
        self._connection.send(h11.EndOfMessage())
        self._mayDecode = isDecoded and method != "HEAD"
        self._mostBytes, self._mostDecoded = mostBytes, mostDecoded
        self._decoder: ContentDecoder | None = None
        self._beginning: bytes | None = b"" if acceptsICY else None
        self._informational = self._received = 0
        self._isComplete = False

    def isComplete(self) -> bool:
        """Return whether the whole response has been read."""
        return self._isComplete

    def receive(self, data: bytes) -> Iterator[Message]:
        """Generate the messages that `data` completes; b"" means the end of the connection.

        Raises ValueError if the response is not valid, too large or incomplete.
        """
        isEnd = not data
        if self._beginning is not None:
            data = self._withoutICY(data)
            if not data and not isEnd:
                return
        try:
            if data and isEnd:
                self._connection.receive_data(data)
                data = b""
            self._connection.receive_data(data)
            yield from self._messages()
        except h11.RemoteProtocolError as error:
            raise ValueError(f"the response is not valid: {error}") from error

    def _withoutICY(self, data: bytes) -> bytes:
        """Return `data` as HTTP, or b"" while its beginning is incomplete."""
        beginning = (self._beginning or b"") + data
        if data and ICY.startswith(beginning):
            self._beginning = beginning
            return b""
        self._beginning = None
        return b"HTTP/1.0 " + beginning[len(ICY) :] if beginning.startswith(ICY) else beginning

    def _messages(self) -> Iterator[Message]:
        while not self._isComplete:
            event = self._connection.next_event()
            if isinstance(event, h11.Data):
                yield from self._bodyChunks(bytes(event.data))
            elif isinstance(event, h11.Response):
                yield ParsedHTTPHeader(self._header(event))
            elif isinstance(event, h11.InformationalResponse):
                self._countInformational(event)
            elif isinstance(event, h11.EndOfMessage):
                if self._decoder is not None:
                    self._decoder.finish()
                self._isComplete = True
                yield ParsedHTTPEnd()
            elif isinstance(event, h11.ConnectionClosed):
                raise ValueError("the server closed the connection without a response")
            else:  # it needs more data
                return

    def _countInformational(self, event: h11.InformationalResponse) -> None:
        self._informational += 1
        if event.status_code == 101 or self._informational > MOST_INFORMATIONAL:
            raise ValueError(f"the server sent an unexpected response {event.status_code}")

    def _header(self, event: h11.Response) -> dict[str, Any]:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
        headers = headersByName(pairs)
        if self._mayDecode and "content-encoding" in headers:
            self._decoder = decoderFor(headers["content-encoding"], self._mostDecoded)
            if self._decoder is not None:  # they do not describe the body that is sent on
                headers.pop("content-length", None)
                del headers["content-encoding"]
        return {
            "bad": False,
            "protocol": "HTTP",
            "version": event.http_version.decode("ascii"),
            "responsecode": str(event.status_code),
            "reason": event.reason.decode("latin-1"),
            "headers": headers,
            "header-list": pairs,
        }

    def _bodyChunks(self, data: bytes) -> Iterator[ParsedHTTPBodyChunk]:
        for piece in (data,) if self._decoder is None else self._decoder.decode(data):
            self._received += len(piece)
            if self._mostBytes is not None and self._received > self._mostBytes:
                raise ValueError(f"the body is larger than {self._mostBytes} bytes")
            yield ParsedHTTPBodyChunk(piece)


def headersByName(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers as a dict with lower-case names.

    The values of a repeated header are joined by commas (RFC 9110, section 5.3). The header
    Set-Cookie cannot be joined; the dict has its first value.
    """
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key not in headers:
            headers[key] = value
        elif key != "set-cookie":
            headers[key] = f"{headers[key]}, {value}"
    return headers
