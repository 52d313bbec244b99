"""The entries of a link at a real redis-server, and confirmations that are lost."""

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Net.RemoteIn import RemoteIn
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Support.Links.Errors import linkError
from Tests.Kamaelia.Net.processes import endAll, kill, start
from Tests.Kamaelia.Net.proxy import TO_WRITER, Proxy
from Tests.Kamaelia.Net.redisServer import RedisServer


@pytest.fixture(autouse=True)
def _processes():
    """End the processes of a test that has failed."""
    yield
    endAll()


def test_a_foreign_stream_is_an_error_of_the_reader(redis):
    redis.command("XADD", "link", "1-0", "field", "value")
    with pytest.raises(linkError, match="no writer of links"):
        RemoteIn(redis.url, "link").run()


def test_a_reader_confirms_again_what_the_server_has_forgotten(redis):
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
