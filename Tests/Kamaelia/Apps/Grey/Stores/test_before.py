"""Files of the version before: what it knew is known, and its settings are read.

The folder `before` has what that version wrote: its SQLite file as SQL, its keys in Redis as JSON,
and its example of a configuration.
"""

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Stores import Store, StoreEntry, openStore
from Kamaelia.Apps.Grey.Stores.Redis import RedisStore
from Kamaelia.Apps.Grey.Stores.SQLite import SQLiteStore
from Kamaelia.Support.Greylist.Keys import recipientKey, senderKey
from Kamaelia.Support.Greylist.Rules import Regular, Rules, Triple
from Kamaelia.Support.Settings.Configuration import Configuration, parse
from Tests.Kamaelia.Apps.Grey.Stores.conftest import RedisServer

BEFORE = Path(__file__).parent / "before"
NOW = 4_000_000_000.0  # when its records begin
RULES = Rules(too_soon=0, min_defer_time=300, max_defer_time=172_800, max_grey=3_110_400)
CLIENT = "192.0.2.0/24"
PASSED = [
    ("<ann@example.com>", "<bob@example.org>"),
    ('<"ann"@example.com>', "<bob@example.org>"),
    ("<>", "<postmaster>"),
    ('<"a b"@example.com>', '<"c\\d"@example.org>'),
    ('<"a\\ b"@Example.com.>', "<cd@example.org>"),
    ("<u@b\u00fccher.example>", "<bob@example.org>"),
    ("<u@xn--bcher-kva.example>", "<bob@example.org>"),
    ("<u@example.com>", "<bob@[IPv6:2001:db8:0::1]>"),
    ("<u@example.com>", "<bob@[IPv6:2001:DB8::1]>"),
]
WAITING = [("<new@example.com>", '<"bob"@example.org>'), ("<new@example.com>", "<bob@example.org>")]


@pytest.fixture
def path(tmp_path: Path) -> str:
    """The SQLite file of the version before."""
    path = str(tmp_path / "grey.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((BEFORE / "store.sql").read_text(encoding="utf-8"))
    return path


@pytest.fixture
def redis(redisServer: RedisServer) -> str:
    """A Redis as the version before left it, in which a proxy of today has worked."""
    with closing(RedisStore(redisServer.url)) as store:
        for each in json.loads((BEFORE / "redis.json").read_text(encoding="utf-8")):
            key, value, ends = each["key"], each["value"], each["ends"]
            if isinstance(value, dict):
                pairs = [part for pair in value.items() for part in pair]
                store.link.sendNow("HSET", key, *pairs)
            else:
                store.link.sendNow("SET", key, value)
            if ends > 0:
                store.link.sendNow("PEXPIREAT", key, ends)
    asyncio.run(work(redisServer.url))
    return redisServer.url


async def work(url: str) -> None:
    store = RedisStore(url)
    store.count("sessions")
    store.flush()
    assert store._refresh is not None
    await store._refresh
    store.close()
    await store.waitForClose()


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest) -> Any:
    """Each store of the version before, opened today."""
    isFile = request.param == "sqlite"
    url = f"sqlite:{request.getfixturevalue('path')}" if isFile else "redis"
    store = openStore(request.getfixturevalue("redis") if not isFile else url)
    yield store
    store.close()


def keyOf(sender: str, recipient: str) -> Triple:
    return Triple(CLIENT, senderKey(sender), recipientKey(recipient))


def test_triples_that_had_passed_pass_however_they_are_written(store: Store) -> None:
    for sender, recipient in PASSED:
        decision = store.decide(keyOf(sender, recipient), RULES, NOW + 1000)
        assert decision.reason == "passed before", (sender, recipient)


@pytest.mark.parametrize("mail", WAITING)
def test_the_clock_of_a_triple_goes_on(store: Store, mail: tuple[str, str]) -> None:
    decision = store.decide(keyOf(*mail), RULES, NOW + 300)
    assert decision.reason == "waited long enough"


def test_nothing_else_is_lost(store: Store) -> None:
    assert dict(store.regulars()) == {
        CLIENT: Regular(6, NOW + 300),
        "198.51.100.0/24": Regular(3, NOW + 400),
    }
    rules = replace(RULES, client_passes=6)
    assert store.decide(Triple(CLIENT, "x", "y"), rules, NOW + 500).reason == "regular client"
    assert sorted(store.entries()) == [
        StoreEntry("allow", "sender", "friend@example.com", "a friend"),
        StoreEntry("deny", "client", "203.0.113.0/24", "", NOW + 1e6),
    ]
    counters = store.counters()
    assert counters["recipients/accepted/passed before"] == 3
    assert counters["sessions"] in (12, 13)  # in Redis one more, by today's proxy
    assert store.counts().passed == 8  # two of ten were one mailbox, one waits
    assert store.counts().waiting == 1


def test_a_file_is_migrated_once_and_can_be_opened_again(path: str) -> None:
    for _ in range(2):
        with closing(SQLiteStore(path)) as store:
            assert store.counts().passed == 8
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_redis_is_migrated_once(redis: str) -> None:
    with closing(RedisStore(redis)) as store:
        before = dict(store.known())
        store.link.sendNow(
            "SET", 'grey:triple:["c", "\\"x\\"@y.example", "z@y.example"]', "1.0 - 0"
        )
    asyncio.run(work(redis))
    with closing(RedisStore(redis)) as store:
        assert len(dict(store.known())) == len(before) + 1


def test_the_example_of_the_version_before_is_read_as_it_was_meant() -> None:
    text = (BEFORE / "kamaelia-grey.toml").read_text(encoding="utf-8")
    read, default = parse(text), parse("[forward]\nallowed_domains = []")
    assert isinstance(read, Configuration)
    assert read.greylist == default.greylist
    assert (read.limits.policy_timeout, default.limits.policy_timeout) == (60, 10)


def test_a_tarpit_may_still_be_longer_than_the_time_for_a_policy() -> None:
    text = '[forward]\nallowed_domains = []\n[greylist]\ntarpit = "30s"'
    assert parse(text).greylist.tarpit == 30
