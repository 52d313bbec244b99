"""MaxSpeedFileReader, IntelligentFileReader and TriggeredFileReader."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.BetterReading import IntelligentFileReader
from Kamaelia.File.InputFile import BATCH
from Kamaelia.File.MaxSpeedFileReader import MaxSpeedFileReader
from Kamaelia.File.TriggeredFileReader import TriggeredFileReader
from Tests.Kamaelia.File.sinks import Deaf, SlowConsumer, errorOf

SIZE = 3 * BATCH + 17
READERS = [MaxSpeedFileReader, IntelligentFileReader]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(bytes(range(251)) * (SIZE // 251) + b"x" * (SIZE % 251))
    return path


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("chunksize", [1000, 65536, BATCH, BATCH + 1, 10 * SIZE])
def test_a_file_is_sent_in_chunks(large: Path, reader: Any, chunksize: int) -> None:
    outcome = feed(reader(large, chunksize))
    chunks, content = outcome["outbox"], large.read_bytes()
    assert chunks == [content[at : at + chunksize] for at in range(0, SIZE, chunksize)]
    assert isinstance(outcome["signal"][0], producerFinished)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("chunksize", [0, -1])
def test_a_chunk_has_at_least_one_byte(reader: Any, chunksize: int) -> None:
    with pytest.raises(ValueError, match="chunksize"):
        reader("x", chunksize)


def test_a_queue_has_at_least_one_message() -> None:
    with pytest.raises(ValueError, match="maxqueue"):
        IntelligentFileReader("x", maxqueue=0)


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_cannot_be_read_is_an_error_on_signal(
    reader: Any, unusable: tuple[str, str]
) -> None:
    path, reason = unusable
    outcome = feed(reader(path))
    assert outcome["outbox"] == []
    assert reason in errorOf(outcome["signal"][0])
    assert repr(path) in errorOf(outcome["signal"][0])


@pytest.mark.parametrize("reader", READERS)
def test_shutdownMicroprocess_ends_it_and_is_passed_on(large: Path, reader: Any) -> None:
    order = shutdownMicroprocess()
    assert feed(reader(large), control=[order])["signal"] == [order]


@pytest.mark.parametrize(("size", "capacity"), [(3, None), (None, 3)])
def test_the_consumer_slows_the_reader(large: Path, size: int, capacity: int | None) -> None:
    consumer = SlowConsumer()
    consumer.setInboxSize("inbox", size)
    Pipeline(MaxSpeedFileReader(large, 100_000), consumer, capacity=capacity).run()
    assert b"".join(consumer.taken) == large.read_bytes()
    assert consumer.mostWaiting == 3


@pytest.mark.parametrize(("size", "capacity"), [(1, None), (None, 1)])
def test_shutdownMicroprocess_ends_a_reader_that_waits_for_its_consumer(
    large: Path, size: int | None, capacity: int | None
) -> None:
    reader, order = MaxSpeedFileReader(large), shutdownMicroprocess()
    consumer = Deaf(lambda: reader.deliver(order, "control"))
    consumer.setInboxSize("inbox", size)
    Pipeline(reader, consumer, capacity=capacity).run()
    assert consumer.ends == [order]


def test_a_consumer_with_a_size_that_ends_early_does_not_stop_the_reader(large: Path) -> None:
    class First(component):
        def main(self) -> Iterator[int]:
            while not self.dataReady():
                yield from self.waitForMessage()

    first = First()
    first.setInboxSize("inbox", 1)
    Pipeline(MaxSpeedFileReader(large), first).run()
    assert first.dataReady() == 1


# IntelligentFileReader


def test_at_most_maxqueue_messages_wait_for_the_consumer(large: Path) -> None:
    consumer = SlowConsumer()
    Pipeline(IntelligentFileReader(large, 100_000, maxqueue=2), consumer).run()
    assert b"".join(consumer.taken) == large.read_bytes()
    assert consumer.mostWaiting == 2


def test_shutdownMicroprocess_ends_it_while_maxqueue_messages_wait(large: Path) -> None:
    reader, order = IntelligentFileReader(large, 1000, 2), shutdownMicroprocess()
    consumer = Deaf(lambda: reader.deliver(order, "control"), isEnough=2)
    Pipeline(reader, consumer).run()
    assert consumer.ends == [order]
    assert consumer.dataReady() == 2


def test_debug_says_what_it_does(large: Path) -> None:
    texts = feed(IntelligentFileReader(large, SIZE))["debug"]
    assert ["reads" in texts[0], "read all" in texts[-1]] == [True, True]


# TriggeredFileReader


def test_whole_files_are_sent_in_the_order_of_the_requests(large: Path, file: Path) -> None:
    outcome = feed(TriggeredFileReader(), inbox=[str(large), file, large])
    assert outcome["outbox"] == [large.read_bytes(), file.read_bytes(), large.read_bytes()]
    assert outcome["signal"] == [FINISHED]


def test_a_file_of_more_than_the_limit_is_an_error(file: Path) -> None:
    length = file.stat().st_size
    assert feed(TriggeredFileReader(limit=length), inbox=[file])["outbox"] == [file.read_bytes()]
    outcome = feed(TriggeredFileReader(limit=1000), inbox=["/dev/zero", file])
    assert "more than limit=1000 bytes: '/dev/zero'" in str(outcome["error"][0].exception)
    assert outcome["outbox"] == [file.read_bytes()]


@pytest.mark.parametrize("bad", [3, None, ["x"]])
def test_a_request_that_is_no_path_is_an_error(file: Path, bad: Any) -> None:
    outcome = feed(TriggeredFileReader(), inbox=[bad, file])
    assert [error.message for error in outcome["error"]] == [bad]
    assert outcome["outbox"] == [file.read_bytes()]


def test_a_file_that_cannot_be_read_is_an_error_and_the_next_one_follows(
    unusable: tuple[str, str], file: Path
) -> None:
    path, reason = unusable
    outcome = feed(TriggeredFileReader(), inbox=[path, file])
    assert [reason in str(error.exception) for error in outcome["error"]] == [True]
    assert outcome["outbox"] == [file.read_bytes()]


def test_shutdownMicroprocess_ends_a_TriggeredFileReader_and_is_passed_on(file: Path) -> None:
    order = shutdownMicroprocess()
    outcome = feed(TriggeredFileReader(), inbox=[file], control=[order])
    assert outcome == {"outbox": [], "signal": [order], "error": []}
