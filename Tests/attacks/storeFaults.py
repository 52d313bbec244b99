"""A store that is damaged or deleted while the proxy uses it."""

import asyncio
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

from Tests.attacks.application import Proxy
from Tests.attacks.backendProcess import Backend
from Tests.attacks.harness import PATIENCE, inParallel, must, rcpt, say, send

CLIENTS = 20
MAILS = 400
FILES = ("grey.db", "grey.db-wal", "grey.db-shm")
RULES = 'large_senders = false\nmin_defer_time = "1s"\n'
DEFERRED, FAILED = "451 4.7.1", "451 4.3.0"  # by greylisting, and because the store fails
SHARED = 20  # recipients that all workers must know


async def damagedStore(size: float) -> None:
    """Garbage in the file of the store; the remedy that the log names helps without a restart."""
    for workers in (1, 2):
        await _attack("damaged", _damage, _moveAway, workers, size)


async def deletedStore(size: float) -> None:
    """The files of the store are deleted; a new one is created and shared by all workers."""
    for workers in (1, 2):
        await _attack("deleted", _delete, lambda folder: None, workers, size)


def _damage(folder: Path) -> None:
    """Overwrite the files with garbage, and note a change, so that pages are read again."""
    with closing(sqlite3.connect(folder / FILES[0], isolation_level=None)) as other:
        other.execute("UPDATE version SET entries = entries + 1")
        for name in FILES[:2]:
            with (folder / name).open("r+b") as file:
                file.write(os.urandom((folder / name).stat().st_size))
        with suppress(sqlite3.Error):
            other.execute("UPDATE version SET entries = entries + 1")


def _moveAway(folder: Path) -> None:
    for name in FILES:
        with suppress(FileNotFoundError):
            (folder / name).rename(folder / f"away-{name}")


def _delete(folder: Path) -> None:
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


async def _attack(
    what: str,
    harm: Callable[[Path], None],
    repair: Callable[[Path], None],
    workers: int,
    size: float,
) -> None:
    many = max(CLIENTS, int(MAILS * size))
    async with Backend() as backend:
        proxy = Proxy(backend, workers, "live")
        proxy.replace("large_senders = false\n", RULES)
        folder = Path(proxy.folder.name)
        await proxy.start()
        try:
            await _deferNew(proxy, many)
            harm(folder)
            meanwhile = await _deferNew(proxy, many)
            answer = await send(proxy.port, 1)
            must(answer.startswith(("250", FAILED)), f"a mail to a listed one received {answer!r}")
            repair(folder)
            began = time.monotonic()
            await _until(lambda: _deferNew(proxy, 5), lambda _: (folder / FILES[0]).exists())
            await _until(lambda: _deferNew(proxy, 50), lambda answers: set(answers) == {DEFERRED})
            took = time.monotonic() - began
            await _isShared(proxy)
            say(f"{what}, {workers} worker(s): {dict(meanwhile)}; repaired in {took:.1f} s")
            if harm is _damage:
                must(meanwhile[FAILED], "no mail met the damage, so this attack tested nothing")
                must("move it away together with its -wal and -shm" in proxy.log(), "no remedy")
        finally:
            await proxy.end()
        must("Traceback" not in proxy.log(), f"the proxy had an error: {proxy.log()[-3000:]}")
        must(set(backend.kept()) <= {1}, "a mail was relayed that was not accepted")


_numbers = count()


async def _deferNew(proxy: Proxy, many: int) -> Counter[str]:
    """Send RCPT with new recipients, which must be deferred; return the codes."""

    async def one(_: int) -> str:
        return (await rcpt(proxy.port, f"new{next(_numbers)}@y.org"))[:9]

    answers = Counter(await inParallel(one, many, CLIENTS))
    must(set(answers) <= {DEFERRED, FAILED}, f"new recipients are answered {dict(answers)}")
    return answers


async def _isShared(proxy: Proxy) -> None:
    """Check that recipients deferred by any worker pass at any worker a second later."""
    recipients = [f"shared{n}@y.org" for n in range(SHARED)]
    for each in recipients:
        await rcpt(proxy.port, each)
    await asyncio.sleep(1.2)
    for each in recipients:
        answer = await rcpt(proxy.port, each)
        must(answer.startswith("250"), f"a retry after the repair is answered {answer!r}")


async def _until(
    work: Callable[[], Awaitable[Counter[str]]], isTrue: Callable[[Counter[str]], bool]
) -> None:
    """Repeat `work` until its result fulfils the condition."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not isTrue(answers := await work()):
                await asyncio.sleep(0.05)
    except TimeoutError:
        must(False, f"the repair does not help: {dict(answers)}")


ATTACKS = [damagedStore, deletedStore]
