"""What the historical greylisting left behind, in all the ways it may have been left."""

import base64
import dbm
import dbm.dumb
import importlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.Stores import StoreFailed
from Kamaelia.Apps.Grey.Stores.Dbm import readDbm
from Kamaelia.Apps.Grey.Stores.Memory import MemoryStore
from Kamaelia.Support.Greylist.Rules import Record, Rules, Triple

ONE = ("192.0.2.1", "<a@example.com>", "<b@example.org>")
TWO = ("192.0.2.1", "<it's \\ \u00e9@example.com>", "<b@example.org>")
THREE = ("2001:db8::1", "<>", "<b@example.org>")
GREYLISTED = {repr(ONE): "1700000100.25"}
ATTEMPTERS = {repr(ONE): "1700000000.5", repr(TWO): "1700000200.0", repr(THREE): "1700000300"}
RIGHT = {
    Triple(*ONE): Record(1700000000.5, 1700000100.25, 1),
    Triple(*TWO): Record(1700000200.0),
    Triple(*THREE): Record(1700000300.0),
}

Pairs = dict[str, str]


def writeAs(kind: str) -> Callable[[str, Pairs], None]:
    def write(path: str, pairs: Pairs) -> None:
        with importlib.import_module(f"dbm.{kind}").open(path, "c") as file:
            for key, value in pairs.items():
                file[key] = value

    return write


def writeAsPrint(path: str, pairs: Pairs) -> None:
    """As db_dump -p does."""

    def escaped(text: str) -> str:
        octets = (chr(octet) for octet in text.encode())
        return "".join(
            "\\\\" if sign == "\\" else sign if " " <= sign <= "~" else f"\\{ord(sign):02x}"
            for sign in octets
        )

    lines = [f" {escaped(part)}" for pair in pairs.items() for part in pair]
    head = ["VERSION=3", "format=print", "type=hash", "db_pagesize=4096", "HEADER=END"]
    Path(path).write_text("\n".join([*head, *lines, "DATA=END", ""]))


def writeAsBytes(path: str, pairs: Pairs) -> None:
    """As db_dump does."""
    lines = [f" {part.encode().hex()}" for pair in pairs.items() for part in pair]
    head = ["VERSION=3", "format=bytevalue", "type=hash", "HEADER=END"]
    Path(path).write_text("\n".join([*head, *lines, "DATA=END", ""]))


def writeAsGnu(path: str, pairs: Pairs) -> None:
    """As gdbm_dump does."""
    lines = ["# GDBM dump file created by a test", "#:version=1.1", "#:format=standard"]
    lines.append("# End of header")
    for pair in pairs.items():
        for part in pair:
            text = base64.encodebytes(part.encode()).decode().rstrip("\n")
            lines += [f"#:len={len(part.encode())}", text]
    Path(path).write_text("\n".join([*lines, f"#:count={len(pairs)}", "# End of data", ""]))


WRITERS = {
    "dumb": writeAs("dumb"),
    "gnu": writeAs("gnu"),
    "ndbm": writeAs("ndbm"),
    "print": writeAsPrint,
    "bytes": writeAsBytes,
    "gnutext": writeAsGnu,
}


@pytest.fixture(params=list(WRITERS))
def write(request: pytest.FixtureRequest) -> Callable[[str, Pairs], None]:
    if request.param in ("gnu", "ndbm"):
        pytest.importorskip(f"dbm.{request.param}", reason="this Python was built without")
    return WRITERS[request.param]


def test_both_files_are_one_memory(write: Callable[[str, Pairs], None], tmp_path: Path) -> None:
    greylisted, attempters = str(tmp_path / "greylisted.dbm"), str(tmp_path / "attempters.dbm")
    write(greylisted, GREYLISTED)
    write(attempters, ATTEMPTERS)
    found = readDbm(greylisted, attempters)
    assert (found.records, found.read, found.damaged) == (RIGHT, 4, 0)
    store = MemoryStore()
    assert store.remember(found.records.items(), Rules()) == 3
    assert store.decide(Triple(*ONE), Rules(), 1700000200.0).reason == "passed before"


def test_one_file_is_enough(tmp_path: Path) -> None:
    writeAsPrint(str(tmp_path / "one"), GREYLISTED)
    found = readDbm(str(tmp_path / "one"), None)
    assert found.records == {Triple(*ONE): Record(1700000100.25, 1700000100.25, 1)}
    assert readDbm(None, str(tmp_path / "one")).records == {Triple(*ONE): Record(1700000100.25)}


def test_either_half_of_a_file_in_two_may_be_named(tmp_path: Path) -> None:
    path = str(tmp_path / "greylisted.dbm")
    writeAs("dumb")(path, GREYLISTED)
    for name in (path, path + ".dat", path + ".dir"):
        assert readDbm(name, None).read == 1


def test_triples_are_renamed_and_meet_under_the_new_name(tmp_path: Path) -> None:
    path = str(tmp_path / "attempters.dbm")
    writeAs("dumb")(path, ATTEMPTERS)

    def rename(client: str, sender: str, recipient: str) -> Triple:
        return Triple("192.0.2.0/24", "", recipient.upper())

    found = readDbm(None, path, rename)
    assert found.records == {Triple("192.0.2.0/24", "", "<B@EXAMPLE.ORG>"): Record(1700000300.0)}
    assert found.read == 3


DAMAGED = {
    "": "1",
    "('a', 'b')": "1",
    "('a', 'b', 'c', 'd')": "1",
    "('a', 'b', 3)": "1",
    "['a', 'b', 'c']": "1",
    "__import__('os').abort()": "1",
    "(" * 3000: "1",
    "('a', 'b', '" + "c" * 5000 + "')": "1",
    "('a', 'b', '\\udcff')": "1",
    "('a', 'b', 'time')": "yesterday",
    "('a', 'b', 'nan')": "nan",
    "('a', 'b', 'inf')": "inf",
    "('a', 'b', 'minus')": "-1",
    "('a', 'b', 'empty')": "",
}


def test_garbage_is_counted_and_left_out(
    write: Callable[[str, Pairs], None], tmp_path: Path
) -> None:
    path = str(tmp_path / "greylisted.dbm")
    write(path, DAMAGED | GREYLISTED)
    found = readDbm(path, None)
    assert (found.read, found.damaged) == (1, len(DAMAGED))


@pytest.mark.parametrize("writer", [writeAsPrint, writeAsBytes, writeAsGnu])
def test_no_damage_to_a_text_ends_the_reading(
    writer: Callable[[str, Pairs], None], tmp_path: Path
) -> None:
    path = tmp_path / "text"
    writer(str(path), ATTEMPTERS)
    whole = path.read_bytes()
    chance = random.Random(1)
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 5)):
            content[chance.randrange(16, len(content))] = chance.randrange(256)
        path.write_bytes(content[: chance.randrange(16, len(content))])
        found = readDbm(str(path), None)
        assert 0 <= found.read + found.damaged < 50


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"none\.dbm cannot be read as a dbm file: .*exist"):
        readDbm(str(tmp_path / "none.dbm"), None)


def test_a_file_of_another_kind_is_an_error_that_says_what_helps(tmp_path: Path) -> None:
    path = tmp_path / "greylisted.dbm"
    path.write_bytes(bytes(12) + b"\x61\x15\x06\x00" + bytes(8000))  # Berkeley DB
    with pytest.raises(StoreFailed, match=r"greylisted\.dbm cannot be read .* `db_dump -p"):
        readDbm(str(path), None)


@pytest.mark.parametrize(
    "line",
    ["'key' and no more", "'key', 5", "'key', ('x', 'y')", f"'key', (0, {10**30})", "5, (0, 1)"],
)
def test_a_folder_of_dumb_files_that_is_damaged_is_an_error(line: str, tmp_path: Path) -> None:
    path = str(tmp_path / "greylisted.dbm")
    writeAs("dumb")(path, GREYLISTED)
    Path(path + ".dir").write_text(f"'a', (0, 1)\n{line}\n")
    assert dbm.whichdb(path) == "dbm.dumb"
    with pytest.raises(StoreFailed, match=r"greylisted\.dbm cannot be read"):
        readDbm(path, None)
