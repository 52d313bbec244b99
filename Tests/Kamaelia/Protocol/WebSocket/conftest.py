"""A server with WebSocket and HTTP on one port, and raw clients."""

import base64
import socket
from collections.abc import Callable
from typing import Any

import pytest

from Kamaelia.Protocol.HTTP.HTTPServer import HTTPServer
from Kamaelia.Protocol.WebSocket.WebSocketServer import webSocketHandler
from Tests.Kamaelia.conftest import Serving
from Tests.Kamaelia.sockets import PATIENCE, Echo


def protocolOf(choose: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return the protocol of a server whose requests `choose` answers."""
    return lambda **facts: HTTPServer(choose, **facts)


class WebSocketServing:
    """webServing(client, makeHandler, **settings): runs client(port) beside a server."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    def __call__(
        self,
        client: Callable[[int], Any],
        makeHandler: Callable[[Any], Any] = lambda _: Echo(),
        **settings: Any,
    ) -> Any:
        protocol = protocolOf(webSocketHandler(makeHandler, **settings))
        return self._serving(lambda server: client(server.port), protocol=protocol)


@pytest.fixture
def webServing(serving: Serving) -> WebSocketServing:
    return WebSocketServing(serving)


def upgraded(port: int, *headers: str, receiveBuffer: int | None = None) -> socket.socket:
    """Return a socket after a handshake that was accepted."""
    sock = socket.socket()
    sock.settimeout(PATIENCE)
    if receiveBuffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receiveBuffer)
    sock.connect(("127.0.0.1", port))
    key = base64.b64encode(bytes(16)).decode()
    lines = [
        "GET / HTTP/1.1",
        "Host: h",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        *headers,
        "\r\n",
    ]
    sock.sendall("\r\n".join(lines).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += sock.recv(1)
    assert b" 101 " in head
    return sock
