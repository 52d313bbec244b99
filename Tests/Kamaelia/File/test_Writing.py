"""SimpleFileWriter and WholeFileWriter."""

import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.WholeFileWriter import WholeFileWriter
from Kamaelia.File.Writing import SimpleFileWriter
from Tests.Kamaelia.File.sinks import errorOf

MESSAGES = ["one\n", b"two\n", bytearray(b"three\n"), memoryview(b"four\n"), "\N{EURO SIGN}\n", ""]
WRITTEN = "one\ntwo\nthree\nfour\n\N{EURO SIGN}\n".encode()


class Source(component):
    """A component that sends a message each turn, and then waits for the end of its consumer."""

    def __init__(self, messages: Any) -> None:
        super().__init__()
        self.messages = messages
        self.mostWaiting = 0

    def main(self) -> Iterator[int]:
        for message in self.messages:
            self.send(message)
            self.mostWaiting = max(self.mostWaiting, len(self.outboxes["outbox"]))
            yield 1
        self.send(producerFinished(self), "signal")


@pytest.fixture
def fileSizeLimit() -> Iterator[int]:
    """Limit the size of files, and return it: a file that reaches it is like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    yield 65536
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


# SimpleFileWriter


def test_text_and_bytes_are_written_and_the_shutdown_message_is_passed_on(tmp_path: Path) -> None:
    outcome = feed(SimpleFileWriter(tmp_path / "new"), inbox=MESSAGES)
    assert (tmp_path / "new").read_bytes() == WRITTEN
    assert outcome == {"outbox": [], "signal": [FINISHED], "error": []}


@pytest.mark.parametrize(
    ("mode", "content"),
    [("wb", b"new"), ("w", b"new"), ("ab", b"old contentnew"), ("r+b", b"new content")],
)
def test_the_mode_says_what_happens_to_an_existing_file(
    tmp_path: Path, mode: str, content: bytes
) -> None:
    (tmp_path / "file").write_text("old content")
    feed(SimpleFileWriter(str(tmp_path / "file"), mode), inbox=["new"])
    assert (tmp_path / "file").read_bytes() == content


@pytest.mark.parametrize("mode", ["r", "rb", "", "q", "wbb", "wx"])
def test_a_mode_that_does_not_write_is_refused(mode: str) -> None:
    with pytest.raises(ValueError, match="no mode to write"):
        SimpleFileWriter("x", mode)


def test_a_number_is_no_path() -> None:
    with pytest.raises(TypeError, match="a path is text"):
        SimpleFileWriter(1)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["xb", "wb"])
def test_a_file_that_cannot_be_opened_is_an_error_on_signal_and_in_the_log(
    tmp_path: Path, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = feed(SimpleFileWriter(tmp_path, mode), inbox=["x"])
    assert str(tmp_path) in errorOf(outcome["signal"][0])
    assert str(tmp_path) in caplog.text


def test_a_full_disk_ends_the_writer_with_an_error_that_names_the_file() -> None:
    outcome = feed(SimpleFileWriter("/dev/full"), inbox=["x"])
    assert errorOf(outcome["signal"][0]) == "[Errno 28] No space left on device: '/dev/full'"


def test_a_file_that_becomes_too_large_ends_the_writer_and_the_source_continues(
    tmp_path: Path, fileSizeLimit: int
) -> None:
    file = tmp_path / "large"
    writer, source = SimpleFileWriter(file), Source([b"x" * 1000] * 200)
    pipeline = Pipeline(source, writer, capacity=10)
    outcome = feed(pipeline, control=[])
    assert "File too large" in errorOf(outcome["signal"][0])
    assert str(file) in errorOf(outcome["signal"][0])
    assert file.stat().st_size == fileSizeLimit
    assert source.isStopped()


@pytest.mark.parametrize("message", [3, None, ["x"], "\ud800"])
def test_a_message_that_is_no_text_is_an_error_and_the_others_are_written(
    tmp_path: Path, message: Any
) -> None:
    outcome = feed(SimpleFileWriter(tmp_path / "file"), inbox=["a", message, "b"])
    assert [error.message for error in outcome["error"]] == [message]
    assert (tmp_path / "file").read_bytes() == b"ab"


def test_shutdownMicroprocess_ends_it_at_once(tmp_path: Path) -> None:
    order = shutdownMicroprocess()
    assert feed(SimpleFileWriter(tmp_path / "file"), control=[order])["signal"] == [order]


def test_a_source_that_is_faster_than_the_disk_is_held(tmp_path: Path) -> None:
    source = Source([b"x" * 1000] * 2000)
    Pipeline(source, SimpleFileWriter(tmp_path / "file"), capacity=10).run()
    assert (tmp_path / "file").stat().st_size == 2_000_000
    assert source.mostWaiting <= 10


def test_an_inbox_with_a_size_refuses_one_more_message(tmp_path: Path) -> None:
    writer = SimpleFileWriter(tmp_path / "file")
    writer.setInboxSize("inbox", 2)
    assert feed(writer, inbox=["a", "b"])["signal"] == [FINISHED]
    assert (tmp_path / "file").read_bytes() == b"ab"


def test_a_fifo_is_written_when_another_program_reads_it(fifo: Path) -> None:
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    feed(SimpleFileWriter(fifo), inbox=[b"x" * 100_000, "end"])
    reader.join()
    assert got == [b"x" * 100_000 + b"end"]


def test_shutdownMicroprocess_ends_a_writer_to_a_fifo_without_a_reader(fifo: Path) -> None:
    order = shutdownMicroprocess()
    assert feed(SimpleFileWriter(fifo), control=[order])["signal"] == [order]


def test_a_run_that_ends_closes_a_fifo_without_a_reader(fifo: Path) -> None:
    feed(SimpleFileWriter(fifo), until=0.05)  # the fixture examines the descriptors


def test_a_reader_that_goes_away_ends_the_writer_with_an_error(fifo: Path) -> None:
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    writer = SimpleFileWriter(fifo)
    writer.deliver(b"x" * 100_000)

    class Closer(component):
        def main(self) -> Iterator[int]:
            while writer.dataReady():
                yield 1
            os.close(reader)

    Closer().activate()
    assert "Broken pipe" in errorOf(feed(writer)["signal"][0])


# WholeFileWriter


def test_whole_files_are_written_and_their_names_sent(tmp_path: Path) -> None:
    one, two = str(tmp_path / "one"), tmp_path / "two"
    outcome = feed(WholeFileWriter(), inbox=[[one, "1"], (two, b"2")])
    assert outcome == {"outbox": [one, two], "signal": [FINISHED], "error": []}
    assert Path(one).read_bytes() + two.read_bytes() == b"12"


@pytest.mark.parametrize(
    "bad", [3, [], ["x"], [1, "x"], ["a\0b", "x"], ["x", 3], ["/dev/full", "x"]]
)
def test_a_file_that_cannot_be_written_is_an_error_and_the_next_one_follows(
    tmp_path: Path, bad: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = feed(WholeFileWriter(), inbox=[bad, ["good", "content"]])
    assert [error.message for error in outcome["error"]] == [bad]
    assert outcome["outbox"] == ["good"]
    assert Path("good").read_text() == "content"


def test_shutdownMicroprocess_ends_a_WholeFileWriter_and_is_passed_on() -> None:
    order = shutdownMicroprocess()
    outcome = feed(WholeFileWriter(), inbox=[["never", "x"]], control=[order])
    assert outcome == {"outbox": [], "signal": [order], "error": []}


def test_a_consumer_of_the_names_may_have_a_size(tmp_path: Path) -> None:
    class Names(component):
        def __init__(self) -> None:
            super().__init__()
            self.taken: list[Any] = []

        def main(self) -> Iterator[int]:
            while not self.dataReady("control") or self.dataReady():
                yield from self.waitForMessage()
                self.taken += self.Inbox()

    names = Names()
    names.setInboxSize("inbox", 1)
    jobs = [[str(tmp_path / str(number)), "x"] for number in range(5)]
    Pipeline(Source(jobs), WholeFileWriter(), names).run()
    assert names.taken == [name for name, _ in jobs]
