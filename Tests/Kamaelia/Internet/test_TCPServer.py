"""The server and its adapters in programs that link connections themselves."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import feed
from Kamaelia.Internet.ConnectedSocketAdapter import ConnectedSocketAdapter
from Kamaelia.Internet.SingleServer import FastRestartSingleServer, SingleServer
from Kamaelia.Internet.TCPServer import TCPServer
from Kamaelia.Internet.ThreadedTCPClient import ThreadedTCPClient
from Kamaelia.IPC import newCSA, shutdownCSA, socketShutdown
from Tests.Kamaelia.sockets import PATIENCE, Echo, dial, readAll, readExactly

pytestmark = pytest.mark.usefixtures("eachLoop")


class Switchboard(component):
    """Link a connection to an Echo, as historical programs do, and end with it."""

    Inboxes = {"inbox": "", "control": "", "connections": ""}
    Outboxes = {"outbox": "", "signal": "", "stop": ""}

    def main(self) -> Any:
        server = TCPServer(listenport=0, host="127.0.0.1", onListening=self.begin)
        self.link((server, "protocolHandlerSignal"), (self, "connections"))
        self.link((self, "stop"), (server, "control"))
        server.activate()
        yield from self.waitForMessage("connections")
        message = self.recv("connections")
        assert isinstance(message, newCSA)
        for _ in range(5):  # data that arrives meanwhile waits
            yield 1
        adapter, handler = message.object, Echo()
        for box, to in (("outbox", "inbox"), ("signal", "control")):
            self.link((adapter, box), (handler, to))
            self.link((handler, box), (adapter, to))
        adapter.activate()
        handler.activate()
        yield from self.waitForMessage("connections")
        self.ended = self.recv("connections")
        self.send(shutdownMicroprocess(), "stop")


def test_a_program_can_link_its_connections_itself():
    got: list[bytes] = []

    def talk(server: Any) -> None:
        with dial(server.ports[0]) as sock:
            sock.sendall(b"early")
            got.append(readExactly(sock, 5))

    threads: list[threading.Thread] = []

    def begin(server: Any) -> None:
        threads.append(threading.Thread(target=talk, args=[server]))
        threads[0].start()

    board = Switchboard(begin=begin)
    board.run()
    threads[0].join()
    assert got == [b"early"]
    assert isinstance(board.ended, shutdownCSA)


def test_an_adapter_accepts_a_connected_socket():
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(b"hello")
        theirs.shutdown(socket.SHUT_WR)
        outcome = feed(ConnectedSocketAdapter(ours), inbox=[b"to you"], control=[])
        assert outcome["outbox"] == [b"hello"]
        assert [type(message) for message in outcome["signal"]] == [socketShutdown]
        assert [type(message) for message in outcome["CreatorFeedback"]] == [socketShutdown]
        theirs.settimeout(PATIENCE)
        assert readAll(theirs) == b"to you"


def test_an_adapter_that_receives_producerFinished_sends_all_data():
    ours, theirs = socket.socketpair()
    with theirs:
        feed(ConnectedSocketAdapter(ours), inbox=[b"last ", "wörds"])
        assert readAll(theirs) == "last wörds".encode()


@pytest.mark.parametrize("isKeyword", [False, True])
def test_a_program_may_replace_what_takes_the_messages_of_an_adapter(isKeyword: bool) -> None:
    class Shouting(ConnectedSocketAdapter):
        def sendToPeer(self, data: Any) -> Any:
            return super().sendToPeer(data.upper())

    ours, theirs = socket.socketpair()
    sent: list[bytes] = []
    if isKeyword:
        adapter = ConnectedSocketAdapter(ours, sendToPeer=sent.append)
    else:
        adapter = Shouting(ours)
    with theirs:
        feed(adapter, inbox=[b"hello"])
        sent.append(readAll(theirs))
    assert sent == ([b"hello", b""] if isKeyword else [b"HELLO"])


class EchoForAll(component):
    """Echo the data of all clients, and continue when one of them has disconnected."""

    def main(self) -> Any:
        isOver = False
        while not isOver:
            yield from self.waitForMessage()
            for data in self.Inbox():
                self.send(data)
            isOver = any(message.caller is None for message in self.Inbox("control"))


def single(talk: Any, kind: Any = SingleServer) -> Any:
    """Run a SingleServer that echoes; return the result of talk(port), called in a thread."""
    gave: list[Any] = []
    server, echo = kind(port=0, host="127.0.0.1"), EchoForAll()

    def run() -> None:
        gave.append(talk(server.ports[0]))
        scheduler.run.callFromThread(lambda: server._deliver(producerFinished(), "control"))

    thread = threading.Thread(target=run)
    server.onListening = lambda _: thread.start()
    for source, sink in ((server, echo), (echo, server)):
        echo.link((source, "outbox"), (sink, "inbox"))
    echo.link((server, "signal"), (echo, "control"))
    server.activate()
    echo.run()
    thread.join()
    return gave[0]


def test_a_single_server_serves_one_client_after_another():
    def talk(port: int) -> list[bytes]:
        got = []
        with dial(port) as first, dial(port) as second:
            second.sendall(b"2")
            first.sendall(b"1")
            got.append(first.recv(1))
            first.close()
            got.append(second.recv(1))
        return got

    assert single(talk) == [b"1", b"2"]
    assert single(talk, FastRestartSingleServer) == [b"1", b"2"]


def test_a_threaded_client_sends_and_receives(serving):
    got: list[Any] = []

    def client(server: Any) -> None:
        done = threading.Event()

        class Asker(component):
            def main(self) -> Any:
                there = ThreadedTCPClient("127.0.0.1", server.port, initialsendmessage="hello")
                self.link((there, "outbox"), (self, "inbox"))
                self.link((self, "outbox"), (there, "inbox"))
                self.link((self, "signal"), (there, "control"))
                self.link((there, "signal"), (self, "control"))
                there.activate()
                for word in (b"hello", b"again"):
                    yield from self.waitForMessage("inbox")
                    got.append(self.recv())
                    if word == b"hello":
                        self.send(b"again")
                self.send(producerFinished(), "signal")
                yield from self.waitForMessage("control")
                got.append(type(self.recv("control")))
                done.set()

        Asker().activate(Scheduler=server.scheduler)
        assert done.wait(PATIENCE)

    serving(client, protocol=Echo)
    assert got == [b"hello", b"again", socketShutdown]


def test_a_threaded_client_reports_the_reason_of_a_refusal(refusingPort):
    outcome = feed(ThreadedTCPClient("127.0.0.1", refusingPort), control=[])
    assert [type(message.message) for message in outcome["signal"]] == [ConnectionRefusedError]


@pytest.mark.parametrize(("isWorker", "turns"), [(False, [6]), (True, [4, 2])])
def test_waiting_clients_are_accepted_at_once_unless_other_processes_accept_too(
    isWorker: bool, turns: list[int]
) -> None:
    taken = [0]  # clients for each callback of the event loop

    class Counted(ConnectedSocketAdapter):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            if not taken[-1]:
                asyncio.get_running_loop().call_soon(taken.append, 0)
            taken[-1] += 1

    class Gate(TCPServer):
        def opened(self, adapter: Any) -> None:
            adapter.abort()
            if sum(taken) == 6:
                self._deliver(shutdownMicroprocess(), "control")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        clients = [dial(listening.getsockname()[1]) for _ in range(6)]
        settings = {"CSA": Counted, "maySendOn": isWorker, "onClosed": lambda _: None}
        Gate(sockets=[listening], **settings).run()
        for each in clients:
            each.close()
    assert [each for each in taken if each] == turns
