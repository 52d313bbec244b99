"""Handlers for tests of the HTTP server, and a client's view of its responses."""

from collections.abc import Generator
from typing import Any, NamedTuple

import h11

from Axon.Component import component
from Axon.testing import feedConnection
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol


class Page(component):
    """Respond with a text that contains the rest of the path."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()
        self.request = request

    def main(self) -> Generator[int, None, None]:
        text = f"page {self.request['uri-suffix']}"
        self.send({"statuscode": 200, "content-type": "text/plain", "data": text})
        yield 1


class EchoBody(component):
    """Respond with the body of the request, part by part."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()

    def main(self) -> Generator[int, None, None]:
        self.send({"statuscode": 200, "content-type": "application/octet-stream"})
        while True:
            yield from self.waitForMessage()
            for part in self.Inbox():
                self.send({"data": part})
            if self.isShuttingDown():
                return


class Broken(component):
    """Raise an error, after `sent` has been sent."""

    def __init__(self, sent: Any = None) -> None:
        super().__init__()
        self.sent = sent

    def main(self) -> Generator[int, None, None]:
        if self.sent is not None:
            self.send(self.sent)
        yield 1
        raise RuntimeError("the handler's own mistake")


class Whisper(component):
    """A protocol to which a connection is upgraded: answer with the data in capitals."""

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data.upper())
            if self.isShuttingDown():
                return


def whole(data: Any = "ok", **entries: Any) -> Any:
    """Return a factory of responses that are a dict."""
    return lambda request: {"statuscode": 200, "complete": True, "data": data} | entries


class Answer(NamedTuple):
    """A response as a client sees it."""

    status: int
    headers: dict[str, str]
    body: bytes


def answersTo(sent: bytes, *methods: str) -> list[Answer]:
    """Return the responses in what a server has sent, read by h11; methods: of the requests.

    Raises an error if one of them is malformed or incomplete. Interim responses count.
    """
    answers = []
    for method in methods or ("GET",) * 100:
        if not sent:
            break
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        client.send(h11.EndOfMessage())
        client.receive_data(sent)
        body = b""
        event = client.next_event()
        while isinstance(event, h11.InformationalResponse):
            answers.append(Answer(event.status_code, {}, b""))
            event = client.next_event()
        assert isinstance(event, h11.Response)
        status = event.status_code
        headers = {name.decode(): value.decode() for name, value in event.headers}
        while not isinstance(event := client.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                client.receive_data(b"")
            else:
                assert isinstance(event, h11.Data)
                body += event.data
        answers.append(Answer(status, headers, body))
        sent = client.trailing_data[0]
    return answers


def exchange(routing: Any, *data: bytes, methods: tuple[str, ...] = (), **settings: Any) -> Any:
    """Return the answers of a server with `routing` to the data of one connection."""
    protocol = HTTPProtocol(routing, **settings)
    facts = {"peer": "192.0.2.1", "peerport": 4711, "localip": "192.0.2.2", "localport": 80}
    return answersTo(feedConnection(protocol(**facts), *data), *methods)


def get(path: str = "/", *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    """Return a request without a body."""
    lines = [f"{method} {path} HTTP/{version}", "Host: www.example.org", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def post(body: bytes, *fields: str, path: str = "/") -> bytes:
    """Return a request with a body."""
    return get(path, f"Content-Length: {len(body)}", *fields, method="POST") + body
