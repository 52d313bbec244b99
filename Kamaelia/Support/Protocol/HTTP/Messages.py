"""The messages between a parser of HTTP and the component that uses it.

Example usage
-------------
    for message in self.Inbox():
        if isinstance(message, ParsedHTTPHeader):
            print(message.header["headers"].get("content-type"))

How does it work?
-----------------
A parser sends one ParsedHTTPHeader, any number of ParsedHTTPBodyChunk, and one ParsedHTTPEnd
for each request or response.
"""

from __future__ import annotations

from typing import Any


class ParsedHTTPHeader:
    """ParsedHTTPHeader(header): the beginning of a request or a response, as a dict."""

    __slots__ = ("__dict__", "header")

    def __init__(self, header: dict[str, Any]) -> None:
        self.header = header

    def __repr__(self) -> str:
        return f"ParsedHTTPHeader({self.header!r})"


class ParsedHTTPBodyChunk:
    """ParsedHTTPBodyChunk(bodychunk): a part of a body, as bytes."""

    __slots__ = ("__dict__", "bodychunk")

    def __init__(self, bodychunk: bytes) -> None:
        self.bodychunk = bodychunk

    def __repr__(self) -> str:
        return f"ParsedHTTPBodyChunk({len(self.bodychunk)} bytes)"


class ParsedHTTPEnd:
    """ParsedHTTPEnd(): the end of a request or a response."""

    __slots__ = ("__dict__",)

    def __repr__(self) -> str:
        return "ParsedHTTPEnd()"


class ParsedHTTPRedirect:
    """ParsedHTTPRedirect(redirectto): the response is a redirect to this URL, which is followed."""

    __slots__ = ("__dict__", "redirectto")

    def __init__(self, redirectto: str) -> None:
        self.redirectto = redirectto

    def __repr__(self) -> str:
        return f"ParsedHTTPRedirect({self.redirectto!r})"
