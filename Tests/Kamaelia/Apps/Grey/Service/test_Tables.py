"""Tables for a person: what they show, and what they show nothing of."""

import subprocess
import sys
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.Service import Tables
from Kamaelia.Apps.Grey.Stores import Counts, StoreEntry
from Kamaelia.Support.Greylist.Rules import Record, Regular, Triple
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, ROOT

Shown = pytest.CaptureFixture[str]


def known(count: int) -> list[tuple[Triple, Record]]:
    return [(Triple("192.0.2.0/24", f"a{each}@b", "c@d"), Record(0.0)) for each in range(count)]


@pytest.mark.parametrize(
    ("most", "rows", "rest"), [(2, 2, "... and 3 more"), (0, 5, ""), (5, 5, "")]
)
def test_so_many_triples_are_shown_and_the_rest_is_counted(
    capsys: Shown, most: int, rows: int, rest: str
) -> None:
    Tables.triples(known(5), most)
    shown = capsys.readouterr().out
    assert shown.count("192.0.2.0/24") == rows
    assert ("more" in shown) == bool(rest)
    assert rest in shown


def test_that_nothing_is_known_is_said(capsys: Shown) -> None:
    Tables.triples([], 10)
    assert capsys.readouterr().out == "There are no triples.\n"


def test_the_words_of_strangers_are_shown_as_they_are(capsys: Shown) -> None:
    Tables.triples([(Triple("192.0.2.1", "[red]a\x1b[2J", "[/nothing]"), Record(0.0))], 10)
    shown = capsys.readouterr().out
    assert "[red]a\\x1b[2J" in shown
    assert "[/nothing]" in shown
    assert "\x1b" not in shown


def test_entries_whose_time_is_over_are_not_shown(capsys: Shown) -> None:
    entries = [
        StoreEntry("allow", "client", "192.0.2.1", "a friend"),
        StoreEntry("deny", "sender", "@x", "", 9),
    ]
    Tables.entries(entries, now=10.0)
    shown = capsys.readouterr().out
    assert "a friend" in shown
    assert "@x" not in shown


def test_regulars_are_shown_with_their_triples(capsys: Shown) -> None:
    Tables.regulars([("192.0.2.0/24", Regular(7, 0.0))])
    assert capsys.readouterr().out.split()[-4:-2] == ["192.0.2.0/24", "7"]


def test_shares_are_of_all_that_were_decided(capsys: Shown) -> None:
    counters = {"sessions": 9, "mails/deferred": 3, "mails/accepted": 1, "expired": 2}
    Tables.stats(counters | {"recipients/deferred/never seen": 3}, Counts(1, 1, 0))
    shown = {" ".join(words[:-3]): words[-3:] for words in _rows(capsys.readouterr().out)}
    assert shown["mails deferred"] == ["3", "75.0", "%"]
    assert shown["triples expired"] == ["2", "50.0", "%"]
    assert shown["recipients deferred never seen"] == ["3", "100.0", "%"]


def _rows(shown: str) -> list[list[str]]:
    return [line.split() for line in shown.splitlines() if line.endswith("%  ")]


def test_nothing_yet_is_a_table_of_nothing(capsys: Shown) -> None:
    Tables.stats({}, Counts(0, 0, 0))
    assert "sessions" in capsys.readouterr().out


def test_without_rich_only_tables_are_missing_and_that_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "grey.toml"
    store = f'[store]\nurl = "sqlite:{tmp_path}/grey.db"\n'
    file.write_text(f"[forward]\nallowed_domains = []\n[greylist]\nlarge_senders = false\n{store}")
    program = "import sys; sys.modules['rich'] = None;"
    program += "from Kamaelia.Apps.Grey.Service.Command import main;"
    done = {
        name: subprocess.run(
            [sys.executable, "-c", f"{program} sys.exit(main(['{name}', '-c', '{file}']))"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        for name in ("check", "stats")
    }
    assert done["check"].returncode == 0, done["check"].stderr
    assert done["stats"].returncode == 1
    assert done["stats"].stderr.startswith("kamaelia-grey: tables require rich, which is missing")
