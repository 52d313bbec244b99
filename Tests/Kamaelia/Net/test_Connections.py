"""Client connections: nothing is left of one that is given up."""

import asyncio
import socket
import ssl
from contextlib import suppress

import pytest

from Axon.EventLoop import runnerOn
from Kamaelia.Net.Connections import openConnection


def loops():
    yield pytest.param(asyncio.new_event_loop, id="asyncio")
    try:
        import uvloop
    except ImportError:
        return
    yield pytest.param(uvloop.new_event_loop, id="uvloop")


@pytest.fixture(params=loops())
def run(request):
    def runOn(coroutine):
        with runnerOn(request.param) as runner:
            return runner.run(coroutine)

    return runOn


@pytest.fixture
def silent():
    """A server that never answers; return its socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


async def bytesUntilTheEnd(peer, answer):
    """Call answer(data) for what arrives, and send what it returns; return after the last byte."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(60):
        try:
            while data := await loop.sock_recv(peer, 1 << 16):
                await loop.sock_sendall(peer, answer(data))
        except ConnectionError:
            return


async def accepted(server):
    """Return the next connection of a listening socket."""
    server.setblocking(False)
    peer, _ = await asyncio.get_running_loop().sock_accept(server)
    peer.setblocking(False)
    return peer


class Handshake:
    """The answers of a server in a TLS handshake."""

    def __init__(self, context):
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._server = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def answer(self, data):
        self._incoming.write(data)
        try:
            self._server.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self._outgoing.read()


@pytest.mark.parametrize("isAnswered", [False, True], ids=["at its begin", "at its end"])
def test_a_connection_that_is_cancelled_in_the_tls_handshake_is_closed_at_once(
    run, silent, identity, isAnswered
):
    attempts = []
    context, serverContext = identity.contexts()

    class CancelledAtTheEnd(ssl.SSLObject):
        def do_handshake(self):
            super().do_handshake()
            attempts[0].cancel()

    context.sslobject_class = CancelledAtTheEnd
    handshake = Handshake(serverContext)

    async def attempt():
        port = silent.getsockname()[1]
        attempts.append(asyncio.ensure_future(openConnection("127.0.0.1", port, context)))
        with await accepted(silent) as peer:
            if isAnswered:
                await bytesUntilTheEnd(peer, handshake.answer)
            else:
                assert await asyncio.get_running_loop().sock_recv(peer, 1 << 16)
                attempts[0].cancel()
                await bytesUntilTheEnd(peer, lambda _: b"")
        await asyncio.wait(attempts)

    run(attempt())
    assert attempts[0].cancelled()


def test_what_the_server_sends_at_once_after_the_handshake_arrives(run, identity):
    writer, reader = identity.contexts()

    async def greet(_, stream):
        stream.write(b"hello\n")
        stream.close()

    async def exchange():
        server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=reader)
        async with server:
            incoming, stream = await openConnection(
                "127.0.0.1", server.sockets[0].getsockname()[1], writer
            )
            data = await incoming.read()
            stream.close()
            return data

    assert run(exchange()) == b"hello\n"


def test_without_tls_it_is_a_plain_connection(run):
    async def echo(reader, writer):
        writer.write(await reader.readline())
        writer.close()

    async def exchange():
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            reader, writer = await openConnection("127.0.0.1", server.sockets[0].getsockname()[1])
            writer.write(b"hello\n")
            data = await reader.read()
            writer.close()
            return data

    assert run(exchange()) == b"hello\n"


@pytest.mark.parametrize("isReset", [True, False], ids=["reset", "closed"])
def test_what_the_peer_sent_can_be_read_after_a_write_has_failed(run, isReset):
    """A peer that is killed resets the connection if it has not read everything."""

    async def exchange():
        with socket.create_server(("127.0.0.1", 0)) as server:
            reader, writer = await openConnection("127.0.0.1", server.getsockname()[1])
            peer = await accepted(server)
            writer.write(b"request")
            if not isReset:
                await asyncio.get_running_loop().sock_recv(peer, 100)
            await asyncio.sleep(0)
            peer.send(b"x" * 20_000)
            peer.close()
            for _ in range(3):  # without a look at what has arrived
                writer.write(b"more")
            data = b""
            with suppress(ConnectionError):  # the error of the connection comes last
                while part := await reader.read(1 << 16):
                    data += part
            writer.transport.abort()
            return data

    assert run(exchange()) == b"x" * 20_000
