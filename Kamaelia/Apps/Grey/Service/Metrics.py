"""Metrics for Prometheus: the counters in the store, over HTTP.

Example usage
-------------
    MetricsServer(store=lambda: greylist.opened, port=9125).run()

How does it work?
-----------------
All workers and hosts that share a store add to its counters, so each of them can report the
totals. The counters only grow; Prometheus computes rates.

Termination: after one response, or when the client disconnects.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Apps.Grey.Stores.Store import StoreFailed
from Kamaelia.Chassis.ConnectedServer import ServerCore

PATIENCE = 10.0  # seconds for a request
LONGEST = 8192  # octets of a request
MOST = 20  # connections at a time
TYPE = "text/plain; version=0.0.4; charset=utf-8"

# By first word of a counter: name of the metric, description, labels for the other words.
COUNTERS: dict[str, tuple[str, str, list[str]]] = {
    "sessions": ("kamaelia_grey_sessions", "Client connections", []),
    "expired": ("kamaelia_grey_expired", "Triples that expired without a retry", []),
    "revocations": (
        "kamaelia_grey_revocations",
        "Refused mails after which a client is no longer regular",
        [],
    ),
    "mails": ("kamaelia_grey_mails", "Mails, by result", ["status"]),
    "recipients": (
        "kamaelia_grey_recipients",
        "Decisions about recipients, by verdict and reason",
        ["verdict", "reason"],
    ),
    "connections": (
        "kamaelia_grey_server_connections",
        "Connections to the real servers: made, reused for another client, or broken when reused",
        ["event"],
    ),
    "refusals": (
        "kamaelia_grey_refusals",
        "Replies of 4xx and 5xx, by stage and reason",
        ["stage", "reason"],
    ),
}


class Counters:
    """Counters(counters) -> a Prometheus collector of a dict such as {"sessions": 3}."""

    def __init__(self, counters: dict[str, int] | None) -> None:
        self.counters = counters

    def collect(self) -> Iterator[Any]:
        """Yield the state of the store and its counters."""
        isUp = GaugeMetricFamily("kamaelia_grey_store_up", "Whether the store works")
        isUp.add_metric([], self.counters is not None)
        yield isUp
        for first, (name, meaning, labels) in COUNTERS.items():
            family = CounterMetricFamily(name, meaning, labels=labels)
            for counter, value in (self.counters or {}).items():
                word, *others = counter.split("/", len(labels))
                if word == first and len(others) == len(labels):
                    family.add_metric(others, value)
            yield family


class Metrics(component):
    """Metrics(store=...) -> responds to one request, GET /metrics.

    store: called for each request, returns the store. Other requests get status 404 or 405,
    malformed requests 400.
    """

    Inboxes = {
        "inbox": "bytes of a request",
        "control": "producerFinished: the client disconnected",
    }
    Outboxes = {
        "outbox": "bytes of the response",
        "signal": "producerFinished: the response was sent",
    }

    store: Callable[[], Any]

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd)
        self._request = b""

    def main(self) -> Generator[int, None, None]:
        clock = self.scheduler.timers.clock
        until = clock.now() + PATIENCE
        while b"\r\n\r\n" not in self._request and len(self._request) < LONGEST:
            left = until - clock.now()
            if left <= 0 or (self.dataReady("control") and not self.dataReady()):
                return
            yield from self.waitForMessage(timeout=left)
            self._request += b"".join(self.Inbox())
        self.send(self._answer())
        self.send(producerFinished(self), "signal")

    def _answer(self) -> bytes:
        words = self._request.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return response("400 Bad Request")
        if words[0] not in (b"GET", b"HEAD"):
            return response("405 Method Not Allowed")
        if words[1].partition(b"?")[0] != b"/metrics":
            return response("404 Not Found")
        return response("200 OK", self._figures(), words[0] == b"HEAD")

    def _figures(self) -> bytes:
        counters: dict[str, int] | None = None
        try:
            counters = self.store().counters()
        except StoreFailed:
            """The metric kamaelia_grey_store_up reports it."""
        registry = CollectorRegistry()
        registry.register(Counters(counters))
        return bytes(generate_latest(registry))


def response(status: str, body: bytes = b"", isHead: bool = False) -> bytes:
    """Return an HTTP/1.1 response that closes the connection (RFC 9112 section 9.6)."""
    head = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {TYPE}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", ""]).encode() + (b"" if isHead else body)


class MetricsServer(ServerCore):
    """MetricsServer(store=..., port=...) -> a server with a Metrics handler per connection.

    When there are too many connections, the oldest is closed, so that idle clients cannot delay
    Prometheus.
    """

    grace = 0
    store: Callable[[], Any]

    def reportListening(self, addresses: Iterable[str]) -> None:
        """Do nothing: the application that starts this server reports its address."""

    def mkProtocolHandler(self, **sock_info: Any) -> Any:
        while len(self.connections) >= MOST:
            next(iter(self.connections)).abort()
        return Metrics(store=self.store)


__kamaelia_components__ = (Metrics, MetricsServer)
