"""A reader of HTTP/1.1 requests: bytes go in, requests with their bodies come out.

Example usage
-------------
    reader = RequestReader()
    reader.receive(data)
    while (event := reader.next()) is not None:
        ...         # a RequestHead, the bytes of a body, or END

How does it work?
-----------------
h11 reads each request. Before that, this module rejects what servers and proxies understand in
different ways, and what requests are smuggled with: line ends other than CR LF, folded header
fields, a repeated Content-Length, a Content-Length beside a Transfer-Encoding (RFC 9112, sections
2.2, 5.2 and 6.3). A rule about the form of a request belongs here; what a request asks for is a
matter of the component.
"""

from __future__ import annotations

import re
from typing import Final

import h11

from Kamaelia.Support.Protocol.HTTP.Limits import Limits


class BadRequest(ValueError):
    """BadRequest(status, reason): a request that cannot be read. Nothing after it can, either."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class RequestHead:
    """The request line and the header fields of a request."""

    __slots__ = ("fields", "hasBody", "isKeptAlive", "length", "method", "target", "version")

    def __init__(self, request: h11.Request) -> None:
        self.method = request.method.decode("ascii")
        self.target = request.target.decode("ascii")
        self.version = request.http_version.decode("ascii")
        #: The header fields in their order, with names in lower case
        self.fields = [
            (name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers
        ]
        self.length: int | None = None  # of the body, if it is announced
        self.hasBody = False
        self.isKeptAlive = self.version >= "1.1"  # whether the client allows another request

    def value(self, name: str) -> str | None:
        """Return the value of the header field `name`, in lower case, or None; joined if many."""
        values = [value for other, value in self.fields if other == name]
        return ", ".join(values) if values else None

    def tokens(self, name: str) -> list[str]:
        """Return the elements of a header field that is a list of tokens, in lower case."""
        value = self.value(name)
        return [token.strip().lower() for token in value.split(",")] if value else []


class End:
    """The end of a request."""

    def __repr__(self) -> str:
        return "END"


END: Final = End()

Event = RequestHead | bytes | End

_HEADER_END = b"\r\n\r\n"
# Line ends other than CR LF, folded fields, and NUL.
_WRONG_LINE = re.compile(rb"(?<!\r)\n|\r[^\n]|\n[ \t]|\0")
_LENGTH_FIELD = re.compile(rb"\ncontent-length[ \t]*:[ \t]*([^\r]*)", re.IGNORECASE)
# A path, a URL, or "*" for the server itself: RFC 9112, section 3.2.
_TARGET = re.compile(r"/|[A-Za-z][A-Za-z0-9+.-]*://|\*\Z")
_HOST = re.compile(r"[^\s/@?#\\,]*")
_MANY_EMPTY_LINES = 4


class RequestReader:
    """RequestReader([limits]): reads the requests of one connection, one after the other.

    next() returns the events, and raises BadRequest once. `isComplete` is true between requests.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._pending = bytearray()  # what belongs to requests that are not being read yet
        self._searched = 0  # how far the end of the header has been looked for
        self._emptyLines = 0  # before the next request
        self._body: _BodyReader | None = None  # of the request that is being read
        self.isAtEnd = False
        self.isComplete = True
        self.received = 0  # bytes of the body of the current request

    def receive(self, data: bytes) -> None:
        """Add bytes that the client has sent."""
        if self._body is None:
            self._pending += data
        elif data:  # to h11, nothing means the end
            self._body.receive(data)

    def end(self) -> None:
        """Note that the client sends no more."""
        self.isAtEnd = True

    def hasData(self) -> bool:
        """Return whether bytes of a request that has not been returned yet have arrived."""
        return bool(self._pending)

    def takeRest(self) -> bytes:
        """Return, and forget, what follows the request: the peer now uses another protocol."""
        if self._body is not None:
            self._pending[:0] = self._body.rest()
            self._body = None
        rest, self._pending = bytes(self._pending), bytearray()
        return rest

    def next(self) -> Event | None:
        """Return the next event, or None if it needs more bytes.

        Raises BadRequest if the request is malformed, too large, or cut off.
        """
        if self._body is not None:
            return self._nextOfBody(self._body)
        if not self.isComplete:  # a request without a body
            self.isComplete = True
            return END
        return self._nextHead()

    def skipEnd(self) -> bool:
        """Return whether END is the next event; then next() does not return it any more."""
        if self._body is None:
            self.isComplete = True
        return self.isComplete

    def _nextHead(self) -> RequestHead | None:
        head = self._takeHead()
        if head is None:
            if self.isAtEnd and self._pending:
                raise BadRequest(400, "the connection ended within the header")
            return None
        connection = h11.Connection(
            h11.SERVER, max_incomplete_event_size=max(len(head) + 1, self.limits.chunkLineSize)
        )
        try:
            connection.receive_data(head)
            request = connection.next_event()
        except h11.RemoteProtocolError as error:
            raise _refusalOf(error) from None
        if not isinstance(request, h11.Request):
            raise BadRequest(400, "the header is empty")
        found = RequestHead(request)
        self._check(found, head)
        self.isComplete = False
        self.received = 0
        if found.hasBody:
            self._body = _BodyReader(connection, found.length is None)
            if self._pending:
                self._body.receive(bytes(self._pending))
                self._pending.clear()
        return found

    def _takeHead(self) -> bytes | None:
        """Return the bytes up to the empty line, or None if it has not arrived."""
        pending, limits = self._pending, self.limits
        if not pending:
            return None
        if pending[:1] == b"\r":
            self._skipEmptyLines()
        at = pending.find(_HEADER_END, max(0, self._searched - 3))
        end = at + 4 if at >= 0 else len(pending)
        if end > limits.headerSize or (at < 0 and end > limits.targetSize):
            self._checkSize(end)
        if at < 0:
            if _WRONG_LINE.search(pending, max(0, self._searched - 2), end):
                raise _wrongLine()
            self._searched = end
            return None
        self._searched = self._emptyLines = 0
        head = bytes(pending[:end])
        del pending[:end]
        if _hasWrongLine(head):
            raise _wrongLine()
        return head

    def _skipEmptyLines(self) -> None:
        """Skip the empty lines that may precede a request: RFC 9112, section 2.2."""
        while self._pending[:2] == b"\r\n":
            del self._pending[:2]
            self._searched = 0
            self._emptyLines += 1
            if self._emptyLines == _MANY_EMPTY_LINES:
                raise BadRequest(400, "too many empty lines precede the request")

    def _checkSize(self, size: int) -> None:
        line = self._pending.find(b"\r\n")
        if line < 0 or line > self.limits.targetSize + 64:
            raise BadRequest(414, "the request line is too long")
        if size > self.limits.headerSize:
            raise BadRequest(431, "the header is too long")

    # Rules about the whole header

    def _check(self, head: RequestHead, raw: bytes) -> None:
        self._checkTarget(head)
        if len(head.fields) > self.limits.headerCount:
            raise BadRequest(431, "the header has too many fields")
        if not head.version.startswith("1."):
            raise BadRequest(505, f"HTTP/{head.version} is not supported")
        for name, value in head.fields:
            if name == "host":
                if not _HOST.fullmatch(value):
                    raise BadRequest(400, "Host is not the name of a server")
            elif name == "connection":
                _setConnection(head)
            elif name == "content-length":
                self._setLength(head, raw, value)
            elif name == "transfer-encoding":
                _setChunked(head)

    def _checkTarget(self, head: RequestHead) -> None:
        if len(head.target) > self.limits.targetSize:
            raise BadRequest(414, "the URL is too long")
        if head.method != "CONNECT" and not _TARGET.match(head.target):
            raise BadRequest(400, "the target is neither a path nor a URL")

    def _setLength(self, head: RequestHead, raw: bytes, value: str) -> None:
        given = _LENGTH_FIELD.findall(raw)
        if len(given) != 1 or not given[0].strip(b" \t").isdigit():
            raise BadRequest(400, "there is more than one Content-Length")
        head.length = int(value)
        head.hasBody = head.hasBody or head.length > 0
        if self.limits.bodySize is not None and head.length > self.limits.bodySize:
            raise BadRequest(413, "the body is too long")

    # The body

    def _nextOfBody(self, body: _BodyReader) -> bytes | End | None:
        try:
            data = body.next()
        except h11.RemoteProtocolError as error:
            raise _refusalOf(error) from None
        if isinstance(data, End):
            self._pending += body.rest()
            self._body = None
            self.isComplete = True
        elif data is not None:
            self.received += len(data)
            if self.limits.bodySize is not None and self.received > self.limits.bodySize:
                raise BadRequest(413, "the body is too long")
        elif self.isAtEnd:
            raise BadRequest(400, "the connection ended within the body")
        return data


class _BodyReader:
    """Reads the body of one request with h11."""

    def __init__(self, connection: h11.Connection, isChunked: bool) -> None:
        self._connection = connection
        self._isChunked = isChunked
        self._last = b""  # the last four bytes before `_recent`, and `_recent`

    def receive(self, data: bytes) -> None:
        if self._isChunked:
            self._last = self._last[-4:] + data
        self._connection.receive_data(data)

    def next(self) -> bytes | End | None:
        event = self._connection.next_event()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        if isinstance(event, h11.EndOfMessage):
            self._checkLastLine()
            return END
        return None

    def rest(self) -> bytes:
        """Return what follows the body."""
        return bytes(self._connection.trailing_data[0])

    def _checkLastLine(self) -> None:
        """Raise BadRequest if a line at the end of a chunked body does not end with CR LF."""
        if self._isChunked:
            before = self._last[: len(self._last) - len(self.rest())]
            if not before.endswith(_HEADER_END[-len(before) :]):
                raise BadRequest(400, "the last chunk does not end with CR LF")


def _refusalOf(error: h11.RemoteProtocolError) -> BadRequest:
    error.__traceback__ = None  # a frame of h11 in it refers to the error: that is a cycle
    return BadRequest(error.error_status_hint, str(error))


def _hasWrongLine(head: bytes) -> bool:
    """Return whether _WRONG_LINE is in a whole header; this is faster."""
    lines = head.count(b"\r\n")
    return (
        head.count(b"\n") != lines
        or head.count(b"\r") != lines
        or head.count(b"\0") != 0  # `in` raises and drops a TypeError: it takes ten times as long
        or head.count(b"\n ") != 0
        or head.count(b"\n\t") != 0
    )


def _wrongLine() -> BadRequest:
    return BadRequest(400, "a line of the header does not end with CR LF, or is folded")


def _setConnection(head: RequestHead) -> None:
    tokens = head.tokens("connection")
    if "close" in tokens:
        head.isKeptAlive = False
    elif "keep-alive" in tokens:
        head.isKeptAlive = True


def _setChunked(head: RequestHead) -> None:
    if head.version < "1.1":
        raise BadRequest(400, "HTTP/1.0 has no Transfer-Encoding")
    if any(name == "content-length" for name, _ in head.fields):
        raise BadRequest(400, "there is a Content-Length beside a Transfer-Encoding")
    head.hasBody = True
