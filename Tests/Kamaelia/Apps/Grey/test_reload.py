"""A reload reads everything beside the event loop: clients are served meanwhile."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Policy.BackgroundTask import SLICE, release
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Stores import StoreEntry, openStore
from Kamaelia.Apps.Grey.Stores.Memory import MemoryStore
from Kamaelia.Apps.Grey.Stores.Store import MANY_ENTRIES
from Tests.Kamaelia.Apps.Grey.Service.test_Application import Grey, eventually, grey
from Tests.Kamaelia.Apps.Grey.wire import Caller

__all__ = ["grey"]  # a fixture


class HeldReload:
    """A reload that has begun, and waits for the text of its configuration: a named pipe."""

    def __init__(self, proxy: Grey) -> None:
        self.text = proxy.file.read_text()
        proxy.file.unlink()
        os.mkfifo(proxy.file)
        proxy.program.send_signal(signal.SIGHUP)
        self.pipe = proxy.file.open("w")  # blocks until the reload opens it to read

    def finish(self, file: Path) -> None:
        file.unlink()
        file.write_text(self.text)
        with self.pipe:
            self.pipe.write(self.text)


def test_clients_are_served_while_a_reload_reads(grey: Any) -> None:
    proxy = grey(delay=3600)
    before = Caller(proxy.port)
    reload = HeldReload(proxy)
    assert before.say("NOOP").startswith("250")
    assert proxy.rcpt().startswith("451 4.7.1")
    reload.finish(proxy.file)
    assert "reloaded" in proxy.program.readUntil("reloaded")
    assert before.say("NOOP").startswith("250")


def test_a_hangup_during_a_reload_causes_another_reload(grey: Any) -> None:
    proxy = grey(delay=3600)
    reload = HeldReload(proxy)
    proxy.program.send_signal(signal.SIGHUP)
    proxy.rcpt()  # so that the signal has been handled
    proxy.file.unlink()
    proxy.write(delay=5)
    with reload.pipe as pipe:
        pipe.write(reload.text)
    assert eventually(lambda: "in 5 seconds" in proxy.rcpt(), "the last settings count")


def test_a_stop_does_not_wait_for_a_reload_that_reads(grey: Any) -> None:
    proxy = grey()
    reload = HeldReload(proxy)
    with reload.pipe:
        assert "Traceback" not in proxy.stop()
    assert proxy.program.returncode == 0


# The entries in the store


def manyEntries(verdict: str = "deny") -> list[StoreEntry]:
    return [
        StoreEntry(verdict, "client", f"10.0.{number // 250}.{number % 250}")
        for number in range(MANY_ENTRIES + 1)
    ]


class SlowStore(MemoryStore):
    """A store from which entries are read only when `mayRead` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.mayRead = threading.Event()

    def readEntries(self) -> list[StoreEntry]:
        assert self.mayRead.wait(20)
        return super().readEntries()


def denied(greylist: Greylist, peer: str) -> str | None:
    return greylist.denies(peer, [], "<a@b.example>", "<c@example.org>")


def test_many_entries_are_read_in_a_thread_and_those_before_count_until_then() -> None:
    greylist, store = Greylist(store="memory:"), SlowStore()
    greylist._opened = store
    store.addEntry(StoreEntry("deny", "client", "192.0.2.1"))
    greylist.refresh(1000.0)
    assert denied(greylist, "192.0.2.1")
    for each in manyEntries():
        store.addEntry(each)
    store.removeEntry("client", "192.0.2.1")
    greylist.refresh(1001.0)
    greylist.refresh(1002.0)
    assert denied(greylist, "192.0.2.1")
    assert not denied(greylist, "10.0.0.7")
    store.mayRead.set()
    assert eventually(
        lambda: greylist.refresh(1003.0) or denied(greylist, "10.0.0.7"), "the entries count"
    )
    assert not denied(greylist, "192.0.2.1")


def test_the_first_entries_count_before_the_first_decision() -> None:
    greylist, store = Greylist(store="memory:"), SlowStore()
    greylist._opened = store
    for each in manyEntries():
        store.addEntry(each)
    greylist.refresh(1000.0)
    assert denied(greylist, "10.0.0.7")


@pytest.mark.parametrize("number", [MANY_ENTRIES, MANY_ENTRIES + 1])
def test_entries_can_be_read_in_another_thread(tmp_path: Path, number: int) -> None:
    store = openStore(f"sqlite:{tmp_path}/grey.db")
    for each in manyEntries()[:number]:
        store.addEntry(each)
    found: list[StoreEntry] = []
    thread = threading.Thread(target=lambda: found.extend(store.readEntries()))
    thread.start()
    thread.join(20)
    assert sorted(found) == sorted(store.entries())
    assert store.hasManyEntries() == (number > MANY_ENTRIES)
    store.close()


def test_a_wrong_entry_costs_no_other(caplog: Any) -> None:
    greylist = Greylist(store="memory:")
    for what in ("192.0.2.1", "no network/", "192.0.2.2"):
        greylist.opened.addEntry(StoreEntry("deny", "client", what))
    greylist.refresh(1000.0)
    assert denied(greylist, "192.0.2.1")
    assert denied(greylist, "192.0.2.2")
    assert [each for each in caplog.messages if "no network/ in the store is not used" in each]
    greylist.close()


@pytest.mark.parametrize("size", [0, 1, SLICE - 1, SLICE, SLICE + 1, 3 * SLICE])
def test_a_list_is_released_whatever_its_size(size: int) -> None:
    items: list[object] = [object()] * size
    release(items)
    assert items == []
