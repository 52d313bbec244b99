"""A scripted web server, which answers each request with prepared bytes."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from Tests.Kamaelia.sockets import PATIENCE

Answer = bytes | Callable[[socket.socket, bytes], Any]


class ScriptedServer:
    """A server that answers by path. It keeps the head and body of each request."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[bytes] = []
        self.readsBody = True
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.isOver = threading.Event()  # for answers that keep a connection open
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http{'s' if self._context else ''}://{host}:{self.port}{path}"

    def heads(self) -> list[str]:
        """Return the heads of the requests, in lower case."""
        return [each.partition(b"\r\n\r\n")[0].decode("latin-1").lower() for each in self.requests]

    def close(self) -> None:
        self.isOver.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                sock.settimeout(PATIENCE)
                self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError):
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            with sock:
                request = readRequest(sock, self.readsBody)
                self.requests.append(request)
                answer = self.answers[request.split(b" ")[1].decode()]
                if callable(answer):
                    answer(sock, request)
                else:
                    sock.sendall(answer)


def readRequest(sock: socket.socket, readsBody: bool) -> bytes:
    """Return the head of a request, and its body if it has one that is to be read."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += receive(sock)
    head, _, body = request.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths and readsBody else 0
    while len(body) < length:
        body += receive(sock)
    return head + b"\r\n\r\n" + body


def receive(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    if not data:
        raise ConnectionError("the client closed the connection within a request")
    return data


def response(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """Return a response with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@pytest.fixture
def web() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def otherWeb() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def secureWeb(certificate: Any) -> Iterator[ScriptedServer]:
    server = ScriptedServer(certificate.server)
    yield server
    server.close()
