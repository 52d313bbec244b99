"""Too few descriptors: a server accepts no connection until there are enough again."""

import asyncio
import logging
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, islice
from typing import Any

import pytest

from Axon import EventLoop
from Kamaelia.Internet import ListeningSockets as Listening
from Kamaelia.Internet.ListeningSockets import RESERVE, Listener, openSockets
from Tests.Kamaelia.sockets import PATIENCE, dial

LEFT = 80  # descriptors, when a test begins; it needs about 60
RETRY = 0.01

pytestmark = pytest.mark.usefixtures("eachLoop")


@pytest.fixture(autouse=True)
def _fewDescriptors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Listening, "RETRY", RETRY)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limitWith(LEFT), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def limitWith(left: int) -> int:
    """Return the limit with which so many descriptors are free, whatever the process has opened."""
    used = {int(name) for name in os.listdir("/proc/self/fd")}
    return next(islice((number for number in count() if number not in used), left, None))


def next_() -> int:
    """Return the descriptor that would be used next."""
    probe = os.dup(0)
    os.close(probe)
    return probe


def listening() -> tuple[Listener, Any, asyncio.Queue[Any]]:
    """Return a Listener that has started, its address, and the transports of accepted clients."""
    accepted: asyncio.Queue[Any] = asyncio.Queue()

    class Client(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            accepted.put_nowait(transport)

    sockets = openSockets(0, ["127.0.0.1"])
    listener = Listener(sockets, Client)
    listener.start(asyncio.get_running_loop())
    return listener, sockets[0].getsockname(), accepted


async def _acceptsWithEnoughDescriptors(caplog: pytest.LogCaptureFixture) -> None:
    listener, address, accepted = listening()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    held = []
    while next_() < most - RESERVE // 2:  # used by the rest of the program
        held.append(os.dup(0))
    first = dial(address[1])
    (await asyncio.wait_for(accepted.get(), PATIENCE)).close()
    os.close(held.pop(0))  # a gap among the lowest is not enough
    clients = [dial(address[1]) for _ in range(3)]
    await asyncio.sleep(10 * RETRY)
    assert accepted.empty()
    for each in held:
        os.close(each)
    for client in clients:
        (await asyncio.wait_for(accepted.get(), PATIENCE)).close()
        client.close()
    first.close()
    listener.close()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def _servesAfterAShortage(caplog: pytest.LogCaptureFixture) -> None:
    listener, address, accepted = listening()
    clients = [socket.socket() for _ in range(3)]
    held = []
    try:
        with suppress(OSError):
            while True:
                held.append(os.dup(0))
        for client in clients:
            client.connect(address)
        await asyncio.sleep(10 * RETRY)
        for client in clients:
            with pytest.raises(BlockingIOError):
                client.recv(1, socket.MSG_DONTWAIT)
    finally:
        for each in held:
            os.close(each)
    for client in clients:
        (await asyncio.wait_for(accepted.get(), PATIENCE)).close()
        client.close()
    listener.close()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_clients_wait_until_descriptors_are_free_again_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "Kamaelia")
    with asyncio.Runner(loop_factory=EventLoop.newLoop) as runner:
        runner.run(_acceptsWithEnoughDescriptors(caplog))


def test_no_client_is_disconnected_when_the_program_has_used_the_last_descriptor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "Kamaelia")
    with asyncio.Runner(loop_factory=EventLoop.newLoop) as runner:
        runner.run(_servesAfterAShortage(caplog))
