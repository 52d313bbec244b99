"""A client on real sockets: what it sends, when it ends, and what it says then."""

import asyncio
import errno
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
    """A server of one connection, in a thread; gives its port and what `behave` gave."""
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


def test_what_is_sent_before_the_connection_stands_goes_out_then():
    with peer(readAll) as (port, got):
        outcome = feed(TCPClient("127.0.0.1", port), inbox=[b"first ", "zweitens, ü"])
    assert got == ["first zweitens, ü".encode()]
    assert outcome["outbox"] == []
    assert [type(message) for message in outcome["signal"]] == [socketShutdown]


def test_what_the_server_sends_comes_out_and_its_end_is_said_once():
    def behave(sock: socket.socket) -> None:
        sock.sendall(b"x" * 1_000_000)

    with peer(behave) as (port, _):
        outcome = feed(TCPClient("127.0.0.1", port), control=[])
    assert b"".join(outcome["outbox"]) == b"x" * 1_000_000
    assert [(type(m), m.message) for m in outcome["signal"]] == [(socketShutdown, None)]


def test_a_reset_is_an_end_with_its_reason():
    with peer(reset) as (port, _):
        outcome = feed(TCPClient("127.0.0.1", port), control=[])
    assert [type(message) for message in outcome["signal"]] == [socketShutdown]
    error = outcome["signal"][0].message
    assert error is None or isinstance(error, ConnectionResetError)


def test_a_refusal_is_an_end_with_its_reason(freePort):
    outcome = feed(TCPClient("127.0.0.1", freePort), inbox=[b"lost"], control=[])
    assert [message.message.errno for message in outcome["signal"]] == [errno.ECONNREFUSED]
    assert outcome["outbox"] == []


def test_a_name_that_nobody_has_is_an_end_with_its_reason():
    outcome = feed(TCPClient("nobody.invalid", 25), control=[])
    assert [type(message.message) for message in outcome["signal"]] == [socket.gaierror]


def test_a_server_that_does_not_answer_is_given_up():
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


def test_it_may_wait_for_the_server_to_close():
    def behave(sock: socket.socket) -> bytes:
        asked = readExactly(sock, 3)
        sock.sendall(b"the answer")
        return asked

    with peer(behave) as (port, got):
        client = TCPClient("127.0.0.1", port, wait_for_serverclose=True)
        outcome = feed(client, inbox=[b"ask"])
    assert got == [b"ask"]
    assert b"".join(outcome["outbox"]) == b"the answer"


def test_it_may_tell_the_server_that_no_more_comes_and_wait_for_the_answer():
    def behave(sock: socket.socket) -> bytes:
        asked = readAll(sock)
        sock.sendall(b"the answer")
        return asked

    with peer(behave) as (port, got):
        client = TCPClient("127.0.0.1", port, halfClose=True)
        outcome = feed(client, inbox=[b"x" * 1_000_000], control=[producerFinished()] * 2)
    assert got == [b"x" * 1_000_000]
    assert b"".join(outcome["outbox"]) == b"the answer"


def test_shutdown_ends_it_even_while_it_waits(virtualClock):
    outcome = feed(TCPClient("127.0.0.1", 1, delay=3600), control=[shutdownMicroprocess()])
    assert [type(message) for message in outcome["signal"]] == [socketShutdown]
    assert virtualClock.now() < 3600


class EndsAsItBegins(TCPClient):
    """Is told to end when it has its transport, and the loop has not finished making it."""

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


def test_a_connection_that_ends_as_it_begins_is_not_taken_from_the_loop(eachLoop):
    """Or uvloop closes it, and says connection_lost to nobody: it would wait for that for ever."""
    with peer(readAll) as (port, got):
        client = EndsAsItBegins("127.0.0.1", port)
        outcome = feed(client, inbox=[b"all of it"], control=[])
    assert not client.wasCancelled
    assert got == [b"all of it"]
    assert [(type(m), m.message) for m in outcome["signal"]] == [(socketShutdown, None)]


class Leaver(component):
    """Reads nothing until its client stops reading, then leaves it."""

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


def test_a_reader_may_leave_while_more_waits_than_it_took(eachLoop):
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


def test_tls_and_whose_certificate_it_must_be(certificate):
    def behave(sock: socket.socket) -> bytes:
        with certificate.server.wrap_socket(sock, server_side=True) as secure:
            return readAll(secure)

    with peer(behave) as (port, got):
        feed(TCPClient("localhost", port, ssl=certificate.client), inbox=[b"secret"])
    assert got == [b"secret"]


def test_a_certificate_of_somebody_else_is_refused(certificate):
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
    """Asks for TLS, sends a word in it, and puts what came into `got`."""

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
    """Asks for TLS, says its last word, and leaves with `word` while the handshake is under way."""

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


def test_a_handshake_without_an_end_does_not_keep_who_is_to_stop(certificate):
    def behave(sock: socket.socket) -> bytes:
        sock.sendall(b"go")
        return readAll(sock)  # and never a word of TLS

    with peer(behave) as (port, _):
        leave(port, context=certificate.client, word=shutdownMicroprocess())


def test_who_finishes_during_the_handshake_ends_when_all_is_sent(certificate):
    def behave(sock: socket.socket) -> bytes:
        sock.sendall(b"go")
        with certificate.server.wrap_socket(sock, server_side=True) as secure:
            return readAll(secure)

    with peer(behave) as (port, got):
        leave(port, context=certificate.client, word=producerFinished())
    assert got == [b"last"]


class Source(component):
    """Sends `count` blocks, one a turn, then ends; `most` is how many waited at once."""

    def main(self) -> Any:
        for _ in range(self.count):
            self.send(bytes(65536))
            self.sent += 1
            yield 1
        self.send(producerFinished(self), "signal")

    sent = 0


def test_a_server_that_does_not_read_holds_who_sends():
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
    """Sends until the connection takes no more, and leaves it then."""

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


def test_who_has_left_is_not_held_any_more():
    hasGoneOn = threading.Event()
    with peer(lambda _: hasGoneOn.wait(2)) as (port, gave):
        Quitter(client=TCPClient("127.0.0.1", port, promptly=0.01), hasGoneOn=hasGoneOn).run()
    assert gave == [True]


def test_more_than_it_keeps_holds_who_sends(freePort):
    client = TCPClient("127.0.0.1", freePort, delay=0.2)
    source = Source(count=2000)
    source.link((source, "outbox"), (client, "inbox"))
    held: list[int] = []

    class Watcher(component):
        def main(self) -> Any:
            yield self.pause(0.1)
            held.append(source.sent)

    Watcher().activate()
    client.activate()
    source.run()
    assert held == [TCPClient.mostKept]
    assert source.sent == 2000


def test_without_a_loop_it_says_what_it_needs():
    TCPClient("127.0.0.1", 1).activate()
    with pytest.raises(RuntimeError, match="needs an event loop"):
        list(scheduler.run.main())


def test_an_interrupted_run_leaves_no_descriptor():
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
@pytest.mark.parametrize("message", [" make ssl ", True, None, 0, object()], ids=repr)
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
    """Sends `message` as soon as it gets anything."""

    message: Any = None

    def main(self) -> Any:
        yield from self.waitForMessage("inbox")
        self.send(self.message)


@pytest.mark.usefixtures("eachLoop")
def test_without_a_context_the_default_one_is_used_which_trusts_no_self_made_certificate(
    certificate,
):
    def behave(sock: socket.socket) -> None:
        with suppress(OSError), certificate.server.wrap_socket(sock, server_side=True):
            pass

    with peer(behave) as (port, _):
        client = TCPClient("127.0.0.1", port, serverHostname="localhost")
        outcome = feed(client, makessl=[" make ssl "], control=[])
    assert isinstance(outcome["signal"][0].message, ssl.SSLError)
