"""The store in one file: faults of the file, and other processes that use it."""

import asyncio
import os
import random
import sqlite3
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Stores import (
    Later,
    SQLiteFile,
    SQLiteMaintenance,
    SQLiteRecords,
    StoreFailed,
    openStore,
)
from Kamaelia.Apps.Grey.Stores.SQLite import SQLiteStore
from Kamaelia.Apps.Grey.Stores.SQLiteExpiry import TRIPLES, expireSlice
from Kamaelia.Apps.Grey.Stores.SQLiteFile import openFile
from Kamaelia.Support.Greylist.Rules import Record, Regular, Rules, Triple
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE

RULES = Rules(too_soon=10, min_defer_time=60, max_defer_time=600, max_grey=6000)
NOW = 1e9
ONE = Triple("192.0.2.0/24", "<a@example.com>", "<b@example.org>")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "grey.db")


@pytest.fixture
def store(path: str) -> Iterator[SQLiteStore]:
    store = SQLiteStore(path)
    yield store
    store.close()


def locked(path: str) -> sqlite3.Connection:
    """Another process's connection, for all that SQLite knows, which has the lock."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_the_file_is_not_readable_by_other_users(store: SQLiteStore, path: str) -> None:
    assert os.stat(path).st_mode & 0o007 == 0
    store.decide(ONE, RULES, NOW)
    assert os.stat(path + "-wal").st_mode & 0o007 == 0


def test_a_file_in_no_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"none/grey\.db cannot be opened: No such file"):
        openStore(f"sqlite:{tmp_path}/none/grey.db")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="cannot be opened: it is not a file"):
        openStore(f"sqlite:{tmp_path}")


def test_a_file_of_something_else_is_left_as_it_is(path: str) -> None:
    text = b"to whom it may concern\n" * 1000
    Path(path).write_bytes(text)
    with pytest.raises(StoreFailed, match=r"grey\.db failed: .* not an SQLite file"):
        openStore(f"sqlite:{path}")
    assert Path(path).read_bytes() == text


def test_a_database_of_another_program_is_left_as_it_is(path: str) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE triple (mine)")
    other.close()
    before = Path(path).read_bytes()
    with pytest.raises(StoreFailed, match=r"grey\.db belongs to another program"):
        openStore(f"sqlite:{path}")
    assert Path(path).read_bytes() == before


def test_a_file_of_a_newer_version_is_left_as_it_is(store: SQLiteStore, path: str) -> None:
    store.close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 3")
    other.close()
    with pytest.raises(StoreFailed, match=r"grey\.db was written by a newer .*schema 3"):
        openStore(f"sqlite:{path}")


def test_a_damaged_file_is_an_error_that_says_what_helps(store: SQLiteStore, path: str) -> None:
    store.remember([(Triple(str(i), "s", "r"), Record(NOW)) for i in range(2000)], RULES)
    store.close()
    content = bytearray(Path(path).read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    Path(path).write_bytes(content)
    damaged = SQLiteStore(path)
    with pytest.raises(StoreFailed, match=r"grey\.db failed: .* move it away"):
        damaged.decide(ONE, RULES, NOW)
    damaged.close()


def test_an_empty_file_is_a_new_one(path: str) -> None:
    Path(path).touch()
    store = SQLiteStore(path)
    assert store.decide(ONE, RULES, NOW).reason == "never seen"
    store.close()


def test_several_may_make_the_file_at_once(path: str) -> None:
    start = threading.Barrier(6)
    failures: list[StoreFailed] = []

    def openIt() -> None:
        start.wait()
        try:
            SQLiteStore(path).close()
        except StoreFailed as error:
            failures.append(error)

    threads = [threading.Thread(target=openIt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_forked_process_is_told_to_open_the_store_itself(store: SQLiteStore) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads: that is what is tested
        child = os.fork()
    if child == 0:
        told = 1
        try:
            store.decide(ONE, RULES, NOW)
        except RuntimeError as error:
            told = 0 if "open it in each worker" in str(error) else 2
        store.close()  # has nothing to say in the file of its parent
        os._exit(told)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.decide(ONE, RULES, NOW).reason == "never seen"


def test_while_another_has_the_lock_the_answer_comes_later(store: SQLiteStore, path: str) -> None:
    async def ask() -> None:
        other = locked(path)
        with pytest.raises(Later) as caught:
            store.decide(ONE, RULES, NOW)
        other.execute("ROLLBACK")
        other.close()
        decision = await caught.value.future
        assert (decision.reason, decision.record) == ("never seen", Record(NOW))

    asyncio.run(ask())
    assert dict(store.known()) == {ONE: Record(NOW)}


def test_a_client_that_asks_while_the_file_is_locked_and_leaves_has_no_record(
    store: SQLiteStore, path: str
) -> None:
    async def ask() -> None:
        other = locked(path)
        with pytest.raises(Later) as caught:
            store.decide(ONE, RULES, NOW)
        caught.value.future.cancel()
        other.execute("ROLLBACK")
        other.close()
        await asyncio.sleep(3 * SQLiteRecords.RETRY)

    asyncio.run(ask())
    assert dict(store.known()) == {}


def test_without_an_event_loop_the_lock_is_waited_for(store: SQLiteStore, path: str) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.02, other.execute, ["ROLLBACK"])
    timer.start()
    assert store.decide(ONE, RULES, NOW).reason == "never seen"
    timer.join()
    other.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("SQLite", "SQLiteRecords"):
        monkeypatch.setattr(f"Kamaelia.Apps.Grey.Stores.{module}.PATIENCE", 0.01)
    monkeypatch.setattr(SQLiteMaintenance, "INTERVAL", 60)


@pytest.mark.usefixtures("impatient")
def test_a_lock_that_stays_is_an_error_that_names_the_file(store: SQLiteStore, path: str) -> None:
    async def ask() -> None:
        with pytest.raises(Later) as caught:
            store.decide(ONE, RULES, NOW)
        with pytest.raises(StoreFailed, match=r"grey\.db is locked: another process"):
            await caught.value.future

    store.decide(ONE, RULES, NOW - 9)
    other = locked(path)
    with pytest.raises(StoreFailed, match=r"grey\.db is locked: another process"):
        store.decide(ONE, RULES, NOW)
    with pytest.raises(StoreFailed, match=r"grey\.db is locked: another process"):
        store.forget(ONE)
    asyncio.run(ask())
    assert len(list(store.known())) == 1  # a reader blocks no writer
    other.close()
    assert store.decide(ONE, RULES, NOW).reason == "retried too soon"


class Between:
    """A connection that lets another process act before its first write."""

    def __init__(self, connection: sqlite3.Connection, meanwhile: Callable[[], object]) -> None:
        self.connection = connection
        self.meanwhile: Callable[[], object] | None = meanwhile

    def execute(self, statement: str, *values: Sequence[object]) -> sqlite3.Cursor:
        if not statement.lstrip().startswith("SELECT") and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return self.connection.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


REGULARS = replace(RULES, client_passes=2)
SAME_CLIENT = Triple(ONE.client, "<c@example.com>", ONE.recipient)


@pytest.mark.parametrize(
    ("before", "meanwhile", "asked", "reason", "known"),
    [
        (
            [],
            (ONE, NOW + 1),
            (ONE, NOW + 2),
            "retried too soon",
            {ONE: Record(NOW + 2)},
        ),
        (
            [(ONE, NOW)],
            (ONE, NOW + 60),
            (ONE, NOW + 61),
            "passed before",
            {ONE: Record(NOW, NOW + 61, 2)},
        ),
        (
            [(ONE, NOW), (SAME_CLIENT, NOW)],
            (SAME_CLIENT, NOW + 60),
            (ONE, NOW + 61),
            "waited long enough",
            {SAME_CLIENT: Record(NOW, NOW + 60, 1), ONE: Record(NOW, NOW + 61, 1)},
        ),
    ],
)
def test_the_slower_of_two_questions_is_answered_after_the_quicker_one(
    store: SQLiteStore,
    path: str,
    before: list[tuple[Triple, float]],
    meanwhile: tuple[Triple, float],
    asked: tuple[Triple, float],
    reason: str,
    known: dict[Triple, Record],
) -> None:
    for triple, now in before:
        store.decide(triple, REGULARS, now)
    other, connection = SQLiteStore(path), store._cursor
    triple, now = meanwhile
    store._cursor = Between(  # type: ignore[assignment]
        connection, lambda: other.decide(triple, REGULARS, now)
    )
    assert store.decide(asked[0], REGULARS, asked[1]).reason == reason
    store._cursor = connection
    other.close()
    assert dict(store.known()) == known


def test_a_delivery_is_counted_once_though_another_process_counts_one_meanwhile(
    store: SQLiteStore, path: str
) -> None:
    other, connection = SQLiteStore(path), store._cursor
    store._cursor = Between(  # type: ignore[assignment]
        connection, lambda: other.countDelivery(ONE.client, REGULARS, NOW)
    )
    store.countDelivery(ONE.client, REGULARS, NOW + 1)
    store._cursor = connection
    other.close()
    assert dict(store.regulars()) == {ONE.client: Regular(1, NOW)}


def test_a_client_is_revoked_as_soon_as_the_lock_is_free(store: SQLiteStore, path: str) -> None:
    store.countDelivery(ONE.client, REGULARS, NOW)
    blocker = sqlite3.connect(path, isolation_level=None)

    async def revoke() -> None:
        blocker.execute("BEGIN IMMEDIATE")
        store.revoke(ONE.client)
        blocker.execute("ROLLBACK")
        while dict(store.regulars()):
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(revoke(), PATIENCE))
    blocker.close()


@pytest.mark.parametrize("isClosed", [True, False])
def test_a_delivery_is_counted_as_soon_as_the_lock_is_free(
    store: SQLiteStore, path: str, isClosed: bool
) -> None:
    """Another process has the lock meanwhile, and the event loop does not wait for it."""
    blocker = sqlite3.connect(path, isolation_level=None)

    async def deliver() -> None:
        blocker.execute("BEGIN IMMEDIATE")
        store.countDelivery(ONE.client, REGULARS, NOW)
        await asyncio.sleep(0.01)
        blocker.execute("ROLLBACK")
        if isClosed:
            store.close()
            await asyncio.sleep(0.01)
        else:
            while dict(store.regulars()) != {ONE.client: Regular(1, NOW)}:
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(deliver(), PATIENCE))
    blocker.close()


def test_an_expired_record_that_is_renewed_meanwhile_is_kept(store: SQLiteStore, path: str) -> None:
    """The sweep finds it expired; before it deletes the record, the client retries, late."""
    store.decide(ONE, RULES, NOW)

    sweeper = sqlite3.connect(path, isolation_level=None)
    between = Between(sweeper, lambda: store.decide(ONE, RULES, NOW + 700))
    _, swept = expireSlice(between, TRIPLES, None, RULES, NOW + 700)  # type: ignore[arg-type]
    sweeper.close()
    assert swept.all == 1  # as it was found
    assert dict(store.known()) == {ONE: Record(NOW + 700)}


def test_a_record_that_is_swept_while_it_is_renewed_is_written_again(
    store: SQLiteStore, path: str
) -> None:
    """The decision finds it expired; before it writes, the sweep is there."""
    store.decide(ONE, RULES, NOW)
    sweeper, connection = sqlite3.connect(path, isolation_level=None), store._cursor
    store._cursor = Between(  # type: ignore[assignment]
        connection, lambda: expireSlice(sweeper, TRIPLES, None, RULES, NOW + 700)
    )
    assert store.decide(ONE, RULES, NOW + 700).reason == "never seen"
    store._cursor = connection
    sweeper.close()
    assert dict(store.known()) == {ONE: Record(NOW + 700)}


def countersOf(path: str) -> dict[str, int]:
    again = SQLiteStore(path)
    counters = again.counters()
    again.close()
    return counters


class Rounds:
    """Counts the rounds of keepers, which follow each other closely."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        self.hasEnded = threading.Condition()
        doRound = SQLiteMaintenance.SQLiteMaintenance._doRound

        def doRoundAndCount(keeper: SQLiteMaintenance.SQLiteMaintenance) -> None:
            doRound(keeper)
            with self.hasEnded:
                self.number += 1
                self.hasEnded.notify_all()

        monkeypatch.setattr(SQLiteMaintenance, "INTERVAL", 0.001)
        monkeypatch.setattr(SQLiteMaintenance.SQLiteMaintenance, "_doRound", doRoundAndCount)

    def hasMore(self, patience: float) -> bool:
        with self.hasEnded:
            before = self.number
            return self.hasEnded.wait_for(lambda: self.number > before, patience)

    def waitForWhole(self, store: SQLiteStore) -> None:
        """Until one has ended that began after this was called: the first may have before."""
        for _ in range(2):
            with self.hasEnded:
                before = self.number
                store.maintenance.wake()
                assert self.hasEnded.wait_for(lambda before=before: self.number > before, PATIENCE)


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Rounds:
    return Rounds(monkeypatch)


def test_the_keeper_sweeps_by_the_time_of_the_last_decision(
    rounds: Rounds, store: SQLiteStore
) -> None:
    late = [(Triple("c", str(i), ""), Record(NOW)) for i in range(10_000)]
    store.remember(late, RULES)
    store.decide(ONE, RULES, NOW + 601)
    while store.counts().waiting > 1:
        store.decide(ONE, RULES, NOW + 601)
        rounds.waitForWhole(store)
    assert dict(store.known()) == {ONE: Record(NOW + 601)}
    store.close()
    assert countersOf(store.path) == {"expired": 10_000}


def test_the_keeper_writes_counters_and_rests_when_there_is_nothing_to_do(
    rounds: Rounds, store: SQLiteStore, path: str
) -> None:
    store.count("deferred", 3)
    rounds.waitForWhole(store)
    other = sqlite3.connect(path)
    assert other.execute("SELECT * FROM counter").fetchall() == [("deferred", 3)]
    other.close()
    while rounds.hasMore(patience=0.05):  # one may follow from the last call that woke it
        pass


def logSize(path: str) -> int:
    return os.path.getsize(path + "-wal")


def test_the_log_restarts_although_another_process_writes_during_each_checkpoint(
    store: SQLiteStore, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLiteMaintenance, "EMPTY_LOG_AT", 100)
    monkeypatch.setattr(SQLiteMaintenance, "INTERVAL", 60)
    isEnough, hasWritten = threading.Event(), threading.Semaphore(0)

    def write() -> None:
        own = SQLiteStore(path)
        while not isEnough.is_set():
            for _ in range(200):
                own.decide(Triple(random.randbytes(4).hex(), "s" * 300, "r" * 300), RULES, NOW)
            hasWritten.release()
        own.close()

    keeper = SQLiteFile.openFile(path)
    keeper.execute(f"PRAGMA busy_timeout = {SQLiteMaintenance.PATIENCE}")
    writer = threading.Thread(target=write)
    writer.start()
    salts: set[bytes] = set()
    while len(salts) <= 5:
        assert hasWritten.acquire(timeout=PATIENCE)
        store.maintenance._checkpoint(keeper)
        assert hasWritten.acquire(timeout=PATIENCE)
        with open(path + "-wal", "rb") as log:
            salts.add(log.read(24)[16:])  # another one whenever the log begins anew
    isEnough.set()
    writer.join()
    keeper.close()


def test_the_log_stays_bounded_although_the_keeper_is_no_more(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLiteFile, "BOUND_OF_LOG", 200)
    store = SQLiteStore(path)
    store.maintenance.stop()
    longest = 0
    for i in range(3000):
        store.decide(Triple(str(i * 7919 % 3000), "s" * 300, "r" * 300), RULES, NOW)
        longest = max(longest, logSize(path))
    assert 4096 * 200 < longest < 4096 * 300
    store.close()


def test_a_slow_reader_does_not_prevent_the_log_from_restarting(
    rounds: Rounds, store: SQLiteStore, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLiteMaintenance, "EMPTY_LOG_AT", 100)
    store.remember([(Triple(f"a{i:05}", "s", "r"), Record(NOW)) for i in range(5000)], RULES)
    reader = SQLiteStore(path)
    slowly = reader.known()
    next(slowly)
    longest = 0
    for i in range(2000):
        store.decide(Triple(str(i * 7919 % 3000), "s" * 300, "r" * 300), RULES, NOW)
        longest = max(longest, logSize(path))
        if i % 100 == 0:
            rounds.waitForWhole(store)
    assert longest < 4096 * 1000
    assert len(list(slowly)) >= 4999
    reader.close()


def test_what_the_keeper_meets_is_logged_once_and_it_goes_on(
    rounds: Rounds, store: SQLiteStore, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = sqlite3.connect(path)
    other.execute("ALTER TABLE counter RENAME TO elsewhere")
    store.count("deferred")
    rounds.waitForWhole(store)
    other.execute("ALTER TABLE elsewhere RENAME TO counter")
    rounds.waitForWhole(store)
    other.close()
    assert [record.name for record in caplog.records] == ["Kamaelia.Apps.Grey"]
    assert f"the store {path} failed: no such table: counter" in caplog.text
    assert store.counters() == {"deferred": 1}


def test_a_triple_that_is_no_text_is_the_askers_error(store: SQLiteStore) -> None:
    with pytest.raises(UnicodeEncodeError):
        store.decide(Triple("\udcff", "", ""), RULES, NOW)
    assert store.decide(ONE, RULES, NOW).reason == "never seen"


def test_counters_on_their_way_to_the_file_are_not_missed(tmp_path: Path) -> None:
    path = str(tmp_path / "grey.db")
    store = SQLiteStore(path)
    store.maintenance.stop()
    isTaken, goOn, take = threading.Event(), threading.Event(), store._takePending

    def takeSlowly() -> dict[str, int]:
        taken = take()
        if threading.current_thread() is not threading.main_thread():
            isTaken.set()
            goOn.wait(PATIENCE)
        return taken

    def write() -> None:
        with closing(openFile(path)) as connection:
            store._writeCounters(connection)

    store._takePending = takeSlowly  # type: ignore[method-assign]
    store.count("sessions")
    writer = threading.Thread(target=write)
    writer.start()
    assert isTaken.wait(PATIENCE)
    threading.Timer(0.05, goOn.set).start()
    assert store.counters() == {"sessions": 1}
    writer.join(PATIENCE)
    store.close()
