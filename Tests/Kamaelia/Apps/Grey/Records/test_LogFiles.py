"""Log files that stay open: moved away, shared, full, and never too many."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.Records import LogFiles
from Kamaelia.Apps.Grey.Records.LogFiles import AGAIN, MOST, append, note
from Tests.Kamaelia.Apps.Grey.programs import ROOT

LINES = 2000


@pytest.fixture(autouse=True)
def _nothingIsLeftOpen() -> Iterator[None]:
    yield
    LogFiles.closeAll()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Turns the time on."""
    now = [1000.0]
    monkeypatch.setattr(LogFiles, "monotonic", lambda: now[0])

    def turn(seconds: float) -> None:
        now[0] += seconds

    return turn


def opened() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_each_line_is_in_the_file_when_append_returns(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("before\n")
    for number in range(3):
        append(str(file), f"line {number}")
        assert file.read_text().splitlines()[-1] == f"line {number}"
    assert file.read_text() == "before\nline 0\nline 1\nline 2\n"


def test_a_file_stays_open_from_one_line_to_the_next(tmp_path: Path) -> None:
    append(str(tmp_path / "log"), "one")
    before = opened()
    append(str(tmp_path / "log"), "two")
    assert opened() == before
    descriptor = LogFiles._open[str(tmp_path / "log")].descriptor
    assert os.path.samestat(os.fstat(descriptor), (tmp_path / "log").stat())


def test_soon_after_a_rotation_lines_go_into_a_new_file(
    tmp_path: Path, later: Callable[[float], None]
) -> None:
    file = tmp_path / "log"
    append(str(file), "old")
    file.rename(tmp_path / "log.1")
    append(str(file), "last")
    for _ in range(2):
        later(AGAIN)
        append(str(file), "new")
    assert (tmp_path / "log.1").read_text() == "old\nlast\n"
    assert file.read_text() == "new\nnew\n"


def test_a_deleted_file_is_created_again(tmp_path: Path, later: Callable[[float], None]) -> None:
    file = tmp_path / "log"
    for word in ("old", "new"):
        append(str(file), word)
        assert file.read_text() == f"{word}\n"
        file.unlink()
        later(AGAIN)


def test_another_file_in_the_place_of_the_first_gets_the_lines_soon(
    tmp_path: Path, later: Callable[[float], None]
) -> None:
    file = tmp_path / "log"
    append(str(file), "old")
    (tmp_path / "other").write_text("other\n")
    (tmp_path / "other").replace(file)
    later(AGAIN)
    append(str(file), "new")
    assert file.read_text() == "other\nnew\n"


def test_a_file_that_was_emptied_in_its_place_goes_on_from_its_start(tmp_path: Path) -> None:
    file = tmp_path / "log"
    append(str(file), "old")
    os.truncate(file, 0)
    append(str(file), "new")
    assert file.read_bytes() == b"new\n"


def test_a_relative_name_means_the_folder_of_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: Callable[[float], None]
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        later(AGAIN)
        append("log", name)
    assert [(tmp_path / name / "log").read_text() for name in "ab"] == ["a\n", "b\n"]


def test_what_no_file_can_hold_is_written_as_an_escape(tmp_path: Path) -> None:
    append(str(tmp_path / "log"), "caf\u00e9 \udcff")
    assert (tmp_path / "log").read_bytes() == b"caf\xc3\xa9 \\udcff\n"


def test_many_names_do_not_use_many_descriptors(tmp_path: Path) -> None:
    before = opened()
    for number in range(3 * MOST):
        append(str(tmp_path / str(number)), "line")
    assert opened() == before + MOST
    append(str(tmp_path / "0"), "again")
    assert (tmp_path / "0").read_text() == "line\nagain\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="has no /dev/full")
def test_a_full_disk_is_an_error_each_time_and_leaves_nothing_open() -> None:
    before = opened()
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            append("/dev/full", "line")
    assert opened() == before


def test_a_folder_that_is_missing_is_an_error_until_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "log"
    with pytest.raises(FileNotFoundError):
        append(str(file), "lost")
    file.parent.mkdir()
    append(str(file), "kept")
    assert file.read_text() == "kept\n"


def appendMany(file: str, word: str) -> None:
    for _ in range(LINES):
        append(file, word * 100)


def test_lines_of_several_processes_stay_whole(tmp_path: Path) -> None:
    file = tmp_path / "log"
    append(str(file), "first")  # open in all of them
    processes = [
        get_context("fork").Process(target=appendMany, args=(str(file), word)) for word in "ab"
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    lines = file.read_text().splitlines()
    assert sorted(set(lines)) == ["a" * 100, "b" * 100, "first"]
    assert len(lines) == 2 * LINES + 1


def test_a_line_that_cannot_be_written_is_said_once_until_one_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "log"
    file.mkdir()
    for _ in range(3):
        note(str(file), "lost")
    assert len(caplog.records) == 1
    assert str(file) in caplog.records[0].getMessage()
    file.rmdir()
    note(str(file), "written")
    assert file.read_text() == "written\n"
    LogFiles.closeAll()
    file.unlink()
    file.mkdir()
    note(str(file), "lost")
    assert len(caplog.records) == 2


FULL_DISK = """
import resource, sys
from Kamaelia.Apps.Grey.Records.LogFiles import append
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
append(sys.argv[1], "first")
resource.setrlimit(resource.RLIMIT_FSIZE, (15, limit[1]))
for line in ("cut off in the middle", "lost"):
    try:
        append(sys.argv[1], line)
    except OSError:
        continue
    raise AssertionError(line)
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
append(sys.argv[1], "next")
append(sys.argv[1], "last")
"""


def test_the_line_after_a_full_disk_begins_on_a_new_line(tmp_path: Path) -> None:
    file = tmp_path / "log"
    subprocess.run([sys.executable, "-c", FULL_DISK, str(file)], check=True, timeout=60, cwd=ROOT)
    assert file.read_text() == "first\ncut off i\nnext\nlast\n"


def test_a_log_that_an_earlier_process_left_in_the_middle_of_a_line_is_continued_on_a_new_one(
    tmp_path: Path,
) -> None:
    file = tmp_path / "log"
    file.write_text("killed while it wr")
    append(str(file), "next")
    append(str(file), "last")
    assert file.read_text() == "killed while it wr\nnext\nlast\n"


def test_a_log_that_may_be_written_but_not_read_is_written(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    try:
        append(f"/dev/fd/{writer}", "line")
        assert os.read(reader, 100) == b"line\n"
    finally:
        LogFiles.closeAll()
        os.close(reader)
        os.close(writer)


def test_a_new_log_is_not_for_all_to_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        append(str(tmp_path / "log"), "who wrote to whom")
    finally:
        os.umask(before)
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o640
