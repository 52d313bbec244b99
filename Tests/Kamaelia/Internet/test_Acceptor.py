"""The Acceptor: every protocol that learns of a connection learns of its end."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from Axon.EventLoop import newLoop
from Kamaelia.Internet.Acceptor import Acceptor, Announcement
from Kamaelia.Internet.ListeningSockets import openSockets

LOOPS = [newLoop, asyncio.new_event_loop]
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends a reset


def opened() -> Any:
    """Return a listening socket, as servers open it, in a context that closes it."""
    return closing(openSockets(0, ["127.0.0.1"])[0])


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
        with opened() as listening:

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


class CountedCalls:
    """A listening socket that counts the calls of accept()."""

    def __init__(self, listening: socket.socket) -> None:
        self.fileno = listening.fileno
        self._listening = listening
        self.calls = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.calls += 1
        return self._listening.accept()


@pytest.mark.parametrize("loopOf", LOOPS)
def test_few_calls_of_accept_fail_when_clients_come_one_by_one(loopOf):
    async def program() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            counted: Any = CountedCalls(listening)
            loop = asyncio.get_running_loop()
            arrived = asyncio.Event()
            make = lambda: Told(arrived.set)  # noqa: E731
            acceptor = Acceptor(loop, [counted], make, {}, None, lambda _: None)
            acceptor.start()
            for _ in range(64):
                _, writer = await asyncio.open_connection(*listening.getsockname())
                await arrived.wait()
                arrived.clear()
                writer.close()
            acceptor.close()
            return counted.calls

    with asyncio.Runner(loop_factory=loopOf) as runner:
        assert runner.run(asyncio.wait_for(program(), 10)) <= 64 + 64 // 4


@pytest.mark.parametrize("loopOf", LOOPS)
def test_clients_that_come_at_once_after_single_ones_are_all_accepted(loopOf):
    async def program() -> None:
        with opened() as listening:
            loop = asyncio.get_running_loop()
            arrived: asyncio.Queue[None] = asyncio.Queue()
            make = lambda: Told(lambda: arrived.put_nowait(None))  # noqa: E731
            acceptor = Acceptor(loop, [listening], make, {}, None, lambda _: None)
            acceptor.start()
            writers = []
            for count in (1, 1, 40):
                clients = [asyncio.open_connection(*listening.getsockname()) for _ in range(count)]
                writers += [writer for _, writer in await asyncio.gather(*clients)]
                for _ in range(count):
                    await arrived.get()
            acceptor.close()
            for writer in writers:
                writer.close()

    with asyncio.Runner(loop_factory=loopOf) as runner:
        runner.run(asyncio.wait_for(program(), 10))


# An Announcement does what a task does with the same coroutine.


async def outcomeOf(runner: str, steps: Callable[[Any], Any], cancel: str) -> list[object]:
    """Run steps(future) in an Announcement or a task; return what happened.

    cancel: when to cancel it: "never", while it waits ("early"), or when the future for which it
    waits has its result and it has not continued yet ("late").
    """
    loop = asyncio.get_running_loop()
    future, ended = loop.create_future(), loop.create_future()
    seen: list[object] = []

    async def watched() -> None:
        try:
            seen.append(await steps(future))
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    running: Any
    if runner == "task":
        running = loop.create_task(watched())
        running.add_done_callback(lambda task: ended.set_result((task, errorOf(task))))
        await asyncio.sleep(0)
    else:
        running = Announcement(watched(), lambda *result: ended.set_result(result))
        running.start()
    if cancel == "early":
        running.cancel()
    if not future.done():
        future.set_result("result")
    if cancel == "late":
        running.cancel()
    told, error = await ended
    assert told is running
    return [*seen, repr(error)]


def errorOf(task: Any) -> BaseException | None:
    """Return the error with which a task has ended."""
    return asyncio.CancelledError() if task.cancelled() else task.exception()


async def waits(future: Any) -> object:
    return await future


async def doesNotWait(future: Any) -> object:
    return "at once"


async def fails(future: Any) -> object:
    raise OSError("at once")


async def failsLater(future: Any) -> object:
    await future
    raise OSError("later")


@pytest.mark.parametrize("loopOf", LOOPS)
@pytest.mark.parametrize("cancel", ["never", "early", "late"])
@pytest.mark.parametrize("steps", [waits, doesNotWait, fails, failsLater])
def test_an_announcement_ends_as_a_task_does(loopOf, steps, cancel):
    with asyncio.Runner(loop_factory=loopOf) as runner:
        ours, theirs = (
            runner.run(asyncio.wait_for(outcomeOf(kind, steps, cancel), 10))
            for kind in ("announcement", "task")
        )
    assert ours == theirs


@pytest.mark.parametrize("loopOf", LOOPS)
def test_a_client_is_closed_and_the_next_accepted_if_no_protocol_can_be_made(loopOf):
    made: list[Told] = []
    errors: list[object] = []

    async def program() -> None:
        with opened() as listening:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
            reached = asyncio.Event()

            def make() -> Told:
                made.append(Told(reached.set))
                if len(made) == 1:
                    raise ValueError("no protocol")
                return made[-1]

            acceptor = Acceptor(loop, [listening], make, {}, None, lambda _: None)
            acceptor.start()
            for _ in range(2):
                reader, writer = await asyncio.open_connection(*listening.getsockname())
                if len(made) < 2:
                    assert await reader.read() == b""
                    writer.close()
            await reached.wait()
            assert len(acceptor.pending) <= 1
            made[-1].transport.abort()
            acceptor.close()
            writer.close()

    with asyncio.Runner(loop_factory=loopOf) as runner:
        runner.run(asyncio.wait_for(program(), 10))
    assert [repr(each) for each in errors] == ["ValueError('no protocol')"]


@pytest.mark.parametrize("loopOf", LOOPS)
def test_a_client_is_closed_if_the_loop_makes_no_transport(loopOf, certificate):
    errors: list[object] = []

    async def program() -> None:
        with opened() as listening:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
            impossible = {"ssl": certificate.server, "ssl_handshake_timeout": -1}
            make = lambda: Told(lambda: None)  # noqa: E731
            acceptor = Acceptor(loop, [listening], make, impossible, None, lambda _: None)
            acceptor.start()
            for _ in range(2):
                reader, writer = await asyncio.open_connection(*listening.getsockname())
                assert await reader.read() == b""
                writer.close()
            acceptor.close()

    with asyncio.Runner(loop_factory=loopOf) as runner:
        runner.run(asyncio.wait_for(program(), 10))
    assert [type(each) for each in errors] == [ValueError, ValueError]


@pytest.mark.parametrize("loopOf", LOOPS)
def test_the_address_of_a_client_that_has_reset_its_connection_is_known(loopOf):
    async def program() -> None:
        with opened() as listening:
            client = socket.create_connection(listening.getsockname())
            address = client.getsockname()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
            made = asyncio.Event()
            protocol: Any = Told(made.set)
            loop = asyncio.get_running_loop()
            acceptor = Acceptor(loop, [listening], lambda: protocol, {}, None, lambda _: None)
            acceptor.start()
            await made.wait()
            acceptor.close()
            assert protocol.peername == address

    with asyncio.Runner(loop_factory=loopOf) as runner:
        runner.run(asyncio.wait_for(program(), 10))
