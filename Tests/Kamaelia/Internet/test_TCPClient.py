"""A client on real sockets: its data, its end and its messages."""

import asyncio
import errno
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import feed
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.IPC import socketShutdown
from Tests.Kamaelia.sockets import PATIENCE, readAll, readExactly, reset


@contextmanager
def peer(behave: Callable[[socket.socket], Any], listener: Any = None) -> Iterator[Any]:
    """Run a server for one connection in a thread; yield its port and the results of `behave`."""
    listener = listener or socket.create_server(("127.0.0.1", 0))
    listener.settimeout(PATIENCE)
    gave: list[Any] = []

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(PATIENCE)
            gave.append(behave(sock))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with listener:
            yield (listener.getsockname()[1] if listener.family == socket.AF_INET else None), gave
            thread.join(PATIENCE)
    finally:
        thread.join(PATIENCE)


def test_data_from_before_the_connection_is_sent_when_it_is_made():
    with peer(readAll) as (port, got):
        outcome = feed(TCPClient("127.0.0.1", port), inbox=[b"first ", "zweitens, ü"])
    assert got == ["first zweitens, ü".encode()]
    assert outcome["outbox"] == []
    assert [type(message) for message in outcome["signal"]] == [socketShutdown]


def test_data_from_the_server_is_sent_out_and_its_end_is_reported_once():
    def behave(sock: socket.socket) -> None:
        sock.sendall(b"x" * 1_000_000)

    with peer(behave) as (port, _):
        outcome = feed(TCPClient("127.0.0.1", port), control=[])
    assert b"".join(outcome["outbox"]) == b"x" * 1_000_000
    assert [(type(m), m.message) for m in outcome["signal"]] == [(socketShutdown, None)]


def test_a_reset_is_reported_as_an_end_with_the_error():
    with peer(reset) as (port, _):
        outcome = feed(TCPClient("127.0.0.1", port), control=[])
    assert [type(message) for message in outcome["signal"]] == [socketShutdown]
    error = outcome["signal"][0].message
    assert error is None or isinstance(error, ConnectionResetError)


def test_a_refusal_is_reported_as_an_end_with_the_error(refusingPort):
    outcome = feed(TCPClient("127.0.0.1", refusingPort), inbox=[b"lost"], control=[])
    assert [message.message.errno for message in outcome["signal"]] == [errno.ECONNREFUSED]
    assert outcome["outbox"] == []


def test_an_unknown_name_is_reported_as_an_end_with_the_error():
    outcome = feed(TCPClient("nobody.invalid", 25), control=[])
    assert [type(message.message) for message in outcome["signal"]] == [socket.gaierror]


def test_a_connection_attempt_ends_after_connect_timeout():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        outcome = feed(TCPClient(*full.getsockname(), connect_timeout=0.05), control=[])
        for other in others:
            other.close()
    assert [type(message.message) for message in outcome["signal"]] == [TimeoutError]


def test_it_can_wait_for_the_server_to_close():
    def behave(sock: socket.socket) -> bytes:
        asked = readExactly(sock, 3)
        sock.sendall(b"the answer")
        return asked

    with peer(behave) as (port, got):
        client = TCPClient("127.0.0.1", port, wait_for_serverclose=True)
        outcome = feed(client, inbox=[b"ask"])
    assert got == [b"ask"]
    assert b"".join(outcome["outbox"]) == b"the answer"


def test_it_can_end_its_side_and_wait_for_the_answer():
    def behave(sock: socket.socket) -> bytes:
        asked = readAll(sock)
        sock.sendall(b"the answer")
        return asked

    with peer(behave) as (port, got):
        client = TCPClient("127.0.0.1", port, halfClose=True)
        outcome = feed(client, inbox=[b"x" * 1_000_000], control=[producerFinished()] * 2)
    assert got == [b"x" * 1_000_000]
    assert b"".join(outcome["outbox"]) == b"the answer"


def test_a_shutdown_ends_it_during_the_delay(virtualClock):
    outcome = feed(TCPClient("127.0.0.1", 1, delay=3600), control=[shutdownMicroprocess()])
    assert [type(message) for message in outcome["signal"]] == [socketShutdown]
    assert virtualClock.now() < 3600


class EndsAsItBegins(TCPClient):
    """A client that receives a shutdown in connection_made."""

    wasCancelled = False

    async def _connect(self, loop: Any) -> Any:
        try:
            return await super()._connect(loop), await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.wasCancelled = True
            raise

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._deliver(shutdownMicroprocess(), "control")


def test_a_connection_that_ends_in_connection_made_is_not_cancelled(eachLoop):
    """If it were cancelled, uvloop would close it without a call of connection_lost."""
    with peer(readAll) as (port, got):
        client = EndsAsItBegins("127.0.0.1", port)
        outcome = feed(client, inbox=[b"all of it"], control=[])
    assert not client.wasCancelled
    assert got == [b"all of it"]
    assert [(type(m), m.message) for m in outcome["signal"]] == [(socketShutdown, None)]


class EndsBeforeItBegins(TCPClient):
    """A client that receives a shutdown when its transport is made, before connection_made."""

    async def _connect(self, loop: Any) -> None:
        await loop.create_connection(self.shutDown, self.host, self.port)

    def shutDown(self) -> TCPClient:
        self._deliver(shutdownMicroprocess(), "control")
        return self


def test_a_connection_that_is_made_after_its_end_sends_nothing_and_is_closed(eachLoop):
    with peer(readAll) as (port, got):
        client = EndsBeforeItBegins("127.0.0.1", port)
        outcome = feed(client, inbox=[b"none of it"], control=[])
    assert got == [b""]
    assert [(type(m), m.message) for m in outcome["signal"]] == [(socketShutdown, None)]


class Leaver(component):
    """Take no message until the client pauses reading, then end."""

    def main(self) -> Any:
        client = self.client
        self.link((client, "outbox"), (self, "inbox"))
        self.link((self, "signal"), (client, "control"))
        client.activate()
        while client.transport is None or client.transport.is_reading():
            yield 1
        self.send(shutdownMicroprocess(), "signal")
        self.unlink(client)
        yield 1


def test_a_receiver_may_end_while_data_waits(eachLoop):
    def behave(sock: socket.socket) -> bool:
        with suppress(ConnectionError):
            sock.sendall(b"x" * 10_000_000)
        return True

    with peer(behave) as (port, gave):
        Leaver(client=TCPClient("127.0.0.1", port)).run()
    assert gave == [True]


def test_a_unix_socket(tmp_path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    with peer(readAll, listener) as (_, got):
        feed(TCPClient(path=str(tmp_path / "socket")), inbox=[b"hello"])
    assert got == [b"hello"]


def test_tls_and_the_name_in_the_certificate(certificate):
    def behave(sock: socket.socket) -> bytes:
        with certificate.server.wrap_socket(sock, server_side=True) as secure:
            return readAll(secure)

    with peer(behave) as (port, got):
        feed(TCPClient("localhost", port, ssl=certificate.client), inbox=[b"secret"])
    assert got == [b"secret"]


def test_a_certificate_with_another_name_is_rejected(certificate):
    def behave(sock: socket.socket) -> str:
        try:
            certificate.server.wrap_socket(sock, server_side=True).close()
        except OSError:
            return "refused"
        return "accepted"

    with peer(behave) as (port, gave):
        client = TCPClient("127.0.0.1", port, ssl=certificate.client, serverHostname="example.org")
        outcome = feed(client, inbox=[b"secret"], control=[])
    assert gave == ["refused"]
    assert [type(message.message) for message in outcome["signal"]] == [
        ssl.SSLCertVerificationError
    ]


class StartTLS(component):
    """Start TLS, send a word, and append the answer to `got`."""

    Outboxes = {"outbox": "", "signal": "", "makessl": ""}
    Inboxes = {"inbox": "", "control": "", "sslready": ""}

    def main(self) -> Any:
        self.send(b"STARTTLS")
        yield from self.waitForMessage("inbox")
        assert self.recv().startswith(b"go")
        self.send(self.context, "makessl")
        yield from self.waitForMessage("sslready")
        self.send(b"secret")
        yield from self.waitForMessage("inbox")
        self.got.append(self.recv())
        self.send(producerFinished(self), "signal")


def test_starttls_by_the_client(certificate):
    def behave(sock: socket.socket) -> bytes:
        assert readExactly(sock, 8) == b"STARTTLS"
        sock.sendall(b"go")
        with certificate.server.wrap_socket(sock, server_side=True) as secure:
            asked = secure.recv(6)
            secure.sendall(b"answer")
            secure.recv(1)
            return asked

    got: list[bytes] = []
    with peer(behave) as (port, asked):
        client = TCPClient("localhost", port)
        user = StartTLS(context=certificate.client, got=got)
        for box, to in (("outbox", "inbox"), ("makessl", "makessl"), ("signal", "control")):
            user.link((user, box), (client, to))
        for box, to in (("outbox", "inbox"), ("sslready", "sslready")):
            user.link((client, box), (user, to))
        client.activate()
        user.run()
    assert (got, asked) == ([b"answer"], [b"secret"])


class LeavesAmidHandshake(component):
    """Start TLS, send a last word, and send the message `word` to control during the handshake."""

    Outboxes = {"outbox": "", "signal": "", "makessl": ""}

    def main(self) -> Any:
        yield from self.waitForMessage("inbox")
        self.send(self.context, "makessl")
        self.send(b"last")
        self.send(self.word, "signal")
        yield from self.waitForMessage("control")


def leave(port: int, **settings: Any) -> None:
    client = TCPClient("localhost", port)
    leaver = LeavesAmidHandshake(**settings)
    for box, to in (("outbox", "inbox"), ("makessl", "makessl"), ("signal", "control")):
        leaver.link((leaver, box), (client, to))
    leaver.link((client, "outbox"), (leaver, "inbox"))
    leaver.link((client, "signal"), (leaver, "control"))
    client.activate()
    leaver.run()


def test_a_shutdown_ends_a_client_during_a_handshake_that_never_ends(certificate):
    def behave(sock: socket.socket) -> bytes:
        sock.sendall(b"go")
        return readAll(sock)  # without any TLS

    with peer(behave) as (port, _):
        leave(port, context=certificate.client, word=shutdownMicroprocess())


class Failure(Exception):
    """An error of a component."""


class Ender(component):
    """End the client with a message or, if `isFailure`, the whole run with an error."""

    isFailure = False

    def main(self) -> Any:
        yield from self.waitForMessage("inbox")
        if self.isFailure:
            raise Failure
        self.send(shutdownMicroprocess(), "signal")

    def go(self) -> None:
        self._deliver(True, "inbox")


@pytest.mark.parametrize("isFailure", [False, True], ids=["by a message", "by an error"])
@pytest.mark.parametrize("isAnswered", [False, True], ids=["at its beginning", "at its end"])
def test_a_client_that_ends_in_its_handshake_leaves_no_connection(
    certificate, eachLoop, monkeypatch, isAnswered, isFailure
):
    """The server stays silent, or answers the handshake and nothing else."""
    ender = Ender(isFailure=isFailure)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = certificate.server.wrap_bio(incoming, outgoing, server_side=True)

    class EndsAtTheEnd(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            ender.go()

    if isAnswered:
        monkeypatch.setattr(certificate.client, "sslobject_class", EndsAtTheEnd)

    def behave(sock: socket.socket) -> bytes:
        first = sock.recv(65536)
        if not isAnswered:
            ender.scheduler.loop.call_soon_threadsafe(ender.go)
            return readAll(sock)
        incoming.write(first)
        with suppress(ssl.SSLWantReadError):
            server.do_handshake()
        sock.sendall(outgoing.read())
        return readAll(sock)

    with peer(behave) as (port, got):
        client = TCPClient("127.0.0.1", port, ssl=certificate.client, promptly=0.1)
        client.serverHostname = "localhost"
        ender.link((ender, "signal"), (client, "control"))
        client.activate()
        with pytest.raises(Failure) if isFailure else nullcontext():
            ender.run()
    assert len(got) == 1  # the connection has ended


def test_a_client_that_finishes_during_the_handshake_ends_when_all_is_sent(certificate):
    def behave(sock: socket.socket) -> bytes:
        sock.sendall(b"go")
        with certificate.server.wrap_socket(sock, server_side=True) as secure:
            return readAll(secure)

    with peer(behave) as (port, got):
        leave(port, context=certificate.client, word=producerFinished())
    assert got == [b"last"]


class Source(component):
    """Send `count` blocks, one in each turn, then end; `most` is the largest number that waited."""

    def main(self) -> Any:
        for _ in range(self.count):
            self.send(bytes(65536))
            self.sent += 1
            yield 1
        self.send(producerFinished(self), "signal")

    sent = 0


def test_a_server_that_does_not_read_holds_the_sender():
    sentAtLast: list[int] = []
    source = Source(count=2000)

    def behave(sock: socket.socket) -> int:
        before = -1
        while before != source.sent:
            before = source.sent
            threading.Event().wait(0.1)
        sentAtLast.append(before)
        return len(readAll(sock))

    with peer(behave) as (port, got):
        client = TCPClient("127.0.0.1", port)
        source.link((source, "outbox"), (client, "inbox"))
        source.link((source, "signal"), (client, "control"))
        client.activate()
        source.run()
    assert sentAtLast[0] < 500
    assert got == [2000 * 65536]


class Quitter(component):
    """Send until the connection holds it, then unlink it."""

    def main(self) -> Any:
        client = self.client
        self.link((self, "outbox"), (client, "inbox"))
        client.activate()
        while client.transport is None:
            yield 1
        while not client.isShut():
            yield 1
            self.send(bytes(65536))
        self.unlink(client)
        yield 1
        self.hasGoneOn.set()
        client._deliver(shutdownMicroprocess(), "control")


def test_a_sender_that_is_unlinked_is_not_held_any_more():
    hasGoneOn = threading.Event()
    with peer(lambda _: hasGoneOn.wait(PATIENCE)) as (port, gave):
        Quitter(client=TCPClient("127.0.0.1", port, promptly=0.01), hasGoneOn=hasGoneOn).run()
    assert gave == [True]


def test_a_sender_is_held_when_mostKept_messages_wait_for_the_connection(
    virtualClock, refusingPort
):
    client = TCPClient("127.0.0.1", refusingPort, delay=10)
    source = Source(count=2000)
    source.link((source, "outbox"), (client, "inbox"))
    held: list[int] = []

    class Watcher(component):
        def main(self) -> Any:
            yield self.pause(1)
            held.append(source.sent)

    Watcher().activate()
    client.activate()
    source.run()
    assert held == [TCPClient.mostKept]
    assert source.sent == 2000


def test_without_an_event_loop_the_error_names_the_remedy():
    TCPClient("127.0.0.1", 1).activate()
    with pytest.raises(RuntimeError, match="needs an event loop"):
        list(scheduler.run.main())


def test_an_interrupted_run_leaves_no_descriptor_open():
    before = len(os.listdir("/proc/self/fd"))

    class Bad(component):
        def main(self) -> Any:
            yield from self.waitForMessage()
            raise ValueError("enough")

    def behave(sock: socket.socket) -> None:
        sock.sendall(b"x")
        readAll(sock)

    with peer(behave) as (port, _):
        client, bad = TCPClient("127.0.0.1", port), Bad()
        bad.link((client, "outbox"), (bad, "inbox"))
        client.activate()
        with pytest.raises(ValueError, match="enough"):
            bad.run()
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.needs("openssl")
@pytest.mark.usefixtures("eachLoop")
@pytest.mark.parametrize(
    "message", [" make ssl ", True, None, 0, object()], ids=["text", "True", "None", "0", "object"]
)
@pytest.mark.parametrize("isEarly", [True, False], ids=["early", "connected"])
def test_a_message_of_any_kind_to_makessl_starts_tls(certificate, message, isEarly):
    def behave(sock: socket.socket) -> str:
        sock.sendall(b"" if isEarly else b"go")
        with suppress(OSError), certificate.server.wrap_socket(sock, server_side=True):
            return "a handshake"
        return "a handshake that failed"

    with peer(behave) as (port, gave):
        client = TCPClient("127.0.0.1", port, serverHostname="localhost")
        client.sslContext = certificate.client
        if isEarly:
            outcome = feed(client, makessl=[message], control=[])
        else:
            asker = _Asks(message=message)
            asker.link((client, "outbox"), (asker, "inbox"))
            asker.link((asker, "outbox"), (client, "makessl"))
            asker.activate()
            outcome = feed(client, control=[])
    assert gave == ["a handshake"]
    assert [type(each) for each in outcome["signal"]] == [socketShutdown]


class _Asks(component):
    """Send `message` at the first message."""

    message: Any = None

    def main(self) -> Any:
        yield from self.waitForMessage("inbox")
        self.send(self.message)


@pytest.mark.usefixtures("eachLoop")
def test_without_a_context_the_default_one_is_used_which_rejects_self_signed_certificates(
    certificate,
):
    def behave(sock: socket.socket) -> None:
        with suppress(OSError), certificate.server.wrap_socket(sock, server_side=True):
            pass

    with peer(behave) as (port, _):
        client = TCPClient("127.0.0.1", port, serverHostname="localhost")
        outcome = feed(client, makessl=[" make ssl "], control=[])
    assert isinstance(outcome["signal"][0].message, ssl.SSLError)
