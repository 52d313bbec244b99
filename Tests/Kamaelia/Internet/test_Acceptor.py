"""The Acceptor: every protocol that learns of a connection learns of its end."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from Axon.EventLoop import newLoop
from Kamaelia.Internet.Acceptor import Acceptor

LOOPS = [newLoop, asyncio.new_event_loop]


class Told(asyncio.Protocol):
    """A protocol that records its end; `onMade` is called when the connection is made."""

    transport: Any = None

    def __init__(self, onMade: Callable[[], None]) -> None:
        self.onMade = onMade
        self.hasEnded = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.onMade()

    def connection_lost(self, error: Exception | None) -> None:
        self.hasEnded = True


@pytest.mark.parametrize("loopOf", LOOPS)
def test_a_protocol_learns_of_an_end_during_connection_made(
    loopOf: Callable[[], Any],
) -> None:
    told: list[Told] = []

    async def program() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)

            def make() -> Told:
                told.append(Told(acceptor.close))
                return told[-1]

            loop = asyncio.get_running_loop()
            acceptor = Acceptor(loop, [listening], make, {}, None, lambda _: None)
            acceptor.start()
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            assert await reader.read() == b""
            writer.close()

    with asyncio.Runner(loop_factory=loopOf) as runner:
        runner.run(asyncio.wait_for(program(), 10))
    assert [each.hasEnded for each in told] == [True]
