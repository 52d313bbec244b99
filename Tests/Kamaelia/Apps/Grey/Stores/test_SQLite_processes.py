"""The store in one file, with real processes: killed, in a crowd, without room."""

import json
import os
import random
import sqlite3
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.Stores.SQLite import SQLiteStore
from Kamaelia.Support.Greylist.Rules import Record, Triple

ASKER = Path(__file__).with_name("asker.py")
NOW = 1e9


def asker(path: str, what: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(ASKER), path, what]
    root = Path(__file__).parents[5]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)


def told(process: subprocess.Popen[str]) -> list[object]:
    assert process.stdout is not None
    what: list[object] = json.loads(process.stdout.readline())
    return what


@pytest.mark.timeout(120)
def test_no_decision_that_was_given_is_lost_by_a_kill(tmp_path: Path) -> None:
    path = str(tmp_path / "grey.db")
    given: dict[Triple, str] = {}
    for _ in range(12):
        process = asker(path, "pairs")
        with process:
            assert process.stdout is not None
            lines = list(islice(process.stdout, random.randrange(1, 2000)))
            process.kill()
            lines += process.stdout.readlines()
        for triple, reason in map(json.loads, lines):
            given[Triple(*triple)] = reason
        check(path, given)
    assert set(given.values()) <= {"never seen", "waited long enough"}
    assert len(given) > 12


def check(path: str, given: dict[Triple, str]) -> None:
    store = SQLiteStore(path)
    known = dict(store.known())
    passed = {triple for triple, record in known.items() if record.passed is not None}
    store.close()
    assert given.keys() <= known.keys()
    assert {triple for triple, reason in given.items() if reason != "never seen"} <= passed
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_processes_in_a_crowd_are_answered_as_if_one_after_the_other(tmp_path: Path) -> None:
    path = str(tmp_path / "grey.db")
    SQLiteStore(path).close()
    crowd = [asker(path, "crowd") for _ in range(4)]
    for _ in range(2):
        for process in crowd:
            assert told(process) == ["done"]
        for process in crowd:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
    reasons: dict[str, int] = {}
    for process in crowd:
        [ofOne] = told(process)
        assert isinstance(ofOne, dict)
        for reason, number in ofOne.items():
            reasons[reason] = reasons.get(reason, 0) + number
        process.communicate()
        assert process.returncode == 0
    assert reasons == {
        "never seen": 300,
        "retried too soon": 900,
        "waited long enough": 300,
        "passed before": 900,
    }
    store = SQLiteStore(path)
    assert set(dict(store.known()).values()) == {Record(NOW, NOW + 60, 4)}
    store.close()


def test_a_full_disk_is_an_error_that_names_the_file_and_passes(tmp_path: Path) -> None:
    path = str(tmp_path / "grey.db")
    process = asker(path, "fill")
    with process:
        given, reason = told(process)
        assert isinstance(given, int)
        assert given > 50
        assert f"the store {path} failed: " in str(reason)
        assert "make room" in str(reason) or "full" in str(reason)
        assert told(process) == [given, "retried too soon"]
    assert process.returncode == 0
