"""A parser of requests: a first line, a header, and a body of the length that the header states.

Example usage
-------------
    parser = MimeRequestParser()
    for data in pieces:
        request = parser.feed(data)     # None until the request is complete
        if request is not None: ...     # request.preambleLine.url, request.header, request.body

How does it work?
-----------------
The bytes are kept until the empty line after the header has arrived, then until the body has the
length that Content-Length states. Lines end with CR LF or LF. Nothing is interpreted except this
length. A field that occurs again is added to the first one after a comma.
"""

from __future__ import annotations

import re

from Kamaelia.Support.Data.MimeObject import mimeObject
from Kamaelia.Support.Data.requestLine import BadRequest, requestLine

__all__ = ["MimeRequestParser"]

END = re.compile(rb"\r?\n\r?\n")
FIELD = re.compile(r"([^:\s]+):[ \t]*([^\r\0]*)")
LENGTH = re.compile(r"[0-9]{1,18}")


class MimeRequestParser:
    """A parser of one request.

    maxHeader, maxBody: the most bytes of the first line with the header, and of the body. `rest`
    holds the bytes after the request when it is complete. The header is decoded as Latin-1.
    """

    def __init__(self, maxHeader: int = 65536, maxBody: int = 2**24) -> None:
        self.maxHeader = maxHeader
        self.maxBody = maxBody
        self.rest = b""
        self._kept = bytearray()
        self._searched = 0  # no end of the header begins before this position
        self._length: int | None = None  # of the body, when the header is complete
        self._request: mimeObject | None = None

    def feed(self, data: bytes) -> mimeObject | None:
        """Return the request when it is complete, and None before. Raise BadRequest."""
        self._kept += data
        if self._length is None:
            self._readHeader()
        if self._length is None or self._request is None or len(self._kept) < self._length:
            return None
        request = self._request
        request.body = bytes(self._kept[: self._length])
        self.rest = bytes(self._kept[self._length :])
        return request

    def _readHeader(self) -> None:
        found = END.search(self._kept, self._searched)
        if (found.start() if found else len(self._kept)) > self.maxHeader:
            reason = f"the header is longer than {self.maxHeader} bytes"
            raise BadRequest(bytes(self._kept[:100]), ValueError(reason))
        if found is None:
            self._searched = max(0, len(self._kept) - 3)
            return
        first, *lines = self._kept[: found.start()].decode("latin-1").split("\n")
        del self._kept[: found.end()]
        header = headerOf(first, lines)
        self._request = mimeObject(header, b"", requestLine(first.removesuffix("\r")))
        self._length = self._bodyLength(first, header)

    def _bodyLength(self, first: str, header: dict[str, list[str]]) -> int:
        """Return the length of the body. Raise BadRequest if it is not a number, or too large."""
        text = header["content-length"][1].strip() if "content-length" in header else "0"
        if not LENGTH.fullmatch(text):
            raise BadRequest(first, ValueError(f"Content-Length is {text!r:.100}"))
        if int(text) > self.maxBody:
            raise BadRequest(first, ValueError(f"the body is longer than {self.maxBody} bytes"))
        return int(text)


def headerOf(first: str, lines: list[str]) -> dict[str, list[str]]:
    """Return [name, value] for each name in lower case. Raise BadRequest for another line."""
    header: dict[str, list[str]] = {}
    for line in lines:
        found = FIELD.fullmatch(line.removesuffix("\r"))
        if found is None:
            raise BadRequest(first, ValueError(f"this is not a field of a header: {line!r:.100}"))
        name, value = found.groups()
        if name.lower() in header:
            header[name.lower()][1] += f", {value}"
        else:
            header[name.lower()] = [name, value]
    return header
