"""Links over a real redis-server that is killed, emptied, stopped, or that refuses."""

import signal

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Net.RemoteIn import RemoteIn
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Util.OneShot import OneShot
from Tests.Kamaelia.Net.processes import finish, kill, lostAndRepeated, numbersOf, start
from Tests.Kamaelia.Net.proxy import TO_WRITER, Proxy
from Tests.Kamaelia.Net.redisServer import RedisServer

COUNT = 20000


@pytest.mark.parametrize("isEmpty", [False, True])
def test_a_killed_server_loses_nothing_even_if_its_files_are_deleted(redis, address, isEmpty):
    writer = start("writer", redis.url, COUNT)
    reader = start("reader", redis.url, "plain", capacity=64)
    got = []
    for limit in (2000, 8000, 14000):
        got += numbersOf(reader, lambda found, limit=limit: found[-1] >= limit)
        redis.restart(isEmpty)
    got += numbersOf(reader)
    assert finish(reader)[0] == 0
    assert finish(writer)[0] == 0
    assert lostAndRepeated(got, COUNT) == (0, 0)
    assert got == sorted(got)


def test_a_stopped_server_holds_the_writer_and_the_work_goes_on_afterwards(redis, address):
    writer = start("writer", redis.url, COUNT, window=512)
    reader = start("reader", redis.url, "plain", capacity=64)
    got = numbersOf(reader, lambda found: found[-1] >= 2000)
    redis.signal(signal.SIGSTOP)
    try:
        before = writer.poll()
    finally:
        redis.signal(signal.SIGCONT)
    got += numbersOf(reader)
    assert before is None
    assert got == list(range(COUNT))
    assert finish(reader)[0] == finish(writer)[0] == 0


@pytest.fixture(autouse=True)
def _onlyRedis(request):
    """The tests of this module use one transport."""


@pytest.fixture
def address(redis):
    """End the processes of a test that has failed."""
    from Tests.Kamaelia.Net.processes import endAll

    yield redis.url
    endAll()


def errorOfWriter(url, **options):
    out = RemoteOut(url, "link", **options)
    with pytest.raises(linkError) as caught:
        Pipeline(OneShot("x" * 1000), out).run()
    assert out.name in "".join(caught.value.__notes__)
    return str(caught.value)


def test_a_key_of_another_type_is_an_error_that_says_so(redis):
    redis.command("SET", "link", "text")
    assert "choose another name" in errorOfWriter(redis.url)


def test_a_foreign_stream_is_an_error_of_the_reader(redis):
    redis.command("XADD", "link", "1-0", "field", "value")
    with pytest.raises(linkError, match="no writer of links"):
        RemoteIn(redis.url, "link").run()


def test_a_server_without_memory_is_an_error_that_says_so(redis):
    redis.command("CONFIG", "SET", "maxmemory", "1")
    assert "maxmemory" in errorOfWriter(redis.url)


def test_a_replica_is_an_error_that_says_so(redis):
    redis.command("REPLICAOF", "127.0.0.1", "1")
    assert "the primary" in errorOfWriter(redis.url)


@pytest.mark.parametrize(("user", "expected"), [(":wrong@", "is wrong"), ("", "needs a password")])
def test_a_password_that_is_wrong_or_missing_is_an_error_without_the_password(
    needs, freePorts, user, expected
):
    port = freePorts()
    words = ("--requirepass", "secret", "--port", str(port), "--bind", "127.0.0.1")
    with RedisServer(needs("redis-server"), *words):
        text = errorOfWriter(f"redis://{user}127.0.0.1:{port}/0")
    assert expected in text
    assert "wrong@" not in text


def test_a_link_waits_for_its_server_and_after_its_patience_ends_with_an_error(tmp_path):
    text = errorOfWriter(f"unix://{tmp_path}/redis.sock", patience=0.05)
    assert "has not worked for 0.05 seconds" in text


def test_a_reader_confirms_again_what_the_server_has_forgotten(redis, address):
    """A server that was killed may have lost its last second, with a confirmation in it."""
    redis.command("XADD", "numbers", "3-0", "k", "json", "c", "3", "d", "[0,1,2]")
    reader = start("reader", redis.url, "plain")
    waiting = "XREAD", "BLOCK", "25000", "STREAMS", "numbers:ack"
    while redis.command("GET", "numbers:position") != "3":
        assert redis.command(*waiting, "0-0")
    redis.command("SET", "numbers:position", "0")
    redis.command("DEL", "numbers:ack")
    redis.command("CLIENT", "KILL", "TYPE", "normal")
    assert redis.command(*waiting, "0-0").endswith("3")
    assert redis.command("GET", "numbers:position") == "3"
    kill(reader)


def test_a_confirmation_whose_answer_is_lost_is_not_waited_for(needs, freePorts):
    port = freePorts()
    answers = []

    def loseTheSecond(direction, data):
        if direction == TO_WRITER and data == b":1\r\n":
            answers.append(data)  # the first one is the answer to the claim
            if len(answers) == 2:
                raise ConnectionError
        return data

    words = ("--port", str(port), "--bind", "127.0.0.1")
    with RedisServer(needs("redis-server"), *words), Proxy(port, loseTheSecond) as proxy:
        writer = RemoteOut(f"redis://127.0.0.1:{port}", "link")
        reader = RemoteIn(proxy.url.replace("tcp", "redis"), "link", capacity=1)
        sink = Collect()
        Graphline(
            NUMBERS=Numbers(), OUT=writer, IN=reader, SINK=sink,
            linkages={
                ("NUMBERS", "outbox"): ("OUT", "inbox"), ("NUMBERS", "signal"): ("OUT", "control"),
                ("IN", "outbox"): ("SINK", "inbox"), ("IN", "signal"): ("SINK", "control"),
            },
        ).run()  # fmt: skip
    assert len(answers) > 2
    assert sink.got == [0, 1, 2, 3]


class Numbers(component):
    def main(self):
        for number in range(4):
            self.send(number)
        yield 1
        self.send(producerFinished(self), "signal")


class Collect(component):
    def main(self):
        self.got = []
        while True:
            yield from self.waitForMessage()
            self.got += self.Inbox()
            if self.isShuttingDown():
                return
