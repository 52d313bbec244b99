"""The client's side of the handshake of WebSocket.

Example usage
-------------
    handshake = ClientHandshake("wss://example.org/chat", subprotocols=["chat"])
    send(handshake.request())
    rest = handshake.receive(data)              # None: the response is incomplete

How does it work?
-----------------
The request and the response are HTTP, which h11 writes and reads. What follows the response in
the same data already belongs to WebSocket.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from os import urandom

import h11
from wsproto.utilities import generate_accept_token

from Kamaelia.Support.Protocol.HTTP.ClientRequest import ClientRequest, Server
from Kamaelia.Support.Protocol.HTTP.ResponseReader import MOST_HEADER_BYTES, headersByName
from Kamaelia.Support.Protocol.WebSocket.Handshake import VERSION, tokensOf
from Kamaelia.Support.Secrets import withoutCredentials

SCHEMES = {"ws": "http", "wss": "https"}


class HandshakeError(ValueError):
    """HandshakeError(reason[, status]): the server has not accepted. status: that of HTTP, or 0."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


class ClientHandshake:
    """ClientHandshake(url[, headers, subprotocols]): one attempt to open a WebSocket.

    Raises ValueError if no request can be made for `url`.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
    ) -> None:
        self.url = withoutCredentials(url)  # for messages
        self._key = b64encode(urandom(16)).decode()
        self._offered = tuple(subprotocols)
        self.subprotocol: str | None = None  # the one that the server has chosen
        self._request = ClientRequest.forURL(_asHTTP(url), headers=self._headers(headers or {}))
        self._data = self._request.pieces()[0]
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEADER_BYTES)
        upgrade = [("Host", "h"), ("Connection", "Upgrade"), ("Upgrade", "websocket")]
        self._connection.send(h11.Request(method="GET", target="/", headers=upgrade))
        self._connection.send(h11.EndOfMessage())

    @property
    def server(self) -> Server:
        """Where the request goes; the scheme is https for wss."""
        return self._request.server

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        own = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": self._key,
            "Sec-WebSocket-Version": VERSION,
        }
        if self._offered:
            own["Sec-WebSocket-Protocol"] = ", ".join(self._offered)
        return {**headers, **own, "Accept-Encoding": "identity"}

    def request(self) -> bytes:
        """Return the bytes of the request."""
        return self._data

    def receive(self, data: bytes) -> bytes | None:
        """Return the bytes after the response if it is complete and accepts, or None.

        data: b"" at the end of the connection. Raises HandshakeError if the server does not accept.
        """
        try:
            self._connection.receive_data(data)
            event = self._connection.next_event()
            while isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                event = self._connection.next_event()
        except h11.RemoteProtocolError as error:
            raise HandshakeError(f"the response of {self.url} is not valid: {error}") from error
        if event is h11.NEED_DATA:
            return None
        if not isinstance(event, h11.InformationalResponse):
            status = getattr(event, "status_code", 0)
            raise HandshakeError(f"{self.url} does not accept a WebSocket: {status}", status)
        self._check(event)
        return bytes(self._connection.trailing_data[0])

    def _check(self, response: h11.InformationalResponse) -> None:
        """Raise HandshakeError unless the server accepts: RFC 6455, section 4.1."""
        headers = headersByName(
            (name.decode("ascii"), value.decode("latin-1")) for name, value in response.headers
        )
        token = generate_accept_token(self._key.encode()).decode()
        if headers.get("sec-websocket-accept") != token:
            raise HandshakeError(f"{self.url} has not understood the request for a WebSocket", 101)
        if tokensOf(headers, "upgrade") != ["websocket"]:
            raise HandshakeError(f"{self.url} changes to another protocol", 101)
        if "sec-websocket-extensions" in headers:
            raise HandshakeError(f"{self.url} uses an extension that was not offered", 101)
        self.subprotocol = headers.get("sec-websocket-protocol")
        if self.subprotocol is not None and self.subprotocol not in self._offered:
            raise HandshakeError(f"{self.url} uses a subprotocol that was not offered", 101)


def _asHTTP(url: str) -> str:
    scheme, isAbsolute, rest = url.partition("://")
    if not isAbsolute or scheme.lower() not in SCHEMES:
        raise ValueError(f"{withoutCredentials(url)!r} is not a URL of ws or wss")
    return f"{SCHEMES[scheme.lower()]}://{rest}"
