import pytest

from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Apps.CL.SimpleFileWriterWithOutput import SimpleFileWriterWithOutput
from Tests.Kamaelia.consumers import runInto


def test_the_name_is_sent_for_each_message_that_is_written(tmp_path):
    name = str(tmp_path / "file")
    outcome = feed(SimpleFileWriterWithOutput(name), inbox=["Käse", b"\xff"])
    assert outcome == {"outbox": [name, name], "signal": [FINISHED], "error": []}
    assert (tmp_path / "file").read_bytes() == "Käse".encode() + b"\xff"


def test_the_mode_may_append(tmp_path):
    (tmp_path / "file").write_text("old ")
    feed(SimpleFileWriterWithOutput(tmp_path / "file", mode="ab"), inbox=["new"])
    assert (tmp_path / "file").read_text() == "old new"


def test_a_message_that_cannot_be_written_is_reported(tmp_path):
    outcome = feed(SimpleFileWriterWithOutput(tmp_path / "file"), inbox=[7, "x"])
    assert len(outcome["outbox"]) == len(outcome["error"]) == 1


@pytest.mark.parametrize("name", ["none/file", "."])
def test_a_file_that_cannot_be_opened_is_the_message_of_the_end(tmp_path, name):
    (end,) = feed(SimpleFileWriterWithOutput(tmp_path / name), inbox=["x"])["signal"]
    assert isinstance(end.message, OSError)


def test_a_shutdown_ends_it(tmp_path):
    stop = shutdownMicroprocess()
    writer = SimpleFileWriterWithOutput(tmp_path / "file")
    assert feed(writer, inbox=["x"] * 9, control=[stop])["signal"] == [stop]


def test_a_slow_receiver_gets_each_name(tmp_path):
    writer = SimpleFileWriterWithOutput(tmp_path / "file")
    for _ in range(20):
        writer.deliver("x")
    writer.deliver(FINISHED, "control")
    assert len(runInto(writer, size=1).got) == 20
