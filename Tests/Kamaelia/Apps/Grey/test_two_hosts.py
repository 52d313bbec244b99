"""Two mail hosts that share one greylist in Redis: no reply depends on whether Redis answers."""

from pathlib import Path
from typing import Any

import pytest

from Tests.Kamaelia.Apps.Grey.Service.test_Application import Grey, grey
from Tests.Kamaelia.Apps.Grey.Stores.conftest import RedisServer, redisFolder, redisServer
from Tests.Kamaelia.Apps.Grey.Stores.test_RedisCopy import OUTAGES, Broker

__all__ = ["grey", "redisFolder", "redisServer"]  # fixtures

KNOWN, WAITS, NEW = (f"<{name}@example.org>" for name in ("known", "waits", "new"))


@pytest.fixture
def broker(request: pytest.FixtureRequest, redisServer: RedisServer) -> Any:
    broker = Broker(redisServer, request.param)
    yield broker
    if broker.kind == "stopped":
        broker.returns()


def host(grey: Any, broker: Broker, folder: Path, copy: str = "memory:", listen: str = "") -> Grey:
    """Start a host with a greylist in which a retry is accepted at once."""
    folder.mkdir()
    store = f'{broker.url.removeprefix("unix://")}"\ncopy = "{copy}'
    started: Grey = grey(folder, redis=store, delay="0\ntoo_soon = 0", listen=listen)
    return started


def withoutId(reply: str) -> str:
    """Return a reply without the number of its session."""
    return reply.partition("(")[0]


@pytest.mark.parametrize("broker", OUTAGES, indirect=True)
def test_replies_at_two_hosts_are_the_same_whether_the_broker_answers_or_not(
    grey: Any, broker: Broker, tmp_path: Path
) -> None:
    first, second = (host(grey, broker, tmp_path / name) for name in ("a", "b"))
    assert [first.rcpt(KNOWN)[:3], first.rcpt(KNOWN)[:3]] == ["451", "250"]
    assert second.rcpt(KNOWN)[:3] == "250"  # the greylist is shared
    deferred = withoutId(first.rcpt(WAITS))
    assert deferred.startswith("451")
    broker.goes()
    for _ in range(2):
        assert [each.rcpt(KNOWN)[:3] for each in (first, second)] == ["250", "250"]
    assert first.rcpt(WAITS)[:3] == "250"
    assert withoutId(first.rcpt(NEW)) == deferred
    assert first.rcpt(NEW)[:3] == "250"
    broker.returns()
    for each in (first, second):
        assert "decides again" in each.program.readUntil("decides again")
    assert second.rcpt(NEW)[:3] == "250"
    for each in (first, second):
        assert "Traceback" not in each.stop()


@pytest.mark.parametrize("broker", ["killed"], indirect=True)
def test_the_workers_of_a_host_share_a_copy_in_a_file(
    grey: Any, broker: Broker, tmp_path: Path
) -> None:
    proxy = host(grey, broker, tmp_path / "a", f"sqlite:{tmp_path}/copy.db", "workers = 2")
    assert [proxy.rcpt(KNOWN)[:3], proxy.rcpt(KNOWN)[:3]] == ["451", "250"]
    broker.goes()
    assert {proxy.rcpt(KNOWN)[:3] for _ in range(20)} == {"250"}
    assert proxy.rcpt(NEW)[:3] == "451"
    assert {proxy.rcpt(NEW)[:3] for _ in range(20)} == {"250"}
    assert "Traceback" not in proxy.stop()
