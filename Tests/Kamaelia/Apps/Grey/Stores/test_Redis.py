"""The store in Redis, in an event loop, with a real server that comes and goes."""

import asyncio
import logging
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from Kamaelia.Apps.Grey.Stores import Later, RedisConnection, StoreEntry, StoreFailed, openStore
from Kamaelia.Apps.Grey.Stores.Redis import RedisStore
from Kamaelia.Apps.Grey.Stores.RedisBatch import ASK, KEPT_AFTER, WRITE, keyOf
from Kamaelia.Apps.Grey.Stores.RedisMigration import migrate
from Kamaelia.Support.Greylist.Rules import Decision, Record, Regular, Rules, Triple, decide
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE
from Tests.Kamaelia.Apps.Grey.Stores.conftest import RedisServer, ServerEnded

NOW = float(int(time.time()))
RULES = Rules(too_soon=10, min_defer_time=60, max_defer_time=600, max_grey=6000)
ONE = Triple("192.0.2.0/24", "<a@example.com>", "<b@example.org>")


async def ask(store: RedisStore, triple: Triple, rules: Rules, now: float) -> Decision:
    with pytest.raises(Later) as caught:
        store.decide(triple, rules, now)
    return await caught.value.future


async def errandOf(store: RedisStore) -> None:
    """Until the errand has ended that the first answer sends."""
    assert store._refresh is not None
    await store._refresh


async def close(store: RedisStore) -> None:
    store.close()
    await store.waitForClose()


def forgetAll(store: RedisStore) -> None:
    store.link.sendNow("FLUSHALL")


STEPS = st.tuples(
    st.builds(Triple, st.sampled_from("ab"), st.sampled_from("ab"), st.just("c")),
    st.sampled_from([0, 1, 10, 59.5, 60, 61, 600, 600.25, 6000, 6001]),
    st.sampled_from([0, 1, 2]),
    st.booleans(),
)


@given(history=st.lists(STEPS, max_size=40))
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_asked_at_once_is_answered_as_if_one_after_the_other(
    redisServer: RedisServer, history: list[tuple[Triple, float, int, bool]]
) -> None:
    """Batches of any size: the answers are those of the rules, in the order of asking."""

    async def askAll() -> None:
        store, now = RedisStore(redisServer.url), NOW
        known: dict[Triple, Record] = {}
        waiting: list[tuple[asyncio.Future[Decision], Decision]] = []
        for triple, later, passes, isLast in history:
            now += later
            rules = replace(RULES, client_passes=passes)
            right = decide(known.get(triple), None, rules, now)
            if right.record is not None:
                known[triple] = right.record
            with pytest.raises(Later) as caught:
                store.decide(triple, rules, now)
            waiting.append((caught.value.future, right))
            if isLast:
                await asyncio.gather(*[future for future, _ in waiting])
        for future, right in waiting:
            assert await future == right
        await close(store)

    with closing(RedisStore(redisServer.url)) as store:
        forgetAll(store)
    asyncio.run(askAll())


def test_many_questions_at_once_are_sent_together(redisServer: RedisServer) -> None:
    async def askAll() -> None:
        store = RedisStore(redisServer.url)
        before = store.link.sendNow("INFO", "stats")["total_commands_processed"]
        triples = [Triple(str(i), "s", "r") for i in range(20)]
        answers = await asyncio.gather(*[ask(store, triple, RULES, NOW) for triple in triples])
        assert {answer.reason for answer in answers} == {"never seen"}
        after = store.link.sendNow("INFO", "stats")["total_commands_processed"]
        assert after - before < 120  # 80 are those that the script calls
        await close(store)

    asyncio.run(askAll())
    with closing(RedisStore(redisServer.url)) as store:
        assert len(list(store.known())) == 20


def test_strangers_are_added_by_the_message_that_asks(redisServer: RedisServer) -> None:
    async def go() -> None:
        store, said = RedisStore(redisServer.url), []
        await migrate(store.link)
        exchange, send = store.link.exchange, store.link.send

        async def note(*command: str | float) -> object:
            said.append(command[1])
            return await exchange(*command)

        async def noteRefresh(*command: str | float) -> object:
            said.append(command[0])
            return await send(*command)

        store.link.exchange = note  # type: ignore[method-assign]
        store.link.send = noteRefresh  # type: ignore[method-assign]
        await ask(store, Triple("a", "s", "r"), RULES, NOW)
        await errandOf(store)
        assert said == [ASK, "GET", "HGETALL", "GET", "HLEN", "HVALS"]
        said.clear()
        for client in "bcd":
            await ask(store, Triple(client, "s", "r"), RULES, NOW)
        assert said == [ASK] * 3
        await ask(store, Triple("a", "s", "r"), RULES, NOW + 60)
        assert said[3:] == [ASK, WRITE]
        await close(store)

    asyncio.run(go())


def test_questions_about_one_client_in_one_message_are_decided_in_order(
    redisServer: RedisServer,
) -> None:
    """All in one message: the client of the first is known, so the second is told of it, too."""
    rules = replace(RULES, client_passes=1)

    async def go() -> None:
        store = RedisStore(redisServer.url)
        await ask(store, ONE, rules, NOW)
        triples = (ONE, ONE._replace(sender="<c@example.com>"), ONE._replace(client="198.51.100.1"))
        asked = [ask(store, triple, rules, NOW + 60) for triple in triples]
        reasons = [decision.reason for decision in await asyncio.gather(*asked)]
        assert reasons == ["waited long enough", "never seen", "never seen"]
        await close(store)

    asyncio.run(go())


def test_a_connection_that_the_server_has_closed_is_opened_again(
    redisServer: RedisServer,
) -> None:
    async def go() -> None:
        store = RedisStore(redisServer.url)
        for reason in ("never seen", "retried too soon", "retried too soon"):
            assert (await ask(store, ONE, RULES, NOW)).reason == reason
            await errandOf(store)
            await asyncio.to_thread(store.link.sendNow, "CLIENT", "KILL", "TYPE", "normal")
            while not store.link._connection._reader.at_eof():
                await asyncio.sleep(0)  # the loop is told of it
        await close(store)

    asyncio.run(go())


def test_several_hosts_are_answered_as_if_one_after_the_other(redisServer: RedisServer) -> None:
    regulars = replace(RULES, client_passes=1_000_000)

    async def askAll(store: RedisStore, now: float) -> list[str]:
        triples = [Triple(str(i % 3), "s", str(i)) for i in range(60)]
        random.shuffle(triples)
        return [(await ask(store, triple, regulars, now)).reason for triple in triples]

    async def allAsk() -> None:
        hosts = [RedisStore(redisServer.url) for _ in range(4)]
        for now, reasons in (
            (NOW, ["never seen", *["retried too soon"] * 3]),
            (NOW + 60, ["waited long enough", *["passed before"] * 3]),
        ):
            given = await asyncio.gather(*[askAll(store, now) for store in hosts])
            assert sorted(chain.from_iterable(given)) == sorted(reasons * 60)
        for store in hosts:
            await close(store)

    asyncio.run(allAsk())
    store = RedisStore(redisServer.url)
    assert set(dict(store.known()).values()) == {Record(NOW, NOW + 60, 4)}
    store.close()


def test_a_delivery_that_is_counted_in_an_event_loop_is_written(redisServer: RedisServer) -> None:
    rules = replace(RULES, client_passes=3)

    async def deliver() -> None:
        hosts = [RedisStore(redisServer.url) for _ in range(4)]
        for store in hosts:
            store.countDelivery("192.0.2.0/24", rules, NOW)
        for store in hosts:
            await close(store)

    asyncio.run(deliver())
    with closing(RedisStore(redisServer.url)) as store:
        assert dict(store.regulars()) == {"192.0.2.0/24": Regular(1, NOW)}


def test_a_client_that_is_revoked_in_an_event_loop_is_deleted(redisServer: RedisServer) -> None:
    rules = replace(RULES, client_passes=3)

    async def refuse() -> None:
        store = RedisStore(redisServer.url)
        store.revoke("192.0.2.0/24")
        await close(store)
        store.revoke("192.0.2.0/24")  # a closed store writes nothing

    with closing(RedisStore(redisServer.url)) as store:
        for client in ("192.0.2.0/24", "198.51.100.0/24"):
            store.countDelivery(client, rules, NOW)
        asyncio.run(refuse())
        assert dict(store.regulars()) == {"198.51.100.0/24": Regular(1, NOW)}


def test_what_follows_from_what_was_not_written_is_asked_again(redisServer: RedisServer) -> None:
    """Both are late; another host has asked earlier, and says so between our two messages."""
    rules = replace(RULES, too_soon=0)

    async def go() -> None:
        store, other = RedisStore(redisServer.url), RedisStore(redisServer.url)
        await asyncio.to_thread(other.decide, ONE, rules, NOW - 700)
        exchange, isFirst = store.link.exchange, True

        async def exchangeAfterOther(*command: str | float) -> object:
            nonlocal isFirst
            if command[1] == WRITE and isFirst:
                isFirst = False
                await asyncio.to_thread(other.decide, ONE, rules, NOW - 60)
            return await exchange(*command)

        store.link.exchange = exchangeAfterOther  # type: ignore[method-assign]
        asked = asyncio.gather(ask(store, ONE, rules, NOW), ask(store, ONE, rules, NOW + 1))
        reasons = [decision.reason for decision in await asked]
        assert reasons == ["waited long enough", "passed before"]
        await close(store)
        other.close()

    asyncio.run(go())


def test_what_is_renewed_while_it_expires_is_kept(redisServer: RedisServer) -> None:
    store, other = RedisStore(redisServer.url), RedisStore(redisServer.url)
    store.decide(ONE, RULES, NOW)
    sendNow = store.link.sendNow

    def sendAfterOther(*command: str | float) -> object:
        if command[0] == "EVAL":
            other.decide(ONE, RULES, NOW + 700)
        return sendNow(*command)

    store.link.sendNow = sendAfterOther  # type: ignore[method-assign]
    assert store.expire(RULES, NOW + 700) == 0
    assert dict(store.known()) == {ONE: Record(NOW + 700)}
    store.close()
    other.close()


def test_records_end_by_themselves_some_time_after_they_expire(redisServer: RedisServer) -> None:
    store = RedisStore(redisServer.url)
    store.decide(ONE, RULES, NOW)
    assert store.link.sendNow("PEXPIRETIME", keyOf(ONE)) == (NOW + 600 + KEPT_AFTER) * 1000
    store.decide(ONE, RULES, NOW + 60)
    assert store.link.sendNow("PEXPIRETIME", keyOf(ONE)) == (NOW + 6060 + KEPT_AFTER) * 1000
    longAgo = NOW - 2 * KEPT_AFTER
    assert store.decide(Triple("c", "s", "r"), RULES, longAgo).reason == "never seen"
    assert store.decide(Triple("c", "s", "r"), RULES, longAgo + 60).reason == "never seen"
    store.close()


def test_a_value_that_says_nothing_is_as_if_it_were_not_there(redisServer: RedisServer) -> None:
    store = RedisStore(redisServer.url)
    notTimes = [f"{time} - 0" for time in ("x", "inf", "nan", "-1", "1e300")]
    for damaged in ("", "hello", "1 2", b"\xff\xff \xff", *notTimes):
        store.link.sendNow("SET", keyOf(ONE), damaged)
        assert store.counts() == (0, 0, 0)
        assert store.decide(ONE, RULES, NOW).reason == "never seen"
        assert dict(store.known()) == {ONE: Record(NOW)}
    store.link.sendNow("HSET", "grey:entries", "x", "{")
    with pytest.raises(StoreFailed, match=r"entries in the store .* are damaged"):
        store.entries()
    store.close()


def test_entries_of_others_are_noticed_in_an_event_loop(redisServer: RedisServer) -> None:
    async def notice() -> None:
        store, other = RedisStore(redisServer.url), RedisStore(redisServer.url)
        version = store.entriesVersion()
        assert store.entries() == []
        await asyncio.to_thread(other.addEntry, StoreEntry("deny", "client", "192.0.2.1"))
        while store.entriesVersion() == version:
            await asyncio.sleep(0)
        assert store.entries() == [StoreEntry("deny", "client", "192.0.2.1")]
        await close(store)
        await close(other)

    asyncio.run(notice())


def test_a_process_that_only_reads_counters_gets_those_of_others(redisServer: RedisServer) -> None:
    """As the process does that answers Prometheus for its workers."""

    async def watch(others: RedisStore) -> None:
        store = RedisStore(redisServer.url)
        for so_far in (1, 2):
            others.count("sessions")
            await asyncio.to_thread(others.flush)
            async with asyncio.timeout(PATIENCE):
                while store.counters() != {"sessions": so_far}:
                    await asyncio.sleep(0.01)
        redisServer.stop()
        while store.link.failure is None:
            store.counters()
            await asyncio.sleep(0.01)
        with pytest.raises(StoreFailed):
            store.counters()
        await close(store)

    with closing(RedisStore(redisServer.url)) as others:
        asyncio.run(watch(others))


def test_counters_are_written_from_time_to_time(redisServer: RedisServer) -> None:
    async def countAndAsk() -> None:
        store, other = RedisStore(redisServer.url), RedisStore(redisServer.url)
        store.count("deferred", 2)
        assert store.counters() == {"deferred": 2}
        await ask(store, ONE, RULES, NOW)
        while await asyncio.to_thread(other.counters) != {"deferred": 2}:
            store.flush()
            await asyncio.sleep(0)
        store.count("deferred")
        assert store.counters() == {"deferred": 3}
        await close(store)
        await close(other)

    asyncio.run(countAndAsk())
    store = openStore(redisServer.url)
    assert store.counters() == {"deferred": 3}
    store.close()


def test_a_server_that_goes_fails_each_ask_at_once_and_is_found_again(
    redisServer: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RedisConnection, "LONGEST_PAUSE", 0.1)

    async def go() -> None:
        store = RedisStore(redisServer.url)
        await ask(store, ONE, RULES, NOW)
        redisServer.stop()
        for _ in range(50):
            with pytest.raises(StoreFailed, match="failed"):
                await ask(store, ONE, RULES, NOW)
        redisServer.start()
        while True:
            try:
                assert (await ask(store, ONE, RULES, NOW)).reason == "never seen"
                break
            except StoreFailed:
                await asyncio.sleep(0.01)
        await close(store)

    with caplog.at_level(logging.INFO, "Kamaelia.Apps.Grey"):
        asyncio.run(go())
    gone, back = [record.getMessage() for record in caplog.records]
    assert gone.startswith(f"the store {redisServer.url} failed: ")
    assert back == f"the store {redisServer.url} works again"


async def askOrFail(store: RedisStore) -> Decision:
    try:
        return store.decide(ONE, RULES, NOW)
    except Later as later:
        return await later.future


def test_a_server_that_says_nothing_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RedisConnection, "TIMEOUT", 0.1)
    now = [0.0]
    monkeypatch.setattr(RedisConnection, "time", SimpleNamespace(monotonic=lambda: now[0]))

    async def go() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            store = RedisStore(f"redis://127.0.0.1:{silent.getsockname()[1]}")
            with pytest.raises(StoreFailed, match=r"no reply within 0\.1 s"):
                await askOrFail(store)
            for _ in range(100):
                with pytest.raises(StoreFailed):  # at once: it does not raise Later
                    store.decide(ONE, RULES, NOW)
            now[0] += RedisConnection.FIRST_PAUSE
            probe = asyncio.ensure_future(askOrFail(store))
            await asyncio.sleep(0)
            with pytest.raises(StoreFailed):  # other questions do not wait for the attempt
                store.decide(ONE, RULES, NOW)
            with pytest.raises(StoreFailed):
                await probe
            store.count("lost")
            with pytest.raises(StoreFailed):
                store.close()
            await store.waitForClose()

    asyncio.run(go())


def test_a_client_that_has_asked_and_left_does_not_delay_the_others(
    redisServer: RedisServer,
) -> None:
    async def go() -> None:
        store = RedisStore(redisServer.url)
        with pytest.raises(Later) as gone:
            store.decide(ONE, RULES, NOW)
        with pytest.raises(Later) as there:
            store.decide(Triple("c", "s", "r"), RULES, NOW)
        gone.value.future.cancel()
        assert (await there.value.future).reason == "never seen"
        await close(store)

    asyncio.run(go())


def test_a_question_that_waits_when_the_store_is_closed_gets_an_error(
    redisServer: RedisServer,
) -> None:
    async def go() -> None:
        store = RedisStore(redisServer.url)
        with pytest.raises(Later) as caught:
            store.decide(ONE, RULES, NOW)
        await close(store)
        with pytest.raises(StoreFailed, match="was closed"):
            await caught.value.future
        with pytest.raises(StoreFailed, match="was closed"):
            store.decide(ONE, RULES, NOW)

    asyncio.run(go())


@pytest.fixture
def onPort(
    needs: Callable[[str], str], redisFolder: Path, freePorts: Callable[[], int]
) -> Iterator[Callable[..., int]]:
    """onPort("--requirepass", ...) -> the port of a server that was started so."""
    servers: list[RedisServer] = []

    def start(*arguments: str, tls: bool = False) -> int:
        number = freePorts()
        port = ["--tls-port" if tls else "--port", str(number), "--unixsocket", ""]
        server = RedisServer(needs("redis-server"), redisFolder, *port, *arguments)
        try:
            server.start()
        except ServerEnded as reason:
            if "in use" in str(reason):  # another process was quicker
                return start(*arguments, tls=tls)
            raise
        servers.append(server)
        return number

    yield start
    for server in servers:
        server.stop()


def test_a_password_opens_and_is_in_no_text(
    onPort: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    port = onPort("--requirepass", "s3cret")
    good = openStore(f"redis://:s3cret@127.0.0.1:{port}/0")
    assert good.decide(ONE, RULES, NOW).reason == "never seen"
    good.close()
    wrong = openStore(f"redis://joe:s3cret%2f@127.0.0.1:{port}/0")
    with pytest.raises(StoreFailed, match="invalid username-password") as caught:
        wrong.decide(ONE, RULES, NOW)
    assert caplog.text
    assert "s3cret" not in "".join([repr(good), repr(wrong), str(caught.value), caplog.text])


def test_a_password_that_the_server_repeats_is_in_no_text(
    onPort: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    port = onPort("--rename-command", "AUTH", "")
    store = openStore(f"redis://:s3cret@127.0.0.1:{port}/0")
    with pytest.raises(StoreFailed, match="unknown command") as caught:
        store.decide(ONE, RULES, NOW)
    assert "s3cret" not in str(caught.value) + caplog.text


def test_over_TLS_the_name_of_the_server_is_verified(
    needs: Callable[[str], str], onPort: Callable[..., int], redisFolder: Path
) -> None:
    key, certificate = str(redisFolder / "key.pem"), str(redisFolder / "certificate.pem")
    command = [needs("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    tls = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate]
    port = onPort("--port", "0", "--tls-auth-clients", "no", *tls, tls=True)
    trusting = f"?ssl_ca_certs={certificate}"
    with closing(openStore(f"rediss://localhost:{port}/0{trusting}")) as store:
        assert store.decide(ONE, RULES, NOW).reason == "never seen"
    for address in (f"localhost:{port}/0", f"127.0.0.1:{port}/0{trusting}"):
        with pytest.raises(StoreFailed, match="certificate"):
            openStore(f"rediss://{address}").decide(ONE, RULES, NOW)


@pytest.mark.parametrize(
    "setting",
    [
        "redis://joe:s3/cret@host/0",
        "redis://:s3cret@host:many/0",
        "redis://:s3cret@host/zero",
        "redis://:s3cret@[::1/0",
        "unix://:s3cret@",
    ],
)
def test_an_address_that_is_none_is_an_error_without_its_text(setting: str) -> None:
    with pytest.raises(ValueError, match=r"must be redis://") as caught:
        openStore(setting)
    assert "s3" not in str(caught.value)
    assert caught.value.__cause__ is None
