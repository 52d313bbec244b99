"""Servers on real sockets: each connection has its own handler and does not affect the others."""

import errno
import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from weakref import finalize

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.ConnectedServer import (
    FastRestartServer,
    MoreComplexServer,
    ServerCore,
    SimpleServer,
)
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.IPC import socketShutdown
from Tests.Kamaelia.sockets import PATIENCE, Echo, dial, readAll, readExactly, reset

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.usefixtures("eachLoop")


class OldEcho(component):
    """Echo in the historical idiom."""

    def main(self) -> Generator[int, None, None]:
        while True:
            while not self.anyReady():
                self.pause()
                yield 1
            for data in self.Inbox("inbox"):
                self.send(data, "outbox")
            for message in self.Inbox("control"):
                if isinstance(message, producerFinished | shutdownMicroprocess):
                    self.send(message, "signal")
                    return
            yield 1


class AsyncEcho(component):
    """Echo in a coroutine."""

    async def main(self) -> None:
        async for data in self.messages("inbox"):
            self.send(data)


class Broken(component):
    """Raise an error at the first message."""

    def main(self) -> Generator[int, None, None]:
        yield from self.waitForMessage()
        raise RuntimeError("a handler's own mistake")


class Greeter(component):
    """Send `text` and end, without a message to signal."""

    text: Any = b"bye"

    def main(self) -> Generator[int, None, None]:
        self.send(self.text)
        yield 1


class NestedServer(ServerCore):
    class protocol(Echo):
        pass


def echoFactory(**_: Any) -> Echo:
    return Echo()


class FunctionServer(ServerCore):
    protocol = echoFactory


class MethodServer(ServerCore):
    def protocol(self, **_: Any) -> Echo:
        assert isinstance(self, MethodServer)
        return Echo()


class PlainServer(SimpleServer):
    protocol = Echo


def hello(server: Any) -> bytes:
    with dial(server.port) as sock:
        sock.sendall(b"hello")
        answer = readExactly(sock, 5)
        sock.shutdown(socket.SHUT_WR)
        return answer + readAll(sock)


@pytest.mark.parametrize(
    "protocol", [Echo, OldEcho, AsyncEcho, echoFactory, lambda **_: Pipeline(Echo())]
)
def test_a_protocol_is_a_class_or_a_factory_of_any_kind_of_component(serving, protocol):
    assert serving(hello, protocol=protocol) == b"hello"


@pytest.mark.parametrize("kind", [NestedServer, FunctionServer, MethodServer, PlainServer])
def test_a_protocol_may_be_an_attribute_of_a_subclass(serving, kind):
    assert serving(hello, kind) == b"hello"


@pytest.mark.parametrize("kind", [FastRestartServer, MoreComplexServer])
def test_the_historical_server_classes_serve(serving, kind):
    assert serving(hello, kind, protocol=Echo) == b"hello"


@pytest.mark.parametrize("protocol", [Echo, OldEcho, AsyncEcho])
def test_a_connection_that_has_ended_leaves_no_object_to_the_garbage_collector(serving, protocol):
    gone = threading.Semaphore(0)

    def counted(**_: Any) -> Any:
        handler = protocol()
        finalize(handler, gone.release)
        return handler

    def client(server: Any) -> bool:
        hello(server)
        return gone.acquire(timeout=PATIENCE)

    gc.disable()
    try:
        assert serving(client, protocol=counted)
    finally:
        gc.enable()


def test_a_handler_receives_the_addresses_of_both_ends(serving):
    told = []

    def protocol(peer: str, peerport: int, localip: str, localport: int, local: Any) -> Echo:
        told.append((peer, peerport, localip, localport, local))
        return Echo()

    def client(server: Any) -> tuple[Any, ...]:
        with dial(server.port) as sock:
            sock.sendall(b"x")
            sock.recv(1)
            return (*sock.getsockname(), *sock.getpeername(), sock.getpeername())

    assert told == [serving(client, protocol=protocol)]


def whatReturns(server: Any, sent: bytes) -> bytes:
    """Return all data received while `data` is sent and until the connection ends."""
    with dial(server.port) as sock:
        sender = threading.Thread(target=lambda: (sock.sendall(sent), sock.shutdown(1)))
        sender.start()
        got = readAll(sock)
        sender.join()
        return got


@pytest.mark.parametrize("size", [1, 1000, 65536, 5_000_000])
def test_an_echo_returns_all_data(serving, size):
    sent = os.urandom(size)

    assert serving(lambda server: whatReturns(server, sent), protocol=Echo) == sent


def test_text_is_sent_as_utf_8(serving):
    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            return readAll(sock)

    assert serving(client, protocol=lambda **_: Greeter(text="grüß")) == "grüß".encode()


def test_the_end_of_a_handler_closes_its_connection_when_all_is_sent(serving):
    def client(server: Any) -> int:
        with dial(server.port) as sock:
            return len(readAll(sock))

    assert serving(client, protocol=lambda **_: Greeter(text=bytes(3_000_000))) == 3_000_000


class Late(component):
    """Answer only when the peer has ended its side."""

    def main(self) -> Generator[int, None, None]:
        yield from self.waitForMessage("control")
        self.send(b"".join(self.Inbox())[::-1])
        message = self.recv("control")
        assert isinstance(message, socketShutdown)
        self.send(message, "signal")


def test_a_client_that_has_ended_its_side_still_receives_the_answer(serving):
    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            sock.sendall(b"abc")
            sock.shutdown(socket.SHUT_WR)
            return readAll(sock)

    assert serving(client, protocol=Late) == b"cba"


class Listener(component):
    """Append the messages from control to `heard`."""

    heard: list[Any]

    def main(self) -> Generator[int, None, None]:
        while not self.heard:
            yield from self.waitForMessage()
            self.heard += self.Inbox("control")
            list(self.Inbox())
        yield 1
        yield 1
        self.heard += self.Inbox("control")


@pytest.mark.parametrize("end", [reset, socket.socket.close])
def test_the_end_of_a_connection_is_reported_once_and_the_next_client_is_served(serving, end):
    heard: list[Any] = []
    first = [True]

    def protocol(**_: Any) -> component:
        return Listener(heard=heard) if first and first.pop() else Echo()

    def client(server: Any) -> bytes:
        sock = dial(server.port)
        sock.sendall(b"x")
        end(sock)
        return hello(server)

    assert serving(client, protocol=protocol) == b"hello"
    assert [type(message) for message in heard] == [socketShutdown]


@pytest.mark.parametrize("protocol", [Broken, lambda **_: Pipeline(Pipeline(Broken()), Echo())])
def test_an_error_in_a_handler_closes_its_own_connection_only(serving, caplog, protocol):
    first = [True]

    def client(server: Any) -> Any:
        with dial(server.port) as healthy, dial(server.port) as broken:
            healthy.sendall(b"1")
            assert healthy.recv(1) == b"1"
            broken.sendall(b"x")
            ended = readAll(broken)
            healthy.sendall(b"2")
            return ended, healthy.recv(1)

    def factory(**info: Any) -> component:
        return Echo() if first and first.pop() else protocol(**info)

    assert serving(client, protocol=factory) == (b"", b"2")
    assert "a handler's own mistake" in caplog.text
    assert not scheduler.run.listAllThreads()


def test_an_error_in_a_factory_closes_its_own_connection_only(serving, caplog):
    outcomes = [Echo(), None]

    def client(server: Any) -> Any:
        with dial(server.port) as sock:
            return readAll(sock), hello(server)

    def protocol(**_: Any) -> Any:
        made = outcomes.pop()
        if made is None:
            raise ValueError("no handler today")
        return made

    assert serving(client, protocol=protocol) == (b"", b"hello")
    assert "no handler today" in caplog.text


class Flood(component):
    """Send 64 KiB in each turn, without end, and count."""

    counts: list[int]

    def main(self) -> Generator[int, None, None]:
        while not self.dataReady("control"):
            self.send(bytes(65536))
            self.counts[0] += 1
            yield 1


def test_a_peer_that_does_not_read_holds_its_sender(serving):
    counts = [0]

    def client(server: Any) -> int:
        with dial(server.port) as sock:
            sock.recv(1)
            before, rounds = -1, 0
            while counts[0] != before and rounds < 500:
                before, rounds = counts[0], rounds + 1
                with dial(server.port) as other:
                    other.recv(1)
            reset(sock)
            return before

    def protocol(**_: Any) -> component:
        return Flood(counts=counts) if not counts[0] else Greeter()

    assert 0 < serving(client, protocol=protocol) * 65536 < 40 << 20


class Sleeper(component):
    """Take no message until `wake` is set, then count the bytes."""

    unread: list[Any]

    def main(self) -> Generator[int, None, None]:
        total = 0
        while not self.dataReady("inbox"):
            yield from self.waitForMessage("inbox")
        self.unread.append(self)
        while not self.isWoken:
            yield from self.waitForChange()
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            total += sum(map(len, self.Inbox()))
        self.send(str(total))

    isWoken = False


def test_reading_pauses_while_the_handler_takes_no_message(serving):
    handlers: list[Any] = []

    def client(server: Any) -> tuple[int, int]:
        with dial(server.port) as sock:
            sock.settimeout(1.0)
            sent = 0
            try:
                while sent < 1 << 30:
                    sent += sock.send(bytes(65536))
            except TimeoutError:
                pass
            waiting = sum(map(len, list(handlers[0].inboxes["inbox"])))
            sock.settimeout(PATIENCE)
            handlers[0].isWoken = True
            handlers[0].unpause()
            sock.shutdown(socket.SHUT_WR)
            return sent, waiting, int(readAll(sock))

    sent, waiting, received = serving(client, protocol=lambda **_: Sleeper(unread=handlers))
    assert waiting < 2 << 20
    assert received == sent


def test_a_full_inbox_with_a_size_loses_nothing(serving):
    def protocol(**_: Any) -> component:
        handler = Echo()
        handler.setInboxSize("inbox", 1)
        return handler

    sent = os.urandom(3_000_000)

    assert serving(lambda server: whatReturns(server, sent), protocol=protocol) == sent


def test_tls_from_the_first_byte(serving, certificate):
    def client(server: Any) -> bytes:
        with certificate.client.wrap_socket(dial(server.port), server_hostname="localhost") as sock:
            sock.sendall(b"secret" * 50_000)
            return readExactly(sock, 300_000)

    assert serving(client, protocol=Echo, ssl=certificate.server) == b"secret" * 50_000


def test_garbage_instead_of_tls_closes_that_connection_only(serving, certificate):
    def client(server: Any) -> bytes:
        with dial(server.port) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            readAll(sock)
        with certificate.client.wrap_socket(dial(server.port), server_hostname="localhost") as sock:
            sock.sendall(b"x")
            return sock.recv(1)

    assert serving(client, protocol=Echo, ssl=certificate.server) == b"x"


class StartTLS(component):
    """Start TLS on request, and echo."""

    Outboxes = {"outbox": "", "signal": "", "makessl": "True: begin"}
    Inboxes = {"inbox": "", "control": "", "sslready": "TLS has begun"}

    def main(self) -> Generator[int, None, None]:
        yield from self.waitForMessage("inbox")
        assert self.recv() == b"STARTTLS injected"
        self.send(b"go")
        self.send(True, "makessl")
        yield from self.waitForMessage("sslready")
        assert self.recv("sslready") is True
        while not self.isShuttingDown():
            for data in self.Inbox():
                self.send(data)
            yield from self.waitForMessage()


def test_starttls(serving, certificate):
    def client(server: Any) -> Any:
        plain = dial(server.port)
        plain.sendall(b"STARTTLS injected")
        assert readExactly(plain, 2) == b"go"
        with certificate.client.wrap_socket(plain, server_hostname="localhost") as sock:
            sock.sendall(b"secret")
            return readExactly(sock, 6)

    assert serving(client, protocol=StartTLS, starttls=certificate.server) == b"secret"


def test_a_unix_socket(serving, tmp_path):
    path = str(tmp_path / "socket")

    def client(_: Any) -> bytes:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(path)
            sock.sendall(b"hello")
            return readExactly(sock, 5)

    assert serving(client, protocol=Echo, path=path) == b"hello"
    assert not os.path.exists(path)


def test_several_hosts_share_one_port_which_is_known(serving):
    def client(server: Any) -> Any:
        answers = []
        for host in ("127.0.0.1", "::1"):
            with dial(server.port, host) as sock:
                sock.sendall(b"x")
                answers.append(sock.recv(1))
        return answers, len(set(server.ports))

    assert serving(client, protocol=Echo, host=["127.0.0.1", "::1"]) == ([b"x", b"x"], 1)


def test_a_port_in_use_is_an_error_at_start_that_names_the_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port} of 127.0.0.1") as caught:
            ServerCore(protocol=Echo, port=port, host="127.0.0.1").run()
    assert caught.value.errno == errno.EADDRINUSE


def test_without_an_event_loop_the_error_names_the_remedy():
    ServerCore(protocol=Echo, port=0).activate()
    with pytest.raises(RuntimeError, match="needs an event loop"):
        list(scheduler.run.main())


def test_clients_beyond_max_connections_wait_until_a_connection_ends(serving):
    def client(server: Any) -> Any:
        with dial(server.port) as first, dial(server.port) as second:
            first.sendall(b"1")
            second.sendall(b"2")
            answer = first.recv(1)
            most = len(server.connections)
            first.close()
            return answer, most, second.recv(1), len(server.connections)

    assert serving(client, protocol=Echo, max_connections=1) == (b"1", 1, b"2", 1)


@pytest.mark.parametrize("isEncrypted", [False, True], ids=["plain", "tls"])
def test_no_client_is_accepted_beyond_max_connections(serving, certificate, isEncrypted):
    def talk(sock: socket.socket) -> socket.socket:
        if isEncrypted:
            sock = certificate.client.wrap_socket(sock, server_hostname="localhost")
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        return sock

    def client(server: Any) -> Any:
        with ExitStack() as stack:
            stack.enter_context(
                talk(dial(server.port))
            )  # everything that is opened only once is open now
            before = descriptors()
            allWait = threading.Event()
            server.scheduler.callFromThread(lambda: allWait.wait(PATIENCE))
            socks = [stack.enter_context(dial(server.port)) for _ in range(40)]
            allWait.set()
            first = [stack.enter_context(talk(sock)) for sock in socks[:2]]
            there = descriptors() - before - len(socks)
            socks[7].close()  # while it waits
            for sock in first:
                sock.close()
            for sock in socks[2:7] + socks[8:]:
                talk(sock).close()
            return there <= 2

    settings = {"max_connections": 3} | ({"ssl": certificate.server} if isEncrypted else {})
    assert serving(client, protocol=Echo, **settings)


def test_clients_that_only_start_a_handshake_count_as_connections(serving, certificate):
    def client(server: Any) -> Any:
        with dial(server.port), dial(server.port) as second:
            third = dial(server.port)
            third.settimeout(0.1)
            with (
                pytest.raises(TimeoutError),
                certificate.client.wrap_socket(third, server_hostname="localhost"),
            ):
                pass
            second.close()
            third = dial(server.port)
            with certificate.client.wrap_socket(third, server_hostname="localhost") as sock:
                return readAll(sock)

    settings = {"max_connections": 2, "ssl": certificate.server}
    assert serving(client, protocol=lambda **_: Greeter(), **settings) == b"bye"


def test_a_peer_has_at_most_max_connections_per_peer(serving):
    def client(server: Any) -> Any:
        with ExitStack() as stack:
            socks = [stack.enter_context(dial(server.port)) for _ in range(2)]
            for sock in socks:
                sock.sendall(b"x")
                assert sock.recv(1) == b"x"
            with dial(server.port) as third:
                return readAll(third), len(server.connections)

    assert serving(client, protocol=Echo, max_connections_per_peer=2) == (b"", 2)


class Stubborn(component):
    """Read no message."""

    def main(self) -> Generator[int, None, None]:
        self.send(b"here")
        while not any(isinstance(m, socketShutdown) for m in self.Inbox("control")):
            yield from self.waitForMessage("control")


def test_a_handler_that_does_not_end_within_grace_is_stopped():
    server = ServerCore(protocol=Stubborn, port=0, host="127.0.0.1", grace=0.05)
    got: list[bytes] = []

    def talk() -> None:
        with dial(server.port) as sock:
            got.append(readExactly(sock, 4))
            server.scheduler.callFromThread(lambda: server._deliver(producerFinished(), "control"))
            got.append(readAll(sock))

    thread = threading.Thread(target=talk)
    server.onListening = lambda _: thread.start()
    server.run()
    thread.join()
    assert got == [b"here", b""]


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_port_scan_leaves_no_connection_behind(serving, caplog):
    def client(server: Any) -> Any:
        hello(server)
        before = descriptors()
        for _ in range(1500):
            reset(dial(server.port))
        hello(server)
        return descriptors() - before, len(server.connections)

    with caplog.at_level(logging.ERROR):
        grown, left = serving(client, protocol=Echo)
    assert grown < 20
    assert left < 20
    assert not caplog.records
    assert not scheduler.run.listAllThreads()


PROGRAM = """
import asyncio, logging, resource, sys
from Axon import EventLoop
from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore

logging.basicConfig(format="%(message)s")  # warnings only
if sys.argv[1] == "asyncio":
    EventLoop.newLoop = lambda clock=None: asyncio.new_event_loop()
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]),) * 2)

class Polite(component):
    def main(self):
        while not self.isShuttingDown():
            for data in self.Inbox():
                self.send(data)
            yield from self.waitForMessage()
        self.send(b"bye")

class Ticker(component):
    def main(self):
        try:
            while True:
                yield self.pause(3600)
        finally:
            print("ticker ended", flush=True)

Ticker().activate()
ServerCore(protocol=lambda **_: Polite(), port=0, host="127.0.0.1",
           onListening=lambda server: print(server.port, flush=True)).run()
print("over", flush=True)
"""


def program(*arguments: str) -> Any:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_server_in_order(number, eachLoop):
    with program(eachLoop) as process, dial(int(process.stdout.readline())) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        process.send_signal(number)
        assert readAll(sock) == b"bye"
        output, errors = process.communicate(timeout=PATIENCE)
    assert (output, errors, process.returncode) == ("ticker ended\nover\n", "", 0)


def test_accepting_pauses_when_descriptors_run_out_and_resumes_by_itself(eachLoop):
    with program(eachLoop, "80") as process, ExitStack() as stack:
        port = int(process.stdout.readline())
        socks = [stack.enter_context(dial(port)) for _ in range(150)]
        answered = 0
        for sock in socks:
            sock.sendall(b"x")
        for sock in socks:  # each is served when those before it have closed
            answered += sock.recv(1) == b"x"
            sock.close()
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert answered == 150
    assert errors == "accepting no connections for now: file descriptors run out (ulimit -n)\n"
