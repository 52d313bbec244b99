"""The Acceptor: whoever has been told of a connection is told of its end, whenever that is."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from Axon.EventLoop import newLoop
from Kamaelia.Internet.Acceptor import Acceptor

LOOPS = [newLoop, asyncio.new_event_loop]


class Told(asyncio.Protocol):
    """What a protocol hears; `onMade` is called when its connection is made."""

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
def test_who_is_cut_off_as_its_connection_is_made_is_told_of_the_end(
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
