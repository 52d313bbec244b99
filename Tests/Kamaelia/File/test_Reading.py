"""SimpleReader, PromptedFileReader, and the readers that are made of it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.Reading import (
    FixedRateControlledReusableFileReader,
    PromptedFileReader,
    RateControlledFileReader,
    RateControlledReusableFileReader,
    ReusableFileReader,
    SimpleReader,
)
from Tests.Kamaelia.File.conftest import TEXT
from Tests.Kamaelia.File.sinks import Deaf, SlowConsumer, errorOf

LINES = TEXT.splitlines(keepends=True)


# SimpleReader


def test_lines_are_text_with_their_ends(file: Path) -> None:
    outcome = feed(SimpleReader(file))
    assert outcome["outbox"] == LINES
    (end,) = outcome["signal"]
    assert isinstance(end, producerFinished)
    assert end.message is None


def test_mode_rb_sends_bytes(file: Path) -> None:
    assert feed(SimpleReader(str(file), mode="rb"))["outbox"] == [x.encode() for x in LINES]


def test_all_line_ends_of_a_text_become_line_feeds(tmp_path: Path) -> None:
    (tmp_path / "dos").write_bytes(b"a\r\nb\rc\n")
    assert feed(SimpleReader(tmp_path / "dos"))["outbox"] == ["a\n", "b\n", "c\n"]
    assert feed(SimpleReader(tmp_path / "dos", mode="rb"))["outbox"] == [b"a\r\n", b"b\rc\n"]


def test_a_character_may_be_split_between_two_reads(tmp_path: Path) -> None:
    text = "\N{EURO SIGN}" * 100_000 + "\n"
    (tmp_path / "long").write_text(text, encoding="utf-8")
    assert feed(SimpleReader(tmp_path / "long"))["outbox"] == [text]


def test_an_empty_file_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert feed(SimpleReader(tmp_path / "empty"))["outbox"] == []


@pytest.mark.parametrize(
    ("content", "settings", "reason"),
    [
        (b"fine\n\xff\n", {}, "not text in utf-8"),
        (b"fine\n" + b"x" * 11, {"limit": 10}, "limit=10"),
    ],
)
def test_content_that_cannot_be_used_ends_the_reader_with_an_error_that_names_the_file(
    tmp_path: Path, content: bytes, settings: dict[str, Any], reason: str
) -> None:
    (tmp_path / "odd").write_bytes(content)
    outcome = feed(SimpleReader(tmp_path / "odd", **settings))
    assert reason in errorOf(outcome["signal"][0])
    assert "odd" in errorOf(outcome["signal"][0])


def test_another_encoding_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"\xe4\n")
    assert feed(SimpleReader(tmp_path / "old", encoding="latin-1"))["outbox"] == ["\xe4\n"]


@pytest.mark.parametrize("mode", ["w", "a", "r+", "x", "", "rz"])
def test_a_mode_that_does_not_read_is_refused(mode: str) -> None:
    with pytest.raises(ValueError, match="no mode to read"):
        SimpleReader("x", mode=mode)


# All readers


READERS = [
    pytest.param(SimpleReader, {}, id="SimpleReader"),
    pytest.param(PromptedFileReader, {"inbox": [5]}, id="PromptedFileReader"),
    pytest.param(
        lambda path: RateControlledFileReader(path, rate=100), {}, id="RateControlledFileReader"
    ),
]


@pytest.mark.parametrize(("reader", "boxes"), READERS)
def test_a_file_that_cannot_be_read_is_an_error_on_signal_and_in_the_log(
    reader: Any, boxes: dict[str, Any], unusable: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    path, reason = unusable
    outcome = feed(reader(path), **boxes)
    assert outcome["outbox"] == []
    assert [reason in errorOf(message) for message in outcome["signal"]] == [True]
    assert repr(path) in errorOf(outcome["signal"][0])
    assert reason in caplog.text


@pytest.mark.parametrize(("reader", "boxes"), READERS)
def test_shutdownMicroprocess_ends_a_reader_and_is_passed_on(
    reader: Any, boxes: dict[str, Any], file: Path
) -> None:
    order = shutdownMicroprocess()
    assert feed(reader(file), control=[order], **boxes)["signal"] == [order]


@pytest.mark.parametrize("control", [[], [FINISHED]])
def test_a_producerFinished_does_not_interrupt_a_reader(file: Path, control: list[Any]) -> None:
    assert feed(SimpleReader(file), control=control)["outbox"] == LINES


def test_a_consumer_with_a_size_slows_the_reader(file: Path) -> None:
    consumer = SlowConsumer()
    consumer.setInboxSize("inbox", 1)
    Pipeline(SimpleReader(file), consumer).run()
    assert consumer.taken == LINES
    assert consumer.mostWaiting == 1


def test_a_consumer_with_a_capacity_holds_the_reader(file: Path) -> None:
    consumer = SlowConsumer()
    Pipeline(SimpleReader(file), consumer, capacity=2).run()
    assert consumer.taken == LINES
    assert consumer.mostWaiting == 2


@pytest.mark.parametrize("limit", ["size", "capacity"])
def test_shutdownMicroprocess_ends_a_reader_that_waits_for_its_consumer(
    file: Path, limit: str
) -> None:
    reader, order = SimpleReader(file), shutdownMicroprocess()
    consumer = Deaf(lambda: reader.deliver(order, "control"))
    if limit == "size":
        consumer.setInboxSize("inbox", 1)
    Pipeline(reader, consumer, capacity=1 if limit == "capacity" else None).run()
    assert consumer.ends == [order]


# Pipes


def test_a_fifo_is_read_when_another_program_writes_it(fifo: Path) -> None:
    writer = threading.Thread(target=lambda: fifo.write_text("late\nlines\n"))
    writer.start()
    assert feed(SimpleReader(fifo))["outbox"] == ["late\n", "lines\n"]
    writer.join()


@pytest.mark.parametrize("reader", [SimpleReader, PromptedFileReader])
def test_shutdownMicroprocess_ends_a_reader_of_a_fifo_without_a_writer(
    fifo: Path, reader: Any
) -> None:
    order = shutdownMicroprocess()
    assert feed(reader(fifo), control=[order], inbox=[1])["signal"] == [order]


def test_a_fifo_without_a_writer_does_not_block_others(fifo: Path, file: Path) -> None:
    waiting = SimpleReader(fifo).activate()
    assert feed(SimpleReader(file))["outbox"] == LINES
    assert waiting.isActive() or waiting.isStopped()


def test_a_run_that_ends_closes_what_its_readers_have_open(fifo: Path, file: Path) -> None:
    feed(SimpleReader(file), until=lambda outcome: bool(outcome["outbox"]))
    feed(SimpleReader(fifo), until=0.01)  # the fixture examines the descriptors


@pytest.mark.parametrize("turns", range(1, 30))
def test_a_run_may_end_while_a_file_is_opened_or_read(file: Path, turns: int) -> None:
    class Stopper(component):
        def main(self) -> Iterator[int]:
            for _ in range(turns):
                yield 1

    SimpleReader(file).activate()
    feed(Stopper())  # the fixture examines the descriptors


# PromptedFileReader


def test_bytes_are_sent_as_requested(file: Path) -> None:
    outcome = feed(PromptedFileReader(file), inbox=[1, 0, "5", 1000, 1])
    assert outcome["outbox"] == [b"o", b"ne\ntw", TEXT.encode()[6:]]
    assert isinstance(outcome["signal"][0], producerFinished)


def test_lines_are_sent_together_as_text(file: Path) -> None:
    outcome = feed(PromptedFileReader(file, "lines"), inbox=[1, 2, 5, 1])
    assert outcome["outbox"] == [LINES[0], LINES[1] + LINES[2], LINES[3]]


def test_lines_that_are_not_text_end_the_reader_with_an_error(tmp_path: Path) -> None:
    file = tmp_path / "binary"
    file.write_bytes(b"text\n" * 20_000 + b"\xff\n")
    outcome = feed(PromptedFileReader(file, "lines"), inbox=[1, 50_000])
    assert outcome["outbox"] == ["text\n"]
    (end,) = outcome["signal"]
    assert end.message.strerror == "it is not text in utf-8: invalid start byte"
    assert end.message.filename == file
    assert isinstance(outcome["signal"][0], producerFinished)


def test_a_large_request_needs_no_more_memory_than_the_file(file: Path) -> None:
    assert feed(PromptedFileReader(file), inbox=[10**15])["outbox"] == [TEXT.encode()]


@pytest.mark.parametrize("request_", ["x", None, -1, float("inf"), float("nan"), [3]])
def test_a_request_that_is_no_number_is_an_error_and_the_next_one_is_served(
    file: Path, request_: Any
) -> None:
    outcome = feed(PromptedFileReader(file), inbox=[request_, 3])
    assert [error.message for error in outcome["error"]] == [request_]
    assert outcome["outbox"] == [b"one"]


def test_without_requests_the_reader_waits(file: Path) -> None:
    outcome = feed(PromptedFileReader(file))
    assert outcome == {"outbox": [], "signal": [], "error": []}


def test_an_unknown_readmode_is_refused() -> None:
    with pytest.raises(ValueError, match="readmode"):
        PromptedFileReader("x", "words")


# At a rate, and in a Carousel


@pytest.mark.usefixtures("virtualClock")
def test_a_file_is_read_at_a_rate(file: Path, virtualClock: Any) -> None:
    outcome = feed(RateControlledFileReader(file, rate=4, chunksize=4))
    assert b"".join(outcome["outbox"]) == TEXT.encode()
    assert outcome["outbox"][0] == b"one\n"
    assert virtualClock.now() >= (len(TEXT.encode()) // 4)
    assert len(outcome["signal"]) == 1


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    names = []
    for number in range(3):
        path = tmp_path / f"file{number}"
        path.write_text(f"{number}a\n{number}b\n")
        names.append(str(path))
    return names


ALL = b"0a\n0b\n1a\n1b\n2a\n2b\n"


@pytest.mark.usefixtures("virtualClock")
def test_a_reader_at_a_fixed_rate_reads_one_file_after_another(files: list[str]) -> None:
    reader = FixedRateControlledReusableFileReader("lines", rate=10, chunksize=1)
    feeder = _Playlist(reader, files)
    assert feeder.read() == ALL.decode().splitlines(keepends=True)


@pytest.mark.usefixtures("virtualClock")
def test_files_are_read_one_after_another_each_at_its_rate(files: list[str]) -> None:
    carousel = RateControlledReusableFileReader("bytes")
    feeder = _Playlist(carousel, [(name, {"rate": 4, "chunksize": 2}) for name in files])
    assert b"".join(feeder.read()) == ALL


def test_a_reusable_reader_reads_what_is_requested_of_the_next_file(files: list[str]) -> None:
    carousel = ReusableFileReader("lines")
    feeder = _Playlist(carousel, files, requests=[2, 1])
    assert "".join(feeder.read()) == ALL.decode()


class _Playlist:
    """Feeds a Carousel with one file after another, and with the requests for each."""

    def __init__(self, carousel: Any, files: list[Any], requests: Any = ()) -> None:
        self.carousel, self.files, self.requests = carousel, files, requests

    def read(self) -> list[bytes]:
        def isOver(outcome: Any) -> bool:
            if len(outcome["requestNext"]) > self._asked:
                self._asked += 1
                self._next()
            return False

        self._asked = 0
        self._next()
        outcome: list[bytes] = feed(self.carousel, until=isOver, control=[])["outbox"]
        return outcome

    def _next(self) -> None:
        if self.files:
            self.carousel.deliver(self.files.pop(0), "next")
            for request in self.requests:
                self.carousel.deliver(request, "inbox")
        else:
            self.carousel.deliver(FINISHED, "control")
