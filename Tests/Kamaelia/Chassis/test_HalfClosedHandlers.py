"""Handlers that never read "control": their connections are freed, and no server waits for them."""

import asyncio
import logging
import socket
import threading
from collections.abc import Generator
from typing import Any
from weakref import finalize

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.TCPServer import TCPServer
from Tests.Kamaelia.sockets import PATIENCE, Echo, dial, readAll, readExactly, reset

pytestmark = pytest.mark.usefixtures("eachLoop")


class AnyMessage(component):
    """Wait for any message, and read only "inbox"."""

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data)


class OneBox(component):
    """Wait for "inbox" only."""

    def main(self) -> Generator[int, None, None]:
        while True:
            yield from self.waitForMessage("inbox")
            for data in self.Inbox():
                self.send(data)


class Pausing(component):
    """Wait for "inbox" only, in the historical idiom."""

    def main(self) -> Generator[int, None, None]:
        while True:
            while not self.dataReady("inbox"):
                self.pause()
                yield 1
            self.send(self.recv())


class Receiving(component):
    """Wait for "inbox" only, in a coroutine."""

    async def main(self) -> None:
        while True:
            self.send(await self.receive())


class Busy(component):
    """Take a turn in every round."""

    def main(self) -> Generator[int, None, None]:
        while True:
            yield 1
            for data in self.Inbox():
                self.send(data)


class Threaded(threadedcomponent):
    """Wait for "inbox" only, in a thread, and end when the server ends."""

    def main(self) -> None:
        while not self.dataReady("control") or not isinstance(
            self.recv("control"), shutdownMicroprocess
        ):
            self.pause(0.01)
            while self.dataReady("inbox"):
                self.send(self.recv())


class Impatient(ConnectedSocketAdapter):
    patience = promptly = 0.05


class ImpatientServer(TCPServer):
    CSA = Impatient


DEAF = [AnyMessage, OneBox, Pausing, Receiving, Busy, lambda **_: Pipeline(OneBox(), AnyMessage())]
IDS = ["AnyMessage", "OneBox", "Pausing", "Receiving", "Busy", "Pipeline"]


def freed(server: Any, howItEnds: Any) -> bool:
    """Connect and disconnect a client; return whether its adapter was freed."""
    gone = threading.Event()
    with dial(server.port) as sock:
        sock.sendall(b"hello")
        assert readExactly(sock, 5) == b"hello"
        asked = threading.Event()

        def watch() -> None:
            for adapter in server.connections:
                finalize(adapter, gone.set)
            asked.set()

        server.scheduler.callFromThread(watch)
        assert asked.wait(PATIENCE)
        howItEnds(sock)
    return gone.wait(PATIENCE)


@pytest.mark.parametrize("protocol", DEAF, ids=IDS)
@pytest.mark.parametrize("howItEnds", [socket.socket.close, reset], ids=["closed", "reset"])
def test_the_connection_of_a_handler_that_never_reads_control_is_freed(
    serving, protocol, howItEnds
):
    def client(server: Any) -> Any:
        return freed(server, howItEnds), freed(server, howItEnds), len(server.connections)

    answer = serving(client, protocol=protocol, TCPS=ImpatientServer, grace=0.01)
    assert answer == (True, True, 0)


@pytest.mark.parametrize("protocol", [AnyMessage, Receiving])
def test_the_connection_of_a_handler_that_waits_only_for_its_client_is_freed_at_once(
    serving, protocol
):
    def client(server: Any) -> Any:
        return freed(server, socket.socket.close)

    assert serving(client, protocol=protocol, grace=0.01)


@pytest.mark.parametrize("protocol", DEAF, ids=IDS)
def test_other_clients_are_served_meanwhile_and_the_server_ends(serving, protocol):
    def client(server: Any) -> bytes:
        with dial(server.port) as first, dial(server.port) as second:
            first.sendall(b"1")
            assert readExactly(first, 1) == b"1"
            first.close()
            second.sendall(b"2")
            return readExactly(second, 1)

    assert serving(client, protocol=protocol, grace=0.01) == b"2"


def test_a_server_waits_for_a_thread_that_ends_within_grace(serving):
    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            sock.sendall(b"1")
            return readExactly(sock, 1)

    assert serving(client, protocol=Threaded, TCPS=ImpatientServer) == b"1"


class SlowAnswer(component):
    """Answer a request after some time, in which the client may end its side."""

    Inboxes = {"inbox": "", "control": "", "answers": "from elsewhere"}
    waitsFor: Any = "answers"

    def main(self) -> Generator[int, None, None]:
        yield from self.waitForMessage("inbox")
        self.recv()
        self.scheduler.loop.call_later(0.2, self._deliver, b"answer", "answers")
        while not self.dataReady("answers"):
            yield from self.waitForMessage(self.waitsFor)
        self.send(self.recv("answers"))
        yield from self.passOnShutdown()


class SlowCoroutine(component):
    """Answer in a coroutine that awaits asyncio."""

    async def main(self) -> None:
        await self.receive()
        await asyncio.sleep(0.2)
        self.send(b"answer")
        while not self.isShuttingDown():
            await self.receive("control")


@pytest.mark.parametrize(
    "protocol",
    [SlowAnswer, lambda **_: SlowAnswer(waitsFor=None), SlowCoroutine],
    ids=["one box", "any box", "coroutine"],
)
def test_a_handler_that_waits_for_something_else_may_answer_a_client_that_sends_no_more(
    serving, protocol
):
    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            sock.sendall(b"question")
            sock.shutdown(socket.SHUT_WR)
            return readExactly(sock, 6)

    assert serving(client, protocol=protocol) == b"answer"


class Closing(component):
    """Wait, and report the end."""

    def main(self) -> Generator[int, None, None]:
        try:
            yield from self.waitForMessage("inbox")
        finally:
            self.closed.set()


class Fails(component):
    """Fail some time after the connection has ended, with a child that does not end either."""

    def main(self) -> Generator[int, None, None]:
        self.addChildren(Closing(closed=self.ended).activate())
        yield from self.waitForMessage("control")
        self.recv("control")
        for _ in range(20):
            yield 1
        raise RuntimeError("late")


def test_the_error_of_a_handler_that_outlives_its_connection_ends_nothing_else(serving, caplog):
    ended = threading.Event()

    def client(server: Any) -> Any:
        dial(server.port).close()
        assert ended.wait(PATIENCE)
        with dial(server.port) as sock:
            sock.sendall(b"x")
            return True

    protocol = lambda **_: Fails(ended=ended)  # noqa: E731
    assert serving(client, protocol=protocol, grace=0.01)
    assert "late" in caplog.text


class Stubborn(component):
    """Read "control" without ending, and report when it is closed."""

    def main(self) -> Generator[int, None, None]:
        try:
            while True:
                yield from self.waitForMessage()
                for _ in (*self.Inbox("control"), *self.Inbox("inbox")):
                    pass
                if not self.came.is_set():
                    self.came.set()
        finally:
            self.closed.set()


def test_a_handler_that_has_not_ended_after_grace_is_ended(serving):
    came, closed = threading.Event(), threading.Event()

    def client(server: Any) -> bool:
        with dial(server.port) as sock:
            sock.sendall(b"x")
            return came.wait(PATIENCE)

    protocol = lambda **_: Stubborn(came=came, closed=closed)  # noqa: E731
    assert serving(client, protocol=protocol, grace=0.01)
    assert closed.is_set()


class Worker(component):
    """Work for some turns after the connection has ended, then report that."""

    def main(self) -> Generator[int, None, None]:
        self.send(b"hello")
        yield from self.waitForMessage("control")
        for _ in range(50):
            yield 1
        self.done.set()


def test_a_server_that_stops_waits_for_a_handler_that_outlives_its_connection(serving):
    done = threading.Event()

    def client(server: Any) -> None:
        with dial(server.port) as sock:
            readExactly(sock, 5)

    serving(client, protocol=lambda **_: Worker(done=done))
    assert done.is_set()


# Data for the peer


class SendsNoBytes(component):
    """Send a message that no connection accepts."""

    wrong: Any = 5

    def main(self) -> Generator[int, None, None]:
        yield from self.waitForMessage()
        self.send(self.wrong)


@pytest.mark.parametrize("wrong", [5, 0, None, [], [b"x"], {"a": 1}], ids=repr)
def test_the_error_for_a_message_that_is_not_bytes_names_the_component_and_the_box(
    serving, caplog, wrong
):
    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            sock.sendall(b"x")
            return readAll(sock)

    with caplog.at_level(logging.ERROR):
        serving(client, protocol=lambda **_: SendsNoBytes(wrong=wrong))
    assert f"bytes or text expected, not {type(wrong).__name__}" in caplog.text
    assert "SendsNoBytes_" in caplog.text
    assert "from 'outbox'" in caplog.text


@pytest.mark.parametrize("data", [b"hello", bytearray(b"hello"), memoryview(b"hello"), "hello"])
def test_bytes_of_every_kind_are_sent(serving, data):
    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            sock.sendall(b"x")
            return readExactly(sock, 5)

    assert serving(client, protocol=lambda **_: SendsNoBytes(wrong=data)) == b"hello"


def test_a_connection_of_an_ordinary_handler_is_freed_too(serving):
    def client(server: Any) -> bool:
        return freed(server, socket.socket.close)

    assert serving(client, protocol=Echo)


def test_producerFinished_ends_a_server_whose_handlers_ignore_control():
    def client(server: ServerCore) -> None:
        with dial(server.port) as sock:
            sock.sendall(b"x")
            readExactly(sock, 1)
        server.scheduler.callFromThread(lambda: server._deliver(producerFinished(), "control"))

    threads: list[threading.Thread] = []

    def begin(server: Any) -> None:
        threads.append(threading.Thread(target=client, args=(server,)))
        threads[0].start()

    ServerCore(
        protocol=OneBox, port=0, host="127.0.0.1", grace=0.01, onListening=begin
    ).run()  # it returns
    threads[0].join(PATIENCE)
