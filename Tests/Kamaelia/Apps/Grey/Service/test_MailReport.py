"""The command report: which files it reads, and what it prints."""

import gzip
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Service.Command import main

NOW = time.time()
Shown = pytest.CaptureFixture[str]


def mail(ago: float, client: str, **verdict: Any) -> bytes:
    to = [{"address": "c@d.example", **verdict}]
    common = {"event": "mail", "sender": "ann@b.example", "recipients": to}
    return json.dumps({"time": NOW - ago, "client": client, **common}).encode() + b"\n"


def deferred(ago: float, client: str) -> bytes:
    return mail(ago, client, verdict="deferred", reason="never seen", wait=300)


def accepted(ago: float, client: str) -> bytes:
    return mail(ago, client, verdict="accepted", reason="waited long enough", delay=600)


@pytest.fixture
def configuration(tmp_path: Path) -> list[str]:
    log = tmp_path / "mails.json"
    settings = f'[policy]\naddresses = ["127.0.0.1:0"]\n[log]\njsonlogfile = "{log}"\n'
    (tmp_path / "grey.toml").write_text(settings)
    return ["-c", str(tmp_path / "grey.toml")]


def rows(shown: str) -> dict[str, list[str]]:
    """The cells of each row after its name."""
    lines = [line.strip() for line in shown.splitlines() if line.strip()]
    cells = [[cell for cell in line.split("  ") if cell.strip()] for line in lines]
    return {first.strip(): [cell.strip() for cell in rest] for first, *rest in cells if rest}


def test_the_report_is_of_the_configured_log(
    configuration: list[str], tmp_path: Path, capsys: Shown
) -> None:
    lines = [
        deferred(1000, "192.0.2.7"),
        deferred(1000, "198.51.100.7"),
        accepted(400, "192.0.2.8"),
        b"no JSON\n",
    ]
    (tmp_path / "mails.json").write_bytes(b"".join(lines))
    assert main(["report", *configuration]) == 0
    shown = rows(capsys.readouterr().out)
    assert shown["deferred at the first attempt"] == ["2", "66.7 %"]
    assert shown["delayed: accepted later"] == ["1", "50.0 %"]
    assert shown["still open"] == ["1", "50.0 %"]
    assert shown["damaged lines"] == ["1"]
    assert shown["median delay"] == ["10.0 min"]
    assert shown["192.0.2.0/24"] == ["1", "0", "1", "0"]
    assert shown["b.example"] == ["2", "0", "1", "1"]
    assert shown["never seen"] == ["2", "0", "1", "1"]


def test_rotated_files_come_first_and_older_mails_can_be_left_out(
    configuration: list[str], tmp_path: Path, capsys: Shown
) -> None:
    old, new = tmp_path / "mails.json.1.gz", tmp_path / "mails.json"
    new.write_bytes(accepted(400, "192.0.2.7") + deferred(300, "203.0.113.1"))
    old.write_bytes(gzip.compress(deferred(1000, "192.0.2.7") + deferred(9e5, "192.0.3.1")))
    os.utime(old, (NOW - 500, NOW - 500))
    files = [str(new), str(old)]
    assert main(["report", *files, *configuration, "--since", "1d", "--most", "1"]) == 0
    shown = capsys.readouterr().out
    assert rows(shown)["delayed: accepted later"] == ["1", "50.0 %"]
    assert "... and 1 more" in shown


@pytest.mark.parametrize("spoil", ["cut", "no gzip", "changed"])
def test_a_damaged_compressed_file_counts_as_a_line_and_others_are_read(
    configuration: list[str], tmp_path: Path, capsys: Shown, spoil: str
) -> None:
    bad, good = tmp_path / "mails.json.1.gz", tmp_path / "mails.json"
    good.write_bytes(deferred(300, "203.0.113.1"))
    whole = gzip.compress(deferred(1000, "192.0.2.7"))
    changed = whole[:12] + bytes(each ^ 0xFF for each in whole[12:])
    bad.write_bytes({"cut": whole[:-20], "no gzip": b"{}\n", "changed": changed}[spoil])
    assert main(["report", str(bad), str(good), *configuration]) == 0
    shown = rows(capsys.readouterr().out)
    assert shown["damaged lines"] == ["1"]
    assert shown["deferred at the first attempt"][0] in ("1", "2")


def test_a_dry_run_has_words_of_its_own(
    configuration: list[str], tmp_path: Path, capsys: Shown
) -> None:
    dry = mail(9, "192.0.2.7", verdict="accepted", reason="dry run: never seen", wait=300)
    (tmp_path / "mails.json").write_bytes(dry)
    assert main(["report", *configuration]) == 0
    assert rows(capsys.readouterr().out)["would have been deferred"] == ["1", "100.0 %"]


def test_without_a_log_the_report_says_what_is_missing(tmp_path: Path, capsys: Shown) -> None:
    (tmp_path / "grey.toml").write_text('[policy]\naddresses = ["127.0.0.1:0"]\n')
    assert main(["report", "-c", str(tmp_path / "grey.toml")]) == 1
    assert "set jsonlogfile in [log], or name files" in capsys.readouterr().err
