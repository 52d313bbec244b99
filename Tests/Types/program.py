"""A typed program of a user: the type checkers must accept it in their strict modes."""

from collections.abc import Generator, Iterator
from typing import ClassVar

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.testing import feed, feedConnection
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Util.Console import ConsoleEchoer
from Kamaelia.Util.PureTransformer import PureTransformer


class Total(component):
    """Add up numbers and send their sum when the input ends."""

    Inboxes = {"inbox": "numbers", "control": "producerFinished: no more numbers"}
    Outboxes = {"outbox": "one number, the sum", "signal": "the shutdown message from control"}

    def main(self) -> Generator[int, None, None]:
        total = 0
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                total += int(number)
            if self.dataReady("control"):
                break
        self.send(total)
        yield from self.passOnShutdown()


class Numbers(component):
    count: int = 3

    def main(self) -> Iterator[int]:
        for number in range(self.count):
            self.send(number)
            yield 1
        self.send(producerFinished(self), "signal")


class Shout(component):
    async def main(self) -> None:
        async for data in self.messages():
            self.send(bytes(data).upper())


class Keeper(threadedcomponent):
    def __init__(self, kept: list[object]) -> None:
        super().__init__()
        self.kept = kept

    def main(self) -> None:
        isOver = False
        while not isOver:
            self.waitForMessage()
            isOver = self.dataReady("control") > 0
            self.kept.extend(self.Inbox())


class Server(ServerCore):
    port = 0
    host = "127.0.0.1"

    class protocol(component):
        greeting: ClassVar[bytes] = b"hello\n"

        def main(self) -> Iterator[int]:
            self.send(self.greeting)
            yield 1


def pictures() -> list[component]:
    """Return components made by the chassis and by the network package."""
    return [
        Pipeline(Numbers(count=2), Total(), ConsoleEchoer()),
        Graphline(
            N=Numbers(),
            T=PureTransformer(str),
            capacity=10,
            linkages={("N", "outbox"): ("T", "inbox"), ("T", "outbox"): ("", "outbox")},
        ),
        TCPClient("127.0.0.1", 25),
        Server(max_connections=3),
        ServerCore(protocol=Shout, port=0),
    ]


def test_the_sum_is_sent_at_the_end() -> None:
    assert feed(Total(), inbox=[1, 2, 3])["outbox"] == [6]


def test_data_is_sent_in_upper_case() -> None:
    assert feedConnection(Shout(), b"a", b"b") == b"AB"


def test_a_thread_keeps_the_sum() -> None:
    kept: list[object] = []
    Pipeline(Numbers(), Total(), Keeper(kept)).run()
    assert kept == [3]
