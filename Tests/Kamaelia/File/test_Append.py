"""Append writes messages to the end of a file."""

from pathlib import Path

import pytest

from Axon.testing import feed
from Kamaelia.File.Append import Append

MESSAGES = ["one\n", b"two\n", "drei\N{LATIN SMALL LETTER SHARP S}\n"]
WRITTEN = "one\ntwo\ndrei\N{LATIN SMALL LETTER SHARP S}\n".encode()


@pytest.mark.parametrize("hold_open", [True, False])
def test_text_and_bytes_are_appended_and_forwarded(tmp_path: Path, hold_open: bool) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"before\n")
    outcome = feed(Append(filename=file, hold_open=hold_open), inbox=MESSAGES)
    assert file.read_bytes() == b"before\n" + WRITTEN
    assert outcome["outbox"] == MESSAGES


def test_blat_file_empties_the_file_and_forwarder_False_sends_nothing(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"before\n")
    outcome = feed(Append(filename=file, blat_file=True, forwarder=False), inbox=MESSAGES)
    assert file.read_bytes() == WRITTEN
    assert outcome["outbox"] == []


def test_any_message_on_control_ends_it_and_is_passed_on(tmp_path: Path) -> None:
    outcome = feed(Append(filename=tmp_path / "log"), inbox=["x"], control=["enough"])
    assert outcome["signal"] == ["enough"]
    assert (tmp_path / "log").read_text() == "x"


def test_a_missing_filename_is_an_error() -> None:
    with pytest.raises(ValueError, match="filename"):
        Append()


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        feed(Append(filename=tmp_path / "no" / "log"), inbox=["x"])


def test_without_hold_open_the_file_may_be_moved_away(tmp_path: Path) -> None:
    file, moved = tmp_path / "log", tmp_path / "moved"
    append = Append(filename=file, hold_open=False)
    append.writeChunk("one")
    file.rename(moved)
    append.writeChunk("two")
    assert (moved.read_text(), file.read_text()) == ("one", "two")
