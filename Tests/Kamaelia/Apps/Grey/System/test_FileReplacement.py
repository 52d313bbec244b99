"""A file has its old text or its new one, and a writer that was killed leaves nothing for long."""

import subprocess
import sys
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.System.FileReplacement import replacementOf

WRITER = """
import sys
from Kamaelia.Apps.Grey.System.FileReplacement import replacementOf
with replacementOf(sys.argv[1]) as file:
    file.write("half")
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "backup"
    target.write_text("old")
    return target


def replace(target: Path, text: str) -> None:
    with replacementOf(str(target)) as file:
        file.write(text)


def writerOf(target: Path) -> "subprocess.Popen[str]":
    """Start a process that has written one half of its text."""
    words = [sys.executable, "-c", WRITER, str(target)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    writer = subprocess.Popen(words, text=True, **pipes)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "begun\n"
    return writer


def test_a_writer_that_fails_leaves_the_old_text_and_nothing_else(target: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        replace(target, "half \ud800")  # a lone surrogate has no UTF-8
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


def test_the_part_of_a_killed_writer_is_removed_by_the_next_one(target: Path) -> None:
    with writerOf(target) as writer:
        writer.kill()
    assert len(list(target.parent.iterdir())) == 2
    replace(target, "new")
    assert target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


def test_the_part_of_a_writer_that_still_writes_is_kept(target: Path) -> None:
    with writerOf(target) as writer:
        replace(target, "new")
        assert len(list(target.parent.iterdir())) == 2
        writer.communicate()
    assert target.read_text() == "half"
    assert list(target.parent.iterdir()) == [target]


def test_files_that_only_look_like_a_part_are_kept(target: Path) -> None:
    others = [f"{target}.part", f"{target}.12345678.par", f"{target}2.12345678.part"]
    for other in others:
        Path(other).touch()
    (link := Path(f"{target}.abcdefgh.part")).symlink_to(others[0])
    (folder := Path(f"{target}.hgfedcba.part")).mkdir()
    replace(target, "new")
    assert all(Path(each).exists() for each in [*others, link, folder])
