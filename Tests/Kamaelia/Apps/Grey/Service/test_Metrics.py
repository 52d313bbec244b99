"""Figures for Prometheus, over HTTP."""

import http.client
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from Axon.testing import feed
from Kamaelia.Apps.Grey.Service import Metrics as module
from Kamaelia.Apps.Grey.Service.Metrics import COUNTERS, Counters, Metrics, MetricsServer
from Kamaelia.Apps.Grey.Stores import StoreFailed
from Kamaelia.Apps.Grey.Stores.Memory import MemoryStore
from Tests.Kamaelia.conftest import Serving
from Tests.Kamaelia.sockets import PATIENCE, dial


def ask(store: Any, request: bytes, pieces: int = 1000) -> bytes:
    chunks = [request[start : start + pieces] for start in range(0, len(request), pieces)]
    return b"".join(feed(Metrics(store=store), inbox=chunks)["outbox"])


def storeWith(*names: str) -> Any:
    store = MemoryStore()
    for name in names:
        store.count(name)
    return lambda: store


GET = b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n"


def figures(answer: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(answer.partition(b"\r\n\r\n")[2].decode())
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_the_counters_of_the_store_are_told(pieces: int) -> None:
    store = storeWith(
        "sessions", "sessions", "expired", "mails/deferred", "recipients/deferred/never seen"
    )
    assert figures(ask(store, GET, pieces)) == {
        ("kamaelia_grey_store_up", ()): 1,
        ("kamaelia_grey_sessions_total", ()): 2,
        ("kamaelia_grey_expired_total", ()): 1,
        ("kamaelia_grey_mails_total", ("deferred",)): 1,
        ("kamaelia_grey_recipients_total", ("deferred", "never seen")): 1,
    }


def test_a_store_that_does_not_answer_is_a_figure() -> None:
    def failing() -> Any:
        raise StoreFailed("it is away: bring it back")

    assert figures(ask(failing, GET)) == {("kamaelia_grey_store_up", ()): 0}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"404"),
        (b"GET /metrics?x=1 HTTP/1.0\r\n\r\n", b"200"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405"),
        (b"HELO me\r\n\r\n", b"400"),
        (b"x" * 9000, b"400"),
    ],
)
def test_what_else_is_asked_has_its_answer(request_: bytes, status: bytes) -> None:
    assert ask(storeWith(), request_).startswith(b"HTTP/1.1 " + status)


def test_to_head_the_length_is_told_without_the_body() -> None:
    answer = ask(storeWith("sessions"), GET.replace(b"GET", b"HEAD"))
    assert answer.endswith(b"\r\n\r\n")
    assert b"Content-Length: 0" not in answer


@given(st.binary(max_size=200))
def test_any_bytes_get_one_answer_or_none(request_: bytes) -> None:
    answer = ask(storeWith(), request_ + b"\r\n\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1


def scrape(port: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/metrics")
    body = connection.getresponse().read()
    connection.close()
    return body


@pytest.mark.parametrize("idle", [0, 200])
def test_idle_connections_keep_no_scrape_waiting(
    monkeypatch: pytest.MonkeyPatch, idle: int
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 3600.0)  # none of them leaves in time

    def client(server: Any) -> bytes:
        connections = [dial(server.ports[0]) for _ in range(idle)]
        body = scrape(server.ports[0])
        for each in connections:
            each.close()
        return body

    body = Serving()(client, kind=MetricsServer, store=storeWith("sessions"))
    assert b"kamaelia_grey_sessions_total 1.0" in body


def test_a_name_that_is_none_of_ours_is_left_out() -> None:
    assert len(list(Counters({"other/x": 1}).collect())) == 1 + len(COUNTERS)
