"""How connections end, on asyncio's own event loop and on uvloop's."""

import asyncio
import gc
import ssl
from contextlib import suppress

import pytest

from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Tests.Kamaelia.sockets import Echo, dial, readAll


@pytest.fixture(params=["asyncio", "uvloop"])
def newLoop(request):
    """Return a function that creates an event loop of this kind."""
    maker = asyncio if request.param == "asyncio" else pytest.importorskip("uvloop")
    return maker.new_event_loop


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("says", [b"", b"some words"])
@pytest.mark.parametrize("howHard", [False, True], ids=["closed", "reset"])
def test_a_client_that_disconnects_from_a_tls_server_causes_no_error(
    newLoop, certificate, caplog, says, howHard
):
    async def client(server):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=certificate.client, server_hostname="localhost"
        )
        writer.write(says)
        assert await reader.readexactly(len(says)) == says
        if howHard:
            writer.transport.abort()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def program():
        listening = asyncio.get_running_loop().create_future()
        settings = {"host": "127.0.0.1", "port": 0, "ssl": certificate.server}
        server = ServerCore(protocol=Echo, onListening=listening.set_result, **settings)
        running = asyncio.create_task(scheduler.run.runAsync())
        server.activate()
        await listening
        for _ in range(3):
            await client(server)
        while server.connections:
            await asyncio.sleep(0)
        scheduler.run.stop()
        await running

    with asyncio.Runner(loop_factory=newLoop) as runner:
        runner.run(asyncio.wait_for(program(), 20))
    assert caplog.text == ""


class Encrypts(component):
    """Start TLS at the first message."""

    Inboxes = {"inbox": "", "control": "", "sslready": "not used: it waits for the end"}
    Outboxes = {"outbox": "", "signal": "", "makessl": "True: begin"}

    def main(self):
        yield from self.waitForMessage()
        self.send(b"go")
        self.send(True, "makessl")
        while not self.isShuttingDown():
            yield from self.waitForChange()


@pytest.mark.needs("openssl")
def test_a_failed_handshake_leaves_no_tls_object_to_the_garbage_collector(
    serving, certificate, eachLoop
):
    def client(server):
        for _ in range(5):
            with dial(server.port) as sock:
                sock.sendall(b"x")
                assert sock.recv(2) == b"go"
                sock.sendall(bytes(300))
                readAll(sock)

    gc.collect()
    gc.disable()
    try:
        before = _ofTLS()
        serving(client, protocol=Encrypts, starttls=certificate.server)
        assert _ofTLS() == before
    finally:
        gc.enable()


def _ofTLS():
    return sum(isinstance(each, ssl.SSLObject) for each in gc.get_objects())
