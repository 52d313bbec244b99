"""The end of a link: it arrives whatever is killed, and it arrives again at a reader that was."""

import signal

import pytest

from Axon.testing import FINISHED, feed
from Kamaelia.Net import Streams
from Kamaelia.Net.EndRecords import EndRecord
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Support.Links.Frames import CONFIRM, FrameDecoder
from Tests.Kamaelia.Net.processes import (
    endAll,
    endsAtOnce,
    finish,
    kill,
    numbersOf,
    start,
)
from Tests.Kamaelia.Net.proxy import TO_WRITER, Proxy
from Tests.Kamaelia.sockets import PATIENCE

COUNT = 100


@pytest.fixture(autouse=True)
def _noProcessIsLeft():
    yield
    endAll()


def test_a_reader_killed_after_it_has_confirmed_the_end_receives_the_end_again(freePorts):
    port = freePorts()
    decoder = FrameDecoder()
    readers = []

    def killWhenTheEndIsConfirmed(direction, data):
        if direction == TO_WRITER and len(readers) == 1:
            for frame in decoder.feed(data):
                if frame.kind == CONFIRM and frame.last == COUNT + 1:
                    readers[0].send_signal(signal.SIGKILL)
                    readers[0].wait()
        return data

    with Proxy(port, killWhenTheEndIsConfirmed) as proxy:
        readers.append(start("reader", f"tcp://127.0.0.1:{port}", "plain"))
        writer = start("writer", proxy.url, COUNT)
        assert numbersOf(readers[0]) == list(range(COUNT))
        readers.append(start("reader", f"tcp://127.0.0.1:{port}", "plain"))
        assert endsAtOnce(readers[1])
        assert numbersOf(readers[1]) == []
        assert finish(writer)[0] == 0


def test_a_reader_over_a_socket_that_is_killed_after_its_goodbye_ends_at_once(freePorts):
    url = f"tcp://127.0.0.1:{freePorts()}"
    survivor = start("reader", url, "survivor")
    writer = start("writer", url, COUNT)
    assert numbersOf(survivor, lambda found: found[-1] == -1) == [*range(COUNT), -1]
    assert finish(writer)[0] == 0
    for _ in range(2):
        kill(survivor)
        survivor = start("reader", url, "survivor")
        assert numbersOf(survivor, lambda found: found[-1] == -1) == [-1]


def test_a_new_writer_begins_anew_where_the_reader_was_killed_after_its_goodbye(freePorts):
    port = freePorts()
    url = f"tcp://127.0.0.1:{port}"
    survivor = start("reader", url, "survivor")
    assert finish(start("writer", url, COUNT))[0] == 0
    kill(survivor)
    with Proxy(port) as proxy:
        writer = start("writer", proxy.url, 2 * COUNT)
        assert proxy.hasClient.wait(PATIENCE)  # the reader gives it two seconds
        reader = start("reader", url, "plain")
        assert numbersOf(reader) == list(range(2 * COUNT))
        assert finish(writer)[0] == finish(reader)[0] == 0


def test_a_reader_over_a_socket_that_has_ended_in_order_leaves_no_end_to_the_next(freePorts):
    port = freePorts()
    url = f"tcp://127.0.0.1:{port}"
    for kind, found in (("plain", None), ("survivor", ("finished", COUNT + 1))):
        reader = start("reader", url, kind)
        assert finish(start("writer", url, COUNT))[0] == 0
        if kind == "survivor":
            kill(reader)
        else:
            assert finish(reader)[0] == 0
        record = EndRecord(f"127.0.0.1:{port}", "numbers")
        assert record.found() == found
        record.close()


def test_a_reader_of_a_link_that_has_ended_on_a_server_ends_at_once(redis):
    writer = start("writer", redis.url, COUNT)
    survivor = start("reader", redis.url, "survivor")
    assert numbersOf(survivor, lambda found: found[-1] == -1) == [*range(COUNT), -1]
    assert finish(writer)[0] == 0
    survivor.kill()
    again = start("reader", redis.url, "plain")
    assert endsAtOnce(again)
    assert numbersOf(again) == []


def waitForEntry(redis, number):
    """Wait until the stream has the entry of this number, or a later one."""
    assert redis.command("XREAD", "BLOCK", "25000", "STREAMS", "numbers", f"{number - 1}-0")


def test_a_writer_that_begins_anew_begins_a_link_that_has_ended_anew(redis):
    for done in (0, COUNT + 1):
        writer = start("writer", redis.url, COUNT)
        waitForEntry(redis, done + COUNT + 1)
        reader = start("reader", redis.url, "plain")
        assert numbersOf(reader) == list(range(COUNT))
        assert finish(writer)[0] == finish(reader)[0] == 0


def test_messages_that_follow_an_end_are_for_the_next_reader(redis):
    """A writer that is killed before its end is confirmed is followed by one that sends all."""
    killed = start("writer", redis.url, COUNT)
    waitForEntry(redis, COUNT + 1)
    killed.kill()
    writer = start("writer", redis.url, COUNT)
    waitForEntry(redis, 2 * COUNT + 2)
    for _ in range(2):
        reader = start("reader", redis.url, "plain")
        assert numbersOf(reader) == list(range(COUNT))
        assert finish(reader)[0] == 0
    assert finish(writer)[0] == 0


def test_a_killed_writer_whose_end_was_confirmed_ends_at_once(redis):
    writer = start("writer", redis.url, COUNT)
    assert numbersOf(start("reader", redis.url, "plain")) == list(range(COUNT))
    finish(writer)
    again = start("writer", redis.url, COUNT, position=COUNT)
    assert endsAtOnce(again)
    reader = start("reader", redis.url, "plain")
    assert endsAtOnce(reader)
    assert numbersOf(reader) == []


def test_a_writer_does_not_wait_for_ever_for_a_reader_that_is_gone(monkeypatch, freePorts):
    port = freePorts()

    def cutWhenTheEndIsConfirmed(direction, data):
        if direction == TO_WRITER and any(
            frame.kind == CONFIRM and frame.last == 2 for frame in FrameDecoder().feed(data)
        ):
            reader.kill()
            reader.wait()
        return data

    monkeypatch.setattr(Streams, "LINGER", 0.01)
    with Proxy(port, cutWhenTheEndIsConfirmed) as proxy:
        reader = start("reader", f"tcp://127.0.0.1:{port}", "plain")
        out = RemoteOut(proxy.url, "numbers")
        outcome = feed(out, inbox=[1], control=[FINISHED])
    assert outcome["confirmed"] == [1]
    assert outcome["signal"] == [FINISHED]
