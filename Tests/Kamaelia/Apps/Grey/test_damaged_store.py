"""A store whose file is damaged or deleted under a running server: what the log names helps."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from Tests.Kamaelia.Apps.Grey.Service.test_Application import Grey, eventually, grey

__all__ = ["grey"]  # a fixture

FILES = ("grey.db", "grey.db-wal", "grey.db-shm")
WORKERS = pytest.mark.parametrize("listen", ["", "workers = 2"])


def moveAway(folder: Path) -> None:
    """What the log says: the file, its -wal and its -shm."""
    (folder / "away").mkdir()
    for name in FILES:
        if (folder / name).exists():
            (folder / name).rename(folder / "away" / name)


def recipient(number: int) -> str:
    return f"<c{number}@example.org>"


def damage(folder: Path, other: sqlite3.Connection) -> None:
    """What a broken disk does, and a write by another process, after which pages are read again."""
    for name in FILES[:2]:
        with (folder / name).open("r+b") as damaged:
            damaged.write(os.urandom((folder / name).stat().st_size))
    with suppress(sqlite3.Error):
        other.execute("UPDATE version SET entries = entries + 1")


def failUntil(proxy: Grey, word: str, before: Callable[[], object] = lambda: None) -> str:
    """Send new mails, each after before(), until one is answered with `word`."""
    numbers = iter(range(1, 1000000))

    def said() -> str:
        before()
        answer = proxy.rcpt(recipient(next(numbers)))
        return answer if answer.startswith(word) else ""

    found: str = eventually(said, word)
    return found


@WORKERS
def test_a_damaged_store_is_replaced_as_the_log_says_without_a_restart(
    grey: Any, listen: str
) -> None:
    proxy = grey(listen=listen, delay=3600)
    assert proxy.rcpt().startswith("451 4.7.1")
    with closing(sqlite3.connect(proxy.folder / FILES[0], isolation_level=None)) as other:
        other.execute("UPDATE version SET entries = entries + 1")
        failUntil(proxy, "451 4.3.0", partial(damage, proxy.folder, other))
    said = proxy.program.readUntil("deferred while the store fails")
    assert "move it away together with its -wal and -shm files" in said
    moveAway(proxy.folder)
    assert eventually(
        lambda: failUntil(proxy, "451 4.7.1") and (proxy.folder / FILES[0]).exists(), "a new file"
    )
    assert proxy.ask("list") == 0
    rest = proxy.stop()
    assert "works again" in rest or listen  # the worker that failed may get no mail after it
    assert "Traceback" not in rest
    assert proxy.program.returncode == 0


@WORKERS
def test_a_deleted_store_is_created_again_and_shared_by_all_workers(
    grey: Any, listen: str, capsys: Any
) -> None:
    proxy = grey(listen=listen, delay=3600)
    assert proxy.rcpt().startswith("451 4.7.1")
    for name in FILES:
        (proxy.folder / name).unlink(missing_ok=True)
    assert eventually(
        lambda: proxy.rcpt(recipient(1)) and (proxy.folder / FILES[0]).exists(), "a new file"
    )
    numbers = iter(range(2, 1000000))

    def isShown() -> bool:
        """Once each worker has noticed, whatever is decided is in the new file."""
        for _ in range(4):
            proxy.rcpt(one := recipient(next(numbers)))
            if proxy.ask("show", one) != 0:
                return False
        return True

    assert eventually(isShown, "all decisions are in the new file")
    capsys.readouterr()
    assert "Traceback" not in proxy.stop()
