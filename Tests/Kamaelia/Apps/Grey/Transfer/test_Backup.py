"""What a store exports is what another one imports; anything else is refused as a whole."""

import io
import json
import os
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Apps.Grey.Service.Command import main
from Kamaelia.Apps.Grey.Service.Transfers import export
from Kamaelia.Apps.Grey.Stores import Store, StoreEntry, openStore
from Kamaelia.Apps.Grey.Stores.Memory import MemoryStore
from Kamaelia.Apps.Grey.Transfer.Backup import BadBackup, itemsOf, restore, write
from Kamaelia.Support.Greylist.Rules import Record, Regular, Rules, Triple

RULES = Rules(client_passes=5)
TRIPLES = {
    Triple("192.0.2.0/24", "ann@b.example", "c@d.example"): Record(1.5, 1000.25, 7),
    Triple("spf:b.example", "<>", '"odd \\\\ [] \u00e9"@d.example'): Record(1.7e9),
}
CLIENTS = {"192.0.2.0/24": Regular(7, 1000.25), "spf:b.example": Regular(1, 5.0)}
ENTRIES = [
    StoreEntry("allow", "client", "198.51.100.0/24", "the bank"),
    StoreEntry("deny", "sender", "@spam.example", until=4e9),
]


def filled() -> Store:
    store = MemoryStore()
    store.remember(TRIPLES.items(), RULES)
    store.rememberClients(CLIENTS.items(), RULES)
    for entry in ENTRIES:
        store.addEntry(entry)
    return store


def isFilled(store: Store) -> bool:
    known = (dict(store.known()), dict(store.regulars()))
    return known == (TRIPLES, CLIENTS) and sorted(store.entries()) == sorted(ENTRIES)


FILE = io.StringIO()
assert write(FILE, filled()) == 6
WHOLE = FILE.getvalue().splitlines(True)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_what_is_exported_is_imported(kind: str, tmp_path: Path) -> None:
    store = openStore({"memory": "memory:", "sqlite": f"sqlite:{tmp_path / 'grey.db'}"}[kind])
    for _ in range(2):  # to import again changes nothing
        assert restore(io.StringIO("".join(WHOLE)), store, RULES) == 6
        assert isFilled(store)
    store.close()


def test_the_commands_write_and_read_a_file_that_others_may_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup"
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        settings = f'[policy]\naddresses = ["127.0.0.1:0"]\n[store]\nurl = "sqlite:{folder}/g.db"\n'
        (tmp_path / f"{name}.toml").write_text(settings)
    with_one, with_two = (["-c", str(tmp_path / f"{name}.toml")] for name in ("one", "two"))
    store = openStore(f"sqlite:{tmp_path}/one/g.db")
    restore(io.StringIO("".join(WHOLE)), store, RULES)
    store.close()
    assert main(["export", str(backup), *with_one]) == 0
    assert backup.stat().st_mode & 0o777 == 0o600
    assert capsys.readouterr().out == f"6 records were written to {backup}.\n"
    assert not list(tmp_path.glob("backup?*"))
    assert main(["import", "--backup", str(backup), *with_two]) == 0
    assert capsys.readouterr().out == "6 records were imported.\n"
    store = openStore(f"sqlite:{tmp_path}/two/g.db")
    assert isFilled(store)
    store.close()
    assert main(["export", *with_two]) == 0
    assert sorted(capsys.readouterr().out.splitlines(True)) == sorted(WHOLE)


def test_nothing_is_imported_into_a_store_that_ends_with_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "grey.toml"
    file.write_text('[policy]\naddresses = ["127.0.0.1:0"]\n[store]\nurl = "memory:"\n')
    assert main(["import", "--backup", str(file), "-c", str(file)]) == 1
    assert "a store in memory ends with this command" in capsys.readouterr().err


def test_an_export_does_not_depend_on_the_encoding_of_standard_output() -> None:
    assert "\u00e9" in "".join(part for triple in TRIPLES for part in triple)
    assert "".join(WHOLE).isascii()


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"\xe9", "line 2 is not a line of a backup"),
        (b'{"client": "\xe9", "passes": 1, "last": 1}', "line 2 is not a line of a backup"),
    ],
)
def test_a_backup_that_is_not_UTF8_is_refused_with_the_number_of_the_line(
    octets: bytes, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "backup"
    backup.write_bytes(WHOLE[0].encode() + octets + b'\n{"records": 1}\n')
    assert importInto(tmp_path, backup) == 1
    assert reason in capsys.readouterr().err


def test_a_backup_is_not_read_from_a_pipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    assert importInto(tmp_path, Path(f"/dev/fd/{reading}")) == 1
    os.close(reading)
    assert "is read twice: write it to a file first" in capsys.readouterr().err


def importInto(folder: Path, backup: Path) -> int:
    file = folder / "grey.toml"
    file.write_text('[policy]\naddresses = ["127.0.0.1:0"]\n')
    store = f"sqlite:{folder / 'grey.db'}"
    return main(["import", "--backup", str(backup), "-c", str(file), "--store", store])


def test_an_export_that_fails_leaves_the_last_one(tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    backup.write_text("the last one")
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"?" * 4096)
    assert main(["export", str(backup), "--store", f"sqlite:{bad}"]) == 1
    assert backup.read_text() == "the last one"


def test_two_exports_to_a_file_at_a_time_do_not_mix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other export has written half of the records when the first one ends."""
    backup, store = tmp_path / "backup", filled()
    backup.write_text("the last one")
    options, regulars, seen = Namespace(file=str(backup)), store.regulars, []

    def afterAnother() -> Iterator[tuple[str, Regular]]:
        if not seen:
            seen.append("")
            export(options, store)
            seen.append(backup.read_text())
        return regulars()

    monkeypatch.setattr(store, "regulars", afterAnother)
    export(options, store)
    assert seen[1] == backup.read_text() == "".join(WHOLE)
    assert list(tmp_path.iterdir()) == [backup]


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_an_export_replaces_nothing_but_a_file(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "target"
    if kind == "pipe":
        os.mkfifo(target)
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to("/dev/null")
    before = target.lstat()
    assert main(["export", str(target), "--store", f"sqlite:{tmp_path / 'grey.db'}"]) == 1
    assert "target is not a regular file" in capsys.readouterr().err
    assert target.lstat() == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [],
        lambda lines: lines[1:],
        lambda lines: lines[:-1],
        lambda lines: lines[:2] + lines[3:],
        lambda lines: [*lines, lines[1]],
        lambda lines: [lines[0].replace("1", "2"), *lines[1:]],
        lambda lines: [lines[0], lines[1][:-20], *lines[2:]],
    ],
)
def test_a_damaged_backup_changes_nothing(spoil: Callable[[list[str]], list[str]]) -> None:
    store = MemoryStore()
    with pytest.raises(BadBackup, match=r"line \d+"):
        restore(io.StringIO("".join(spoil(WHOLE))), store, RULES)
    assert dict(store.known()) == dict(store.regulars()) == {}
    assert store.entries() == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["triple", "client", "seen", "passed", "passes", "last", "verdict", "kind", "what", "note"]
)


@given(st.dictionaries(NAMES, VALUES) | VALUES)
def test_a_line_of_anything_is_a_record_or_refused(record: Any) -> None:
    lines = [WHOLE[0], json.dumps(record) + "\n", '{"records": 1}\n']
    with suppress(BadBackup):
        (item,) = itemsOf(lines)
        assert isinstance(item, tuple)
