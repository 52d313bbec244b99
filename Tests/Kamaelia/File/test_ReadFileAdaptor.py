"""ReadFileAdaptor: files, standard input and commands, at a rate or not."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import Kamaelia.ReadFileAdaptor
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Axon.Timers import VirtualClock
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.ReadFileAdaptor import ReadFileAdaptor
from Tests.Kamaelia.File.conftest import TEXT
from Tests.Kamaelia.File.sinks import SlowConsumer, errorOf
from Tests.Kamaelia.File.test_UnixProcess import ENDLESS, _feedUntilOutput

LINES = [line.encode() for line in TEXT.splitlines(keepends=True)]


@pytest.mark.parametrize("readmode", ["", "line"])
def test_a_file_is_read_line_by_line(file: Path, readmode: str) -> None:
    outcome = feed(ReadFileAdaptor(file, readmode=readmode))
    assert outcome["outbox"] == LINES
    assert isinstance(outcome["signal"][0], producerFinished)
    assert outcome["signal"][0].message is None


@pytest.mark.parametrize("readmode", ["block", "another"])
def test_a_file_is_read_in_blocks(file: Path, readmode: str) -> None:
    outcome = feed(ReadFileAdaptor(str(file), readmode=readmode, readsize=6))
    content = TEXT.encode()
    assert outcome["outbox"] == [content[at : at + 6] for at in range(0, len(content), 6)]


def test_a_step_lasts_steptime_seconds(file: Path, virtualClock: VirtualClock) -> None:
    assert feed(ReadFileAdaptor(file, readmode="line", steptime=10))["outbox"] == LINES
    assert virtualClock.now() == pytest.approx(10 * (len(LINES) + 1))


def test_a_bitrate_is_kept_in_chunkrate_steps_per_second(
    file: Path, virtualClock: VirtualClock
) -> None:
    outcome = feed(ReadFileAdaptor(file, readmode="bitrate", bitrate=64, chunkrate=2))
    assert {len(block) for block in outcome["outbox"][:-1]} == {4}
    assert virtualClock.now() == pytest.approx((len(outcome["outbox"]) + 1) / 2)


@pytest.mark.parametrize(
    "settings",
    [
        {"readmode": "bitrate", "bitrate": 0},
        {"readmode": "bitrate", "chunkrate": 0},
        {"readmode": "bitrate", "bitrate": 8, "chunkrate": 10},
        {"readmode": "block", "readsize": 0},
        {"steptime": -1},
    ],
)
def test_sizes_and_rates_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ReadFileAdaptor("x", **settings)


def test_a_file_that_cannot_be_read_is_an_error_on_signal(unusable: tuple[str, str]) -> None:
    path, reason = unusable
    assert reason in errorOf(feed(ReadFileAdaptor(path))["signal"][0])


def test_the_output_of_a_command_is_read() -> None:
    outcome = feed(ReadFileAdaptor(command="echo one; echo two; printf end"))
    assert outcome["outbox"] == [b"one\n", b"two\n", b"end"]
    assert outcome["signal"][0].message is None


def test_a_command_that_fails_is_an_error_after_its_output() -> None:
    outcome = feed(ReadFileAdaptor(command="echo one; exit 4"))
    assert outcome["outbox"] == [b"one\n"]
    assert "exit status 4" in errorOf(outcome["signal"][0])


def test_a_command_that_cannot_be_started_is_an_error() -> None:
    outcome = feed(ReadFileAdaptor(command=["no-such-command"]))
    assert "no-such-command" in errorOf(outcome["signal"][0])


def test_shutdownMicroprocess_ends_the_reader_and_the_command() -> None:
    order = shutdownMicroprocess()
    outcome = _feedUntilOutput(ReadFileAdaptor(command=ENDLESS), order)
    assert outcome["signal"] == [order]


def test_a_slow_consumer_slows_the_reader(file: Path) -> None:
    consumer = SlowConsumer()
    consumer.setInboxSize("inbox", 1)
    Pipeline(ReadFileAdaptor(file), consumer, capacity=1).run()
    assert (consumer.taken, consumer.mostWaiting) == (LINES, 1)


def test_without_a_name_and_a_command_standard_input_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"one\ntwo")
    os.close(writing)
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert feed(ReadFileAdaptor())["outbox"] == [b"one\n", b"two"]
        assert os.fstat(reading)  # it is still open


def test_debug_prints_the_data(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    feed(ReadFileAdaptor(file, debug=1))
    assert capsys.readouterr().out == TEXT


def test_the_old_import_path_warns() -> None:
    old = importlib.reload(Kamaelia.ReadFileAdaptor)
    with pytest.warns(DeprecationWarning, match=r"Kamaelia\.File\.ReadFileAdaptor"):
        assert old.ReadFileAdaptor is ReadFileAdaptor
