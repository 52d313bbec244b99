"""The event loops: uvloop's if it is installed, asyncio's, and the one with virtual time."""

import asyncio
import builtins
import subprocess
import sys
import threading
import warnings
from textwrap import dedent

import pytest

from Axon.EventLoop import newLoop, runOnNewLoop
from Axon.Timers import Clock, VirtualClock


@pytest.fixture
def made():
    """newLoop, whose loops are closed after the test."""
    loops = []

    def make(clock=None):
        loops.append(newLoop(clock))
        return loops[-1]

    yield make
    for loop in loops:
        loop.close()


def test_it_is_uvloops_where_that_is_installed(made):
    uvloop = pytest.importorskip("uvloop")
    assert isinstance(made(), uvloop.Loop)


def test_it_is_asyncios_where_uvloop_is_missing(made, monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name == "uvloop":
            raise ImportError
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert type(made()).__module__.startswith("asyncio")


@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_program_without_a_standard_stream_opens_and_closes_connections(redirection):
    program = """
        import asyncio
        from Axon.Component import component

        async def close(reader, writer):
            writer.close()

        class Connects(component):
            async def main(self):
                server = await asyncio.start_server(close, "127.0.0.1", 0)
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                assert await reader.read() == b""
                writer.close()
                server.close()

        Connects().run()
        """
    arguments = ["sh", "-c", f'exec "$0" -c "$1" {redirection}', sys.executable, dedent(program)]
    assert subprocess.run(arguments, check=False).returncode == 0


def test_a_closed_standard_stream_is_a_missing_one(made, monkeypatch):
    with open("/dev/null") as closed:
        monkeypatch.setattr(sys, "__stdin__", closed)
    assert type(made()).__module__.startswith("asyncio")


def test_a_virtual_loop_does_not_wait_for_timeouts(made):
    clock = VirtualClock()
    loop = made(clock)
    loop.run_until_complete(asyncio.sleep(3600))
    assert loop.time() == clock.now() == pytest.approx(3600)


def test_a_virtual_loop_does_what_is_ready_before_time_passes(made):
    clock, log = VirtualClock(), []

    async def work(name, seconds):
        for _ in range(2):
            await asyncio.sleep(seconds)
            log.append((name, clock.now()))

    async def all_work():
        await asyncio.gather(work("slow", 3), work("quick", 0), work("middle", 2))

    made(clock).run_until_complete(all_work())
    expected = [("quick", 0), ("quick", 0), ("middle", 2), ("slow", 3), ("middle", 4), ("slow", 6)]
    assert log == expected


def test_a_virtual_loop_waits_for_another_thread(made):
    clock = VirtualClock()

    async def work():
        return await asyncio.to_thread(lambda: "from a thread")

    assert made(clock).run_until_complete(work()) == "from a thread"


def test_within_a_running_loop_the_error_says_what_to_do_instead():
    async def inner():
        raise AssertionError("never begun")

    async def outer():
        with pytest.raises(RuntimeError, match=r"await scheduler.run.runAsync\(\)"):
            runOnNewLoop(inner(), Clock())

    asyncio.run(outer())


def test_virtual_time_stands_still_while_another_thread_is_at_work(made):
    clock, began = VirtualClock(), threading.Event()

    async def work():
        waiting = asyncio.ensure_future(asyncio.sleep(3600))
        await asyncio.to_thread(began.wait, 0.05)
        assert clock.now() < 3600
        await waiting

    made(clock).run_until_complete(work())
    assert clock.now() == pytest.approx(3600)


def test_virtual_time_stands_still_while_the_executor_is_shut_down():
    clock = VirtualClock()

    async def work():
        await asyncio.to_thread(str, 1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runOnNewLoop(work(), clock)
    assert clock.now() < 300
