"""Signals: real processes, which are sent real signals."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30  # seconds

PROGRAM = """
    import asyncio, logging, os, signal, sys, time

    logging.basicConfig(level=logging.WARNING)  # the errors are only what goes wrong
    if sys.argv[1] == "asyncio":
        sys.modules["uvloop"] = None
    from Axon.Component import component
    from Axon.Scheduler import scheduler
    from Kamaelia.Chassis.ConnectedServer import ServerCore
    from Kamaelia.Chassis.Pipeline import Pipeline

    def say(word):
        os.write(1, f"{word}\\n".encode())  # print() cannot be called again by a signal handler

    class Idle(component):
        def main(self):
            try:
                say("ready")
                yield from self.passOnShutdown()
            finally:
                say("closed")

    class Sleeps(component):
        def main(self):
            yield 1
            say("ready")
            time.sleep(60)

    class Computes(component):
        def main(self):
            yield 1
            say("ready")
            while True:
                pass

    class AwaitsNothing(component):
        async def main(self):
            await asyncio.sleep(0)
            say("ready")
            time.sleep(60)

    def server(**settings):
        return ServerCore(protocol=component, port=0, host="127.0.0.1", **settings)

    def serve():
        server(onListening=lambda _: say("ready")).run()
"""


def begin(body, loop, **settings):
    """Start a program that runs `body`, and return it when it has printed "ready"."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", dedent(PROGRAM) + dedent(body), loop],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        **{"preexec_fn": _asInTheForeground} | settings,
    )
    if process.stdout.readline() != "ready\n":
        pytest.fail(f"the program did not begin: {ending(process)}")
    return process


def outcome(body, loop):
    """Run a program that ends by itself; return its exit code, its output and its errors."""
    done = subprocess.run(
        [sys.executable, "-u", "-c", dedent(PROGRAM) + dedent(body), loop],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE,
        preexec_fn=_asInTheForeground,
    )
    return done.returncode, done.stdout.split(), done.stderr


def _asInTheForeground():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def ending(process):
    """Wait for the end of `process`; return its exit code, its output and its errors."""
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    return process.returncode, output.split(), errors


def hasReached(process, number):
    """Return whether a signal is no longer pending, so that another one is not merged with it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    pending = next(line for line in status.splitlines() if line.startswith("ShdPnd"))
    return not int(pending.split()[1], 16) >> (number - 1) & 1


def sendTwice(process, number):
    process.send_signal(number)
    while not hasReached(process, number):
        os.sched_yield()
    process.send_signal(number)


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request):
    if request.param == "uvloop":
        pytest.importorskip("uvloop")
    return request.param


def test_SIGTERM_ends_a_pipeline_in_order_and_its_default_action_follows(loop):
    process = begin("Pipeline(Idle(), component()).run(); say('success')", loop)
    process.terminate()
    assert ending(process)[:2] == (-signal.SIGTERM, ["closed"])


def test_what_is_buffered_is_written_before_the_default_action_follows(loop):
    body = """
        import io
        sys.stdout = io.TextIOWrapper(open(1, "wb", closefd=False), line_buffering=False)
        class Prints(Idle):
            def main(self):
                yield from super().main()
            def stop(self):
                print("buffered")
                super().stop()
        Prints().run()
    """
    process = begin(body, loop)
    process.terminate()
    assert ending(process)[1] == ["closed", "buffered"]


def test_SIGINT_ends_a_run_in_order_and_lists_what_the_components_wait_for(loop):
    process = begin("Idle().run()", loop)
    process.send_signal(signal.SIGINT)
    code, output, errors = ending(process)
    assert (code, output) == (-signal.SIGINT, ["closed"])
    lines = errors[errors.index("Traceback") :].splitlines()
    traceback = [line for line in lines if line.strip(" ~^")]  # Python 3.13 underlines more
    assert "KeyboardInterrupt" in traceback
    assert any("Idle_" in line and "waits for a message" in line for line in traceback)
    assert sum(line.startswith("  File") for line in traceback) < 6


CLOSED_BY_THE_LOOP = """
    async def numbers():
        try:
            yield 1
        finally:
            os.kill(os.getpid(), number)  # the run is over, and the loop closes its generators
            say("closed")

    class LeavesAGenerator(component):
        async def main(self):
            self.numbers = numbers()
            await anext(self.numbers)

    LeavesAGenerator().run()
    say("success")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_arrives_while_the_loop_is_closed_acts_afterwards(loop, number):
    code, output, errors = outcome(f"number = {int(number)}\n" + dedent(CLOSED_BY_THE_LOOP), loop)
    assert (code, output) == (-number, ["closed"])
    assert errors.count("Traceback") == (number == signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_arrives_before_the_loop_runs_ends_the_run(loop, number):
    body = """
        from Axon import EventLoop
        newLoop = EventLoop.newLoop
        def killedMeanwhile(clock=None):
            os.kill(os.getpid(), number)
            return newLoop(clock)
        EventLoop.newLoop = killedMeanwhile
        Idle().run()
        say("success")
    """
    code, output, errors = outcome(f"number = {int(number)}\n" + dedent(body), loop)
    assert (code, output) == (-number, [])
    assert errors.count("Traceback") == (number == signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_returns_when_a_signal_has_ended_a_server(loop, number):
    process = begin("serve(); say('returned')", loop)
    process.send_signal(number)
    assert ending(process) == (0, ["returned"], "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("isServer", [False, True], ids=["alone", "beside a server"])
@pytest.mark.parametrize("stuck", ["Sleeps", "Computes", "AwaitsNothing"])
def test_a_second_signal_interrupts_a_component_that_never_yields_and_names_it(
    loop, stuck, isServer, number
):
    beside = "server().activate();" if isServer else ""
    process = begin(f"{beside} {stuck}().run(); say('success')", loop)
    sendTwice(process, number)
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE / 3)
    if process.returncode is None:
        # Python takes two signals for one if the second comes before its handler for the first.
        process.send_signal(number)
    code, output, errors = ending(process)
    assert (code, output) == (-number, [])
    assert f"raised in __main__.{stuck}_" in errors


def test_a_second_signal_ends_a_server_that_does_not_end_in_order(loop):
    body = """
        class Tells(ServerCore):
            def _endInOrder(self):
                say("told")
                while True:
                    yield self.pause()
        Tells(protocol=component, port=0, onListening=lambda _: say("ready")).run()
        say("returned")
    """
    process = begin(body, loop)
    process.terminate()
    assert process.stdout.readline() == "told\n"
    process.terminate()
    assert ending(process) == (0, ["returned"], "")


@pytest.mark.parametrize("run", ["Idle().run()", "serve()"], ids=["alone", "server"])
def test_a_signal_that_is_ignored_stays_ignored(loop, run):
    process = begin(f"signal.signal(signal.SIGINT, signal.SIG_IGN); {run}", loop)
    sendTwice(process, signal.SIGINT)
    while not hasReached(process, signal.SIGINT):
        os.sched_yield()
    process.terminate()
    code, _, errors = ending(process)
    assert "KeyboardInterrupt" not in errors
    assert code in (0, -signal.SIGTERM)


def test_a_signal_that_arrives_just_before_the_loop_waits_wakes_it(loop):
    body = """
        class Looks(component):
            def main(self):
                yield 1
                descriptor = signal.set_wakeup_fd(-1)
                signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
                say(descriptor != -1)

        Looks().run()
        say(signal.set_wakeup_fd(-1))
    """
    assert outcome(body, loop) == (0, ["True", "-1"], "")


def test_the_terminals_interrupt_does_not_reach_a_server_that_a_shell_runs_in_the_background():
    source = dedent(PROGRAM) + "serve(); say('returned')"
    script = '"$0" -u -c "$1" asyncio & echo $!; wait $!'
    shell = subprocess.Popen(
        ["sh", "-c", script, sys.executable, source],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    server = int(shell.stdout.readline())
    assert shell.stdout.readline() == "ready\n"
    os.kill(server, signal.SIGINT)
    os.kill(server, signal.SIGINT)
    os.kill(server, signal.SIGTERM)
    assert ending(shell) == (0, ["returned"], "")


def test_under_nohup_the_end_of_the_terminal_changes_nothing(loop):
    hangup = "server(onListening=lambda _: say('ready'), onHangup=lambda _: say('hung up')).run()"

    def ignore():
        _asInTheForeground()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = begin(hangup, loop, preexec_fn=ignore)
    process.send_signal(signal.SIGHUP)
    process.terminate()
    assert ending(process) == (0, [], "")


def test_a_programs_own_handler_stays_in_force_where_no_server_runs(loop):
    body = """
        idle = Idle()
        def handler(number, frame):
            say("own")
            scheduler.run.callFromThread(idle.stop)  # which wakes the event loop, too
        signal.signal(signal.SIGTERM, handler)
        idle.run()
        say(signal.getsignal(signal.SIGTERM) is handler)
    """
    process = begin(body, loop)
    process.terminate()
    assert ending(process)[:2] == (0, ["own", "closed", "True"])


def test_a_server_ends_in_order_before_the_programs_own_handler_is_called(loop):
    body = """
        def handler(number, frame):
            say("own")
        signal.signal(signal.SIGTERM, handler)
        Idle().activate()
        serve()
        say(signal.getsignal(signal.SIGTERM) is handler)
        say(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    """
    process = begin(body, loop)
    if process.stdout.readline() != "ready\n":
        pytest.fail("the server did not listen")
    process.terminate()
    assert ending(process)[:2] == (0, ["closed", "own", "True", "True"])


def test_all_handlers_are_restored_after_a_run():
    from Axon.Component import component

    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    before = [signal.getsignal(number) for number in numbers]
    component().run()
    assert [signal.getsignal(number) for number in numbers] == before
