"""A store in Redis with a copy: the replies while a real server is killed, stopped and emptied."""

import asyncio
import logging
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.Stores import (
    Later,
    RedisConnection,
    Store,
    StoreFailed,
    StoreUnreachable,
    openStore,
)
from Kamaelia.Apps.Grey.Stores.Redis import RedisStore
from Kamaelia.Apps.Grey.Stores.RedisCopy import RedisStoreWithCopy
from Kamaelia.Support.Greylist.Rules import Record, Regular, Rules, Triple
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE
from Tests.Kamaelia.Apps.Grey.Stores.conftest import RedisServer

NOW = float(int(time.time()))
RULES = Rules(too_soon=10, min_defer_time=60, max_defer_time=600, max_grey=6000)
REGULARS = Rules(too_soon=10, min_defer_time=60, max_defer_time=600, max_grey=6000, client_passes=1)
ONE, TWO, THREE = (Triple(f"192.0.2.{number}", "<a@x>", "<b@y>") for number in (1, 2, 3))

#: What an outage is: it begins, and it ends
OUTAGES = ["killed", "stopped", "emptied"]


@pytest.fixture(params=["memory", "sqlite"])
def copyOf(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Return the setting of the copy of a host."""
    if request.param == "memory":
        return lambda host: "memory:"
    return lambda host: f"sqlite:{tmp_path / host}.db"


class Broker:
    """A redis-server that is killed or stopped, and comes back with its data or empty.

    Only while it is stopped, it has a short time for each reply.
    """

    def __init__(self, server: RedisServer, kind: str) -> None:
        self.server, self.kind, self.url = server, kind, server.url
        with closing(openStore(self.url)) as store:
            assert isinstance(store, RedisStore)
            store.link.sendNow("FLUSHALL")
        if kind == "killed":  # it comes back with what it has stored
            server.stop()
            shutil.rmtree(Path(server.url.removeprefix("unix://")).parent / "appendonlydir", True)
            server.command += ["--appendonly", "yes", "--appendfsync", "always"]
            server.start()

    def goes(self) -> None:
        if self.kind == "stopped":
            RedisConnection.TIMEOUT = 0.2  # the fixture of the server restores it
            self.server.process.send_signal(signal.SIGSTOP)
        else:
            self.server.stop()

    def returns(self) -> None:
        if self.kind == "stopped":
            RedisConnection.TIMEOUT = PATIENCE
            self.server.process.send_signal(signal.SIGCONT)
        else:
            self.server.start()


@pytest.fixture(params=OUTAGES)
def broker(
    request: pytest.FixtureRequest, redisServer: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Broker]:
    monkeypatch.setattr(RedisConnection, "LONGEST_PAUSE", 0.05)
    broker = Broker(redisServer, request.param)
    yield broker
    if broker.kind == "stopped":
        redisServer.process.send_signal(signal.SIGCONT)


async def reasonOf(store: Store, triple: Triple, now: float, rules: Rules = RULES) -> str:
    try:
        return store.decide(triple, rules, now).reason
    except Later as later:
        return str((await later.future).reason)


async def untilItDecides(store: RedisStoreWithCopy) -> None:
    """Wait until the server decides again."""
    async with asyncio.timeout(30):
        assert store._return is not None
        await store._return


async def close(*stores: Store) -> None:
    for store in stores:
        try:
            store.close()
        except StoreFailed:
            """The counters cannot be written."""
        await store.waitForClose()


def opened(url: str, copy: str) -> RedisStoreWithCopy:
    store = openStore(url, copy)
    assert isinstance(store, RedisStoreWithCopy)
    return store


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await body()

    asyncio.run(bounded())


async def known(store: RedisStoreWithCopy) -> None:
    """Wait until the store knows which run of the server answers."""
    while store._run is None:
        store.flush()
        await asyncio.sleep(0)


def test_replies_do_not_change_while_the_server_is_away_and_after_it_has_returned(
    broker: Broker, copyOf: Callable[[str], str]
) -> None:
    async def go() -> None:
        store = opened(broker.url, copyOf("a"))
        assert await reasonOf(store, ONE, NOW) == "never seen"
        assert await reasonOf(store, ONE, NOW + 60) == "waited long enough"
        assert await reasonOf(store, TWO, NOW + 60) == "never seen"
        await known(store)
        broker.goes()
        assert await reasonOf(store, ONE, NOW + 70) == "passed before"
        assert await reasonOf(store, TWO, NOW + 90) == "retried early"
        assert await reasonOf(store, THREE, NOW + 90) == "never seen"
        assert await reasonOf(store, TWO, NOW + 120) == "waited long enough"
        broker.returns()
        await untilItDecides(store)
        with pytest.raises(Later):  # the server is asked
            store.decide(THREE, RULES, NOW + 130)
        assert await reasonOf(store, ONE, NOW + 140) == "passed before"
        assert await reasonOf(store, TWO, NOW + 140) == "passed before"
        assert await reasonOf(store, THREE, NOW + 151) == "waited long enough"
        await close(store)

    run(go)
    with closing(openStore(broker.url)) as store:
        assert dict(store.known()) == {
            ONE: Record(NOW, NOW + 140, 3),
            TWO: Record(NOW + 60, NOW + 140, 2),
            THREE: Record(NOW + 90, NOW + 151, 1),
        }


def test_a_regular_client_stays_one_and_mails_and_refusals_count_meanwhile(
    broker: Broker, copyOf: Callable[[str], str]
) -> None:
    async def go() -> None:
        store = opened(broker.url, copyOf("a"))
        other = RedisStore(broker.url)
        other.countDelivery("192.0.2.1", REGULARS, NOW)
        await asyncio.gather(*other._deliveries)
        assert await reasonOf(store, ONE, NOW, REGULARS) == "regular client"
        await known(store)
        broker.goes()
        assert await reasonOf(store, ONE, NOW + 1, REGULARS) == "regular client"
        store.countDelivery("192.0.2.2", REGULARS, NOW + 2)
        store.revoke("192.0.2.1")
        assert await reasonOf(store, TWO, NOW + 3, REGULARS) == "regular client"
        assert await reasonOf(store, ONE, NOW + 3, REGULARS) == "never seen"
        broker.returns()
        await untilItDecides(store)
        assert await reasonOf(store, TWO, NOW + 4, REGULARS) == "regular client"
        await close(store, other)

    run(go)
    with closing(openStore(broker.url)) as store:
        assert dict(store.regulars()) == {"192.0.2.2": Regular(1, NOW + 2)}


def test_two_hosts_merge_what_they_have_seen_as_if_one_had(
    broker: Broker, copyOf: Callable[[str], str]
) -> None:
    async def go() -> None:
        first, second = opened(broker.url, copyOf("a")), opened(broker.url, copyOf("b"))
        assert await reasonOf(first, ONE, NOW) == "never seen"
        assert await reasonOf(second, ONE, NOW + 60) == "waited long enough"
        await known(first)
        await known(second)
        broker.goes()
        assert await reasonOf(first, TWO, NOW + 100) == "never seen"
        assert await reasonOf(second, TWO, NOW + 130) == "never seen"  # it cannot know
        assert await reasonOf(second, ONE, NOW + 130) == "passed before"
        broker.returns()
        await untilItDecides(second)
        await untilItDecides(first)
        assert await reasonOf(second, TWO, NOW + 160) == "waited long enough"
        assert await reasonOf(first, ONE, NOW + 160) == "passed before"
        await close(first, second)

    run(go)


def test_a_server_that_was_emptied_between_two_mails_is_noticed(
    redisServer: RedisServer, copyOf: Callable[[str], str]
) -> None:
    """Nothing failed: the connection was idle."""

    async def go() -> None:
        store = opened(redisServer.url, copyOf("a"))
        await reasonOf(store, ONE, NOW)
        await reasonOf(store, ONE, NOW + 60)
        await known(store)
        redisServer.stop()
        redisServer.start()
        assert await reasonOf(store, ONE, NOW + 70) == "passed before"
        await untilItDecides(store)
        assert await reasonOf(store, ONE, NOW + 80) == "passed before"
        await close(store)

    Broker(redisServer, "emptied")
    run(go)


def test_a_connection_that_the_server_has_closed_is_no_reason_to_decide_alone(
    redisServer: RedisServer,
) -> None:
    async def go() -> None:
        store, other = opened(redisServer.url, "memory:"), RedisStore(redisServer.url)
        await reasonOf(store, ONE, NOW)
        await known(store)
        await reasonOf(other, TWO, NOW)
        await store.link.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        while store.link._connection._reader.at_eof() is False:
            await asyncio.sleep(0)
        assert await reasonOf(store, TWO, NOW + 60) == "waited long enough"
        assert not store.decidesAlone
        await close(store, other)

    Broker(redisServer, "emptied")
    run(go)


def test_a_copy_in_a_file_remains_while_the_server_is_away_and_is_sent_later(
    redisServer: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RedisConnection, "LONGEST_PAUSE", 0.05)
    copy = f"sqlite:{tmp_path / 'copy.db'}"

    async def meanwhile() -> None:
        store = opened(redisServer.url, copy)
        assert await reasonOf(store, ONE, NOW) == "never seen"
        await close(store)
        store = opened(redisServer.url, copy)
        assert await reasonOf(store, ONE, NOW + 60) == "waited long enough"
        await close(store)

    async def later() -> None:
        store = opened(redisServer.url, copy)
        await reasonOf(store, TWO, NOW + 70)
        await known(store)
        assert await reasonOf(store, ONE, NOW + 70) == "passed before"
        await close(store)

    redisServer.stop()
    run(meanwhile)
    redisServer.start()
    run(later)


def test_the_log_says_once_that_the_copy_decides_and_that_the_server_does_again(
    redisServer: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RedisConnection, "LONGEST_PAUSE", 0.05)

    async def go() -> None:
        store = opened(redisServer.url, "memory:")
        await reasonOf(store, ONE, NOW)
        await known(store)
        redisServer.stop()
        for _ in range(20):
            await reasonOf(store, ONE, NOW + 1)
        redisServer.start()
        await untilItDecides(store)
        await close(store)

    with caplog.at_level(logging.WARNING, "Kamaelia.Apps.Grey"):
        run(go)
    texts = [record.getMessage().replace(redisServer.url, "URL") for record in caplog.records]
    assert [text.split(":")[0] for text in texts] == [
        "the store URL failed",
        "mails are decided from the copy of the store URL",
        "the store URL works again",
        "the store URL decides again",
    ]


def test_a_copy_that_fails_leaves_the_decisions_to_the_server(
    redisServer: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(RedisStore):
        """Fails as a file on a full disk does."""

        def remember(self, *about: object) -> int:
            raise StoreFailed("the disk is full")

    async def go() -> None:
        store = RedisStoreWithCopy(redisServer.url, Failing(redisServer.url))
        for _ in range(3):
            await reasonOf(store, ONE, NOW)
        await close(store)

    run(go)
    assert caplog.text.count("the disk is full") == 1


def test_a_command_waits_for_the_server_and_does_not_ask_the_copy(
    redisServer: RedisServer,
) -> None:
    with closing(opened(redisServer.url, "memory:")) as store:
        assert store.decide(ONE, RULES, NOW).reason == "never seen"
        redisServer.stop()
        with pytest.raises(StoreUnreachable):
            store.decide(ONE, RULES, NOW)
        redisServer.start()


def test_the_copy_of_a_store_is_on_this_host() -> None:
    with pytest.raises(ValueError, match="a copy is memory: or sqlite:PATH"):
        openStore("redis://127.0.0.1", "redis://127.0.0.1")
