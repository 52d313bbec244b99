"""A writer of HTTP/1.1 responses: status, header fields and data go in, bytes come out.

Example usage
-------------
    writer = ResponseWriter("GET", "1.1", isKeptAlive=True)
    sent = writer.head(200, [("Content-Type", "text/plain")], length=2) + writer.body(b"ok")
    sent += writer.end()
    writer.isKeptAlive      # whether the connection may be used for another request

How does it work?
-----------------
The end of the body is marked by its length, by chunks, or, for clients older than HTTP/1.1, by
the end of the connection (RFC 9112, section 6). A response to HEAD and one with the status 204 or
304 has no body: data for it is discarded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from Kamaelia.Support.Protocol.HTTP.StatusCodes import mayHaveBody, statusLine

Fields = Iterable[tuple[str, str]]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_KNOWN_NAMES = {"Content-Type", "Date", "ETag", "Last-Modified", "Server", "Accept-Ranges"}
# The writer decides about these: RFC 9110, section 7.6.1. "connection" is for switching protocols.
_OWN_FIELDS = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class ResponseWriter:
    """ResponseWriter(method, version, isKeptAlive): writes one response, and interim ones before.

    method, version: of the request. isKeptAlive: whether the client allows another request.
    """

    __slots__ = ("_isChunked", "_left", "_takesData", "isKeptAlive", "method", "sent", "status",
                 "version")  # fmt: skip

    def __init__(self, method: str, version: str, isKeptAlive: bool) -> None:
        self.method = method
        self.version = version
        self.isKeptAlive = isKeptAlive
        self.status = 0  # of the response, once it has begun
        self.sent = 0  # bytes of the body
        self._isChunked = False
        self._takesData = True
        self._left: int | None = None  # bytes until the announced length

    def interim(self, status: int, fields: Fields = ()) -> bytes:
        """Return an interim response, such as 100 Continue; empty for an older client."""
        if self.version < "1.1":
            return b""
        return _encode([statusLine(status), *map(_line, fields), "", ""])

    def head(self, status: int, fields: Fields, length: int | None = None) -> bytes:
        """Return the beginning of the response.

        fields: header fields. length: that of the body; None if it is not known.
        Raises ValueError if a field contains characters that are not allowed.
        """
        lines = [statusLine(status)]
        for name, value in fields:
            lowered = name.lower()
            if lowered not in _OWN_FIELDS:
                lines.append(_line((name, value)))
            elif lowered == "connection" and "close" in value.lower():
                self.isKeptAlive = False
        self.status = status  # not before the fields are known to be valid
        if mayHaveBody(status):
            self._takesData = self.method != "HEAD"
            self._frame(lines, length)
        else:
            self._takesData = False
            if status == 304 and length is not None:
                lines.append(f"Content-Length: {length}")
        if not self.isKeptAlive:
            lines.append("Connection: close")
        elif self.version < "1.1":
            lines.append("Connection: keep-alive")
        lines += ("", "")
        return _encode(lines)

    def _frame(self, lines: list[str], length: int | None) -> None:
        """Choose how the end of the body is marked."""
        if length is not None:
            lines.append(f"Content-Length: {length}")
            self._left = length
        elif self.version >= "1.1":
            lines.append("Transfer-Encoding: chunked")
            self._isChunked = True
        else:
            self.isKeptAlive = False

    def switchProtocols(self, fields: Fields) -> bytes:
        """Return a 101 response. `fields` contain Upgrade; Connection is added."""
        kept = [_line(field) for field in fields if field[0].lower() not in _OWN_FIELDS]
        self.status = 101
        return _encode([statusLine(101), "Connection: Upgrade", *kept, "", ""])

    def body(self, data: bytes) -> bytes:
        """Return `data`, a part of the body, as it is sent. Raises ValueError beyond the length."""
        if not self._takesData or not data:
            return b""
        size = len(data)
        if self._left is not None:
            if size > self._left:
                raise ValueError(f"the body is {size - self._left} bytes longer than announced")
            self._left -= size
        self.sent += size
        return b"%x\r\n%b\r\n" % (size, data) if self._isChunked else data

    def end(self) -> bytes:
        """Return the end of the response. Raises ValueError if the body is too short."""
        if self._takesData and self._left:
            raise ValueError(f"the body is {self._left} bytes shorter than announced")
        return b"0\r\n\r\n" if self._isChunked and self._takesData else b""


def _line(field: tuple[str, str]) -> str:
    name, value = field
    if name not in _KNOWN_NAMES and not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header field")
    if "\r" in value or "\n" in value or "\0" in value:
        raise ValueError(f"the header field {name} contains a line end: {value!r}")
    return f"{name}: {value}"


def _encode(lines: list[str]) -> bytes:
    return "\r\n".join(lines).encode("latin-1", "replace")
