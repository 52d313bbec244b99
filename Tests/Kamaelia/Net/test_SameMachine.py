"""What the system keeps for a peer on the same machine: of which connections this is true."""

import asyncio
import os
import socket
import sys

import pytest

from Axon.EventLoop import runnerOn
from Kamaelia.Net.Connections import openConnection, streamsOver
from Kamaelia.Net.SameMachine import (
    keepsWhatIsSent,
    placeOf,
    thisMachine,
    writeAtOnce,
)
from Tests.Kamaelia.Net.test_Connections import loops

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems are not known to keep it")


@pytest.fixture(params=loops())
def run(request):
    def runOn(coroutine):
        with runnerOn(request.param) as runner:
            return runner.run(coroutine)

    return runOn


async def closed(*writers):
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0)


async def tcpPair(context=None, serverContext=None):
    """Return the writers of both ends of a connection over TCP: (client, server)."""
    arrived = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(
        lambda _, writer: arrived.set_result(writer), "127.0.0.1", 0, ssl=serverContext
    )
    try:
        port = server.sockets[0].getsockname()[1]
        _, client = await openConnection("127.0.0.1", port, context)
        return client, await arrived
    finally:
        server.close()  # `async with` waits for the connections from Python 3.12 on


@linux
@pytest.mark.parametrize("place", ["its own", "another", "none"])
def test_a_peer_over_tcp_has_to_name_the_place_that_this_end_sees(run, place):
    async def attempt():
        client, server = await tcpPair()
        places = {"its own": placeOf(client.get_extra_info("sockname")), "none": None}
        found = keepsWhatIsSent(server, places.get(place, placeOf(("127.0.0.1", 1))))
        await closed(client, server)
        return found

    assert run(attempt()) is (place == "its own")


@linux
def test_a_pair_of_unix_sockets_is_always_within_one_machine(run):
    async def attempt():
        ours, theirs = socket.socketpair()
        with theirs:
            _, writer = await streamsOver(sock=ours)
            found = keepsWhatIsSent(writer, None)
            await closed(writer)
        return found

    assert run(attempt())


def test_with_tls_this_end_cannot_know_what_is_sent(run, identity):
    async def attempt():
        client, server = await tcpPair(*identity.contexts())
        found = keepsWhatIsSent(server, placeOf(client.get_extra_info("sockname")))
        await closed(client, server)
        return found

    assert not run(attempt())


@linux
@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_what_was_written_at_once_can_be_read_at_once(run, kind):
    async def attempt():
        if kind == "tcp":
            client, server = await tcpPair()
            theirs = socket.socket(fileno=os.dup(client.get_extra_info("socket").fileno()))
        else:
            ours, theirs = socket.socketpair()
            _, server = await streamsOver(sock=ours)
            client = server
        with theirs:
            theirs.setblocking(False)
            isKept = writeAtOnce(server, b"12345")
            data = theirs.recv(100)
        await closed(client, server)
        return isKept, data

    assert run(attempt()) == (True, b"12345")


@linux
def test_what_does_not_fit_is_not_kept_and_nothing_is_out_of_order(run):
    async def attempt():
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.setblocking(False)
            _, writer = await streamsOver(sock=ours)
            size = 1 << 20
            assert not writeAtOnce(writer, b"a" * size)  # a part of it
            assert not writeAtOnce(writer, b"b")  # it would overtake the rest
            writer.write(b"c")
            data = b""
            while not data.endswith(b"c"):
                data += await asyncio.get_running_loop().sock_recv(theirs, size)
            await closed(writer)
        return data == b"a" * size + b"c"

    assert run(attempt())


@pytest.mark.parametrize("isClosing", [False, True])
def test_a_broken_connection_keeps_nothing(run, isClosing):
    async def attempt():
        ours, theirs = socket.socketpair()
        _, writer = await streamsOver(sock=ours)
        theirs.close()
        if isClosing:
            writer.close()
        found = writeAtOnce(writer, b"12345")
        await closed(writer)
        return found

    assert not run(attempt())


def test_a_place_names_the_address_and_the_machine():
    assert placeOf(("::1", 4000, 0, 0)) == f"::1 4000 {thisMachine()}"
    assert thisMachine()
    assert placeOf("/run/socket") == ""
