"""The handshake of WebSocket: a request of HTTP and the response that accepts it.

Example usage
-------------
    acceptance = accept(request, subprotocols=["chat"])       # Refusal is raised otherwise
    acceptance.headers, acceptance.subprotocol

How does it work?
-----------------
A web page of any site can open a WebSocket to any server, and the browser sends the cookies of
that server with the request. So a server checks the header Origin, which a page cannot change. By
default, it accepts the pages of its own host, and programs that are no browsers and send no Origin.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from wsproto.utilities import generate_accept_token

VERSION = "13"  # RFC 6455, section 4.1
ANY_ORIGIN = "*"

Headers = list[tuple[str, str]]


class Refusal(ValueError):
    """Refusal(status, reason[, headers]): a handshake that is refused with this HTTP response."""

    def __init__(self, status: int, reason: str, headers: Headers | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or []


class Acceptance(NamedTuple):
    """Acceptance(headers, subprotocol): those of the 101 response; subprotocol: None for none."""

    headers: Headers
    subprotocol: str | None


def accept(
    request: Mapping[str, Any],
    subprotocols: Iterable[str] = (),
    origins: Iterable[str] | None = None,
) -> Acceptance:
    """Return how to accept `request`, the dict of an HTTP request. Raises Refusal.

    subprotocols: those that the server knows. origins: those that it accepts, such as
    "https://example.org"; "*" for any; None for that of its own host.
    """
    headers = request["headers"]
    checkMethod(request)
    key = _checkedKey(headers)
    checkOrigin(headers, origins)
    answer = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", generate_accept_token(key.encode()).decode()),
    ]
    chosen = _firstKnown(tokensOf(headers, "sec-websocket-protocol", str), subprotocols)
    if chosen is not None:
        answer.append(("Sec-WebSocket-Protocol", chosen))
    return Acceptance(answer, chosen)


def checkMethod(request: Mapping[str, Any]) -> None:
    """Raise Refusal unless `request` asks for WebSocket: RFC 6455, section 4.2.1."""
    headers = request["headers"]
    isUpgrade = "websocket" in tokensOf(headers, "upgrade")
    if not isUpgrade or "upgrade" not in tokensOf(headers, "connection"):
        wanted = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
        raise Refusal(426, "this address speaks WebSocket", wanted)
    if request["method"] != "GET":
        raise Refusal(405, "a WebSocket begins with GET", [("Allow", "GET")])
    if request["version"] < "1.1":
        raise Refusal(400, "a WebSocket needs HTTP/1.1")
    if headers.get("sec-websocket-version", "").strip() != VERSION:
        wanted = [("Sec-WebSocket-Version", VERSION)]
        raise Refusal(426, f"only version {VERSION} of WebSocket is supported", wanted)


def _checkedKey(headers: Mapping[str, str]) -> str:
    key = headers.get("sec-websocket-key", "").strip()
    try:
        isValid = len(b64decode(key, validate=True)) == 16
    except (Error, ValueError):
        isValid = False
    if not isValid:
        raise Refusal(400, "Sec-WebSocket-Key is not 16 bytes in base64")
    return key


def checkOrigin(headers: Mapping[str, str], origins: Iterable[str] | None) -> None:
    """Raise Refusal if the page that asks is not of an accepted origin."""
    origin = headers.get("origin")
    if origin is None or (origins is not None and ANY_ORIGIN in origins):
        return
    if origins is None:
        host = _hostOf(origin).lower()
        isAccepted = host != "" and host == headers.get("host", "").strip().lower()
    else:
        accepted = [origins] if isinstance(origins, str) else origins
        isAccepted = origin.lower() in (each.lower() for each in accepted)
    if not isAccepted:
        raise Refusal(403, f"the origin {origin!r} is not accepted")


def _hostOf(origin: str) -> str:
    """Return the host and port of an origin; "" if it has none, or is malformed."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def tokensOf(headers: Mapping[str, str], name: str, form: Any = str.lower) -> list[str]:
    """Return the elements of a header that is a list, each as form(element)."""
    return [form(each.strip()) for each in headers.get(name, "").split(",") if each.strip()]


def _firstKnown(offered: Iterable[str], known: Iterable[str]) -> str | None:
    accepted = set(known)
    return next((each for each in offered if each in accepted), None)
