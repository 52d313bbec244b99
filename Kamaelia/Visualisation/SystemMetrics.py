"""Metrics of any running system for Prometheus; they need the extra `metrics`.

Example usage
-------------
    SystemMetrics(port=9126).activate()         # before run()
    Pipeline(Producer(), Consumer()).run()

or, for a program that must not be edited:

    KAMAELIA_METRICS=9126 python program.py             # or host:port
    curl http://127.0.0.1:9126/metrics

A program that serves metrics already registers the collector:

    prometheus_client.REGISTRY.register(SystemCollector(scheduler.run))

How does it work?
-----------------
Each request takes a snapshot (Axon.Introspection); between requests nothing is recorded. The server
is an attendant (Axon.Attendants): the run does not wait for it, and it does not count itself. A
process that is forked, such as a worker of a server, has no metrics of its own.

Termination: with the system.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from Axon.Introspection import ComponentSnapshot
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Internet.Addresses import checkedPort
from Kamaelia.Internet.ListeningSockets import openSockets
from Kamaelia.Protocol.HTTP.HTTPServer import HTTPServer
from Kamaelia.Visualisation.Nesting import systemSnapshot
from Kamaelia.Visualisation.ProcessPath import isForked

CONTENT_TYPE = "text/plain; version=0.0.4"


def start(scheduler: Any, value: str) -> None:
    """Serve the metrics of `scheduler` at `value`, [host:]port (Axon.StartHooks).

    Raises ValueError if it is no address or the run has no event loop, and OSError if the address
    is not available.
    """
    host, _, port = value.rpartition(":")
    if not port.isdecimal():
        raise ValueError(f"{value!r} is not a port or host:port")
    number = checkedPort(int(port))
    if scheduler.loop is None:
        raise ValueError("a run without an event loop serves no metrics")
    if not isForked():
        sockets = openSockets(number, [host.strip("[]") or SystemMetrics.host])
        SystemMetrics(port=number, sockets=sockets).activate(Scheduler=scheduler)


class SystemMetrics(ServerCore):
    """SystemMetrics([port][, host]): a server that answers GET /metrics.

    port: 0 for any free port, see `ports`. host: where it listens, by default for programs on the
    same machine only.
    """

    port = 9126
    host = "127.0.0.1"
    grace = 0.5
    max_connections = 20
    endsAtSignals = False  # signals are for the system

    def __init__(self, **argd: Any) -> None:
        super().__init__(**argd, protocol=self._connection)
        self._registry = CollectorRegistry()

    def main(self) -> Generator[int, None, None]:
        self.scheduler.attendants.add(self)
        self._registry.register(SystemCollector(self.scheduler))
        yield from super().main()

    def _connection(self, **facts: Any) -> Any:
        return HTTPServer(self._respond, **facts)

    def _respond(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["non-query-uri"] != "/metrics":
            return _response(404, "text/plain", b"the metrics are at /metrics\n")
        if request["method"] not in ("GET", "HEAD"):
            return _response(405, "text/plain", b"the metrics are only read\n")
        return _response(200, CONTENT_TYPE, bytes(generate_latest(self._registry)))


def _response(status: int, kind: str, data: bytes) -> dict[str, Any]:
    return {"statuscode": status, "content-type": kind, "charset": "utf-8", "data": data}


class SystemCollector:
    """SystemCollector(scheduler): a collector for a registry of prometheus_client.

    It is asked in the thread of the scheduler.
    """

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler

    def describe(self) -> list[Any]:
        """Return nothing: a registry needs no snapshot before the first request."""
        return []

    def collect(self) -> Iterator[Any]:
        """Yield the metrics of the system as it is now."""
        components = list(systemSnapshot(self._scheduler).components)
        held = [each for each in components if each.state == "held"]
        yield _gauge("components", "Active components", ["class"], _byClass(components))
        yield _gauge("components_held", "Components that are held", ["class"], _byClass(held))
        waiting: Counter[tuple[str, ...]] = Counter()
        deepest: dict[tuple[str, ...], int] = {}
        for each in components:
            for box in each.inboxes:
                key = each.className, box.name
                waiting[key] += box.depth
                deepest[key] = max(deepest.get(key, 0), box.depth)
        labels = ["class", "inbox"]
        yield _gauge("messages_waiting", "Messages that wait in inboxes", labels, waiting)
        yield _gauge("inbox_depth_max", "Messages in the fullest inbox", labels, deepest)
        turns = CounterMetricFamily("kamaelia_turns", "Turns that were given to components")
        turns.add_metric([], self._scheduler.queue.turns)
        yield turns


def _byClass(components: list[ComponentSnapshot]) -> Counter[tuple[str, ...]]:
    return Counter((each.className,) for each in components)


def _gauge(
    name: str, meaning: str, labels: list[str], values: Mapping[tuple[str, ...], int]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"kamaelia_{name}", meaning, labels=labels)
    for key, value in values.items():
        family.add_metric(list(key), value)
    return family


__kamaelia_components__ = (SystemMetrics,)
