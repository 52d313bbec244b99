"""Append writes messages to the end of a file."""

from pathlib import Path
from typing import Any

import pytest

from Axon.Ipc import shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.Append import Append
from Tests.Kamaelia.File.sinks import SlowConsumer, errorOf
from Tests.Kamaelia.File.test_Writing import Source

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


def test_a_file_that_cannot_be_written_is_an_error_on_signal(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "log", tmp_path, "/dev/full"):
        outcome = feed(Append(filename=path), inbox=["x"])
        assert str(path) in errorOf(outcome["signal"][0])
        assert outcome["outbox"] == []


def test_a_message_that_is_no_text_is_an_error_and_the_others_are_written(tmp_path: Path) -> None:
    outcome = feed(Append(filename=tmp_path / "log"), inbox=["a", 3, "b"])
    assert [error.message for error in outcome["error"]] == [3]
    assert outcome["outbox"] == ["a", "b"]
    assert (tmp_path / "log").read_text() == "ab"


def test_without_hold_open_the_file_may_be_moved_away(tmp_path: Path) -> None:
    file, moved = tmp_path / "log", tmp_path / "moved"
    append = Append(filename=file, hold_open=False)

    def move(outcome: Any) -> bool:
        if outcome["outbox"] == ["one"]:
            file.rename(moved)
            append.deliver("two")
            append.deliver("enough", "control")
        return False

    feed(append, inbox=["one"], control=[], until=move)
    assert (moved.read_text(), file.read_text()) == ("one", "two")


def test_a_slow_consumer_slows_it(tmp_path: Path) -> None:
    consumer = SlowConsumer()
    consumer.setInboxSize("inbox", 1)
    Pipeline(Source(["a", "b", "c"]), Append(filename=tmp_path / "log"), consumer).run()
    assert (consumer.taken, consumer.mostWaiting) == (["a", "b", "c"], 1)


def test_shutdownMicroprocess_ends_it_and_is_passed_on(tmp_path: Path) -> None:
    order = shutdownMicroprocess()
    assert feed(Append(filename=tmp_path / "log"), control=[order])["signal"] == [order]
