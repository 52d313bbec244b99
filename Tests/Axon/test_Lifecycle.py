"""Runs: what is refused, in which context components run, and what is reported of them."""

import asyncio
import contextvars
import gc
import logging
import os
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from textwrap import dedent

import pytest

from Axon.Component import component
from Axon.DeadlockCheck import DeadlockCheck
from Axon.Ipc import shutdownMicroprocess
from Axon.Scheduler import scheduler

ROOT = Path(__file__).resolve().parents[2]
NUMBER = contextvars.ContextVar("NUMBER", default=0)


class Script(component):
    def main(self):
        return self.steps(self)


def script(steps, **attributes):
    return Script(steps=steps, **attributes)


def program(body):
    """Run a program, and return its exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(body)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    return done.returncode, done.stdout, done.stderr


# A refused run


def test_run_within_an_event_loop_activates_nothing_and_says_what_to_write():
    refused = component()

    async def cell():
        with pytest.raises(
            RuntimeError,
            match=r"activate\(\), and then: .*await scheduler\.run\.",
        ):
            refused.run()

    asyncio.run(cell())
    assert scheduler.run.listAllThreads() == []


def test_run_within_a_component_activates_nothing_and_says_what_to_write():
    refused = component()

    def steps(self):
        with pytest.raises(RuntimeError, match=r"use activate\(\)"):
            refused.run()
        yield 1

    script(steps).run()
    assert not refused._isStopped()


def test_run_in_a_second_thread_activates_nothing_and_says_what_to_write():
    refused, errors = component(), []

    def attempt():
        try:
            refused.run()
        except RuntimeError as error:
            errors.append(str(error))

    def steps(self):
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        yield 1

    script(steps).run()
    assert "running already, in another thread: use activate()" in errors[0]
    assert not refused._isStopped()
    assert scheduler.run.listAllThreads() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_process_that_is_forked_within_a_turn_can_run_components_of_its_own(loop):
    code, output, errors = program(f"""
        import os, signal, sys
        if {loop!r} == "asyncio":
            sys.modules["uvloop"] = None
        from Axon.Component import component
        from Kamaelia.Chassis.Pipeline import Pipeline

        class Sends(component):
            def main(self):
                yield self.pause(0.01)
                self.send("in the child")

        class Prints(component):
            def main(self):
                yield from self.waitForMessage()
                print(self.recv(), signal.getsignal(signal.SIGTERM) is not None, flush=True)

        class Forks(component):
            def main(self):
                yield 1
                pid = os.fork()
                if not pid:
                    Pipeline(Sends(), Prints()).run()
                    os._exit(0 if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL else 1)
                print("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
                yield self.pause(0.01)

        Forks().run()
        print("parent", flush=True)
    """)
    assert (code, output.splitlines()) == (0, ["in the child True", "child 0", "parent"]), errors


# Contexts


@pytest.mark.parametrize("kind", ["run", "runAsync"])
def test_generators_run_in_the_context_of_the_run_whatever_wakes_them(kind):
    seen = []

    def steps(self):
        for _ in range(3):
            seen.append(NUMBER.get())
            yield from self.waitForChange()

    sleeper = script(steps)

    def wakes(self):
        while not sleeper.hasEnded():  # a call that comes before it sleeps wakes nothing
            context = contextvars.copy_context()
            context.run(NUMBER.set, 100)
            thread = threading.Thread(target=context.run, args=(sleeper.unpause,))
            thread.start()
            thread.join()
            yield self.pause(0.001)

    async def guest():
        NUMBER.set(7)
        await scheduler.run.runAsync()

    script(wakes).activate()
    sleeper.activate()
    if kind == "run":
        context = contextvars.copy_context()
        context.run(NUMBER.set, 7)
        context.run(scheduler.run.runThreads)
    else:
        asyncio.run(guest())
    assert seen == [7, 7, 7]


def test_an_async_body_runs_in_a_copy_of_the_context_of_its_activation():
    seen = []

    class Reads(component):
        async def main(self):
            seen.append(NUMBER.get())
            NUMBER.set(-1)
            await asyncio.sleep(0)
            seen.append(NUMBER.get())

    def steps(self):
        NUMBER.set(5)
        Reads().activate()
        NUMBER.set(6)
        Reads().activate()
        yield 1

    contextvars.copy_context().run(script(steps).run)
    assert sorted(seen) == [-1, -1, 5, 6]
    assert NUMBER.get() == 0


def test_the_context_of_a_waker_is_not_kept():
    class Thing:
        pass

    held, thing = contextvars.ContextVar("held"), Thing()
    kept, turns = weakref.ref(thing), []

    def steps(self):
        for wait in (None, 0.001, 3600, 3600):
            turns.append(wait)
            yield from self.waitForChange(wait)

    sleeper = script(steps)

    async def main():
        nonlocal thing
        running = asyncio.create_task(scheduler.run.runAsync())
        while len(turns) < 1:
            await asyncio.sleep(0)
        context = contextvars.copy_context()
        context.run(held.set, thing)
        context.run(sleeper.unpause)
        del context, thing
        while len(turns) < 3:
            await asyncio.sleep(0)
        gc.collect()
        assert kept() is None
        sleeper.stop()
        await running

    sleeper.activate()
    asyncio.run(main())


# What is reported


def reports(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "Axon"]


def test_it_is_logged_once_that_all_components_sleep_and_what_each_waits_for(caplog, monkeypatch):
    class Waits(component):
        def main(self):
            yield from self.waitForMessage("control")

    class Sleeps(component):
        def main(self):
            while True:
                yield self.pause()

    class HasChild(component):
        def main(self):
            self.child = component()
            self.addChildren(self.child)
            yield from self.waitForChange()

    all_ = [Waits(), Sleeps(), HasChild()]
    all_[0]._deliver("unread")
    for each in all_:
        each.activate()
    run = scheduler.run
    check = DeadlockCheck.check

    def checkTwice(deadlockCheck):
        check(deadlockCheck)
        all_[1].unpause()
        run.loop.call_later(0.01, run.stop)

    monkeypatch.setattr(DeadlockCheck, "check", checkTwice)
    run.runThreads()
    (message,) = reports(caplog)
    lines = message.splitlines()
    assert lines[0].startswith("all components sleep, and nothing is left that could wake them")
    assert "waits for a message" in next(line for line in lines if all_[0].name in line)
    assert "unread messages: 1 in 'inbox'" in next(line for line in lines if all_[0].name in line)
    assert "pause()" in next(line for line in lines if all_[1].name in line)
    assert f"{all_[2].child.name} has not been activated" in message


class WakeAtReport(logging.Handler):
    """Wakes a component from outside as soon as something is logged."""

    def __init__(self, sleeper):
        super().__init__()
        self.sleeper = sleeper

    def emit(self, record):
        scheduler.run.callFromThread(self.sleeper.unpause)


def sleepOnce(self):
    yield self.pause()


def test_it_is_logged_that_all_components_sleep_before_a_run_by_hand_blocks(caplog):
    sleeper = script(sleepOnce).activate()
    wake = WakeAtReport(sleeper)
    logging.getLogger("Axon").addHandler(wake)
    try:
        for _ in scheduler.run.main(canblock=True):
            pass
    finally:
        logging.getLogger("Axon").removeHandler(wake)
    (message,) = reports(caplog)
    assert message.startswith("all components sleep")
    assert f"{sleeper.name} sleeps in pause()" in message


def test_an_interrupt_of_a_run_by_hand_has_a_note_of_what_each_component_waits_for():
    def interrupted(self):
        yield 1
        raise KeyboardInterrupt

    sleeper = script(sleepOnce).activate()
    script(interrupted).activate()
    with pytest.raises(KeyboardInterrupt) as caught:
        list(scheduler.run.main())
    notes = "\n".join(caught.value.__notes__)
    assert f"{sleeper.name} sleeps in pause()" in notes


def test_nothing_is_reported_while_a_timer_or_a_thread_can_wake_a_component(caplog):
    def timer(self):
        yield self.pause(0.001)

    def thread(self):
        waker = threading.Timer(0.01, self.unpause)
        waker.start()
        yield from self.waitForChange()
        waker.join()

    script(timer).run()
    script(thread).run()
    assert reports(caplog) == []


def test_what_is_activated_but_never_run_is_named_when_the_program_ends():
    code, _, errors = program("""
        from Axon.Component import component
        class Forgotten(component):
            pass
        Forgotten().activate()
    """)
    assert code == 0
    assert "__main__.Forgotten_" in errors
    assert "was activated, but never run: call scheduler.run.runThreads()" in errors


@pytest.mark.parametrize(
    "end",
    ["component().run()", "next(scheduler.run.main())", "raise SystemExit", "raise ValueError"],
)
def test_nothing_is_said_if_something_has_run_or_the_program_has_failed(end):
    activate = "" if end == "raise SystemExit" else "component().activate()"
    _, _, errors = program(f"""
        from Axon.Component import component
        from Axon.Scheduler import scheduler
        {activate}
        {end}
    """)
    assert "never run" not in errors


def test_an_async_main_with_a_yield_is_an_error_that_says_what_to_write():
    class Mixed(component):
        async def main(self):
            yield 1

    with pytest.raises(TypeError, match=r"Mixed_\d+ contains a yield: write await instead"):
        Mixed().run()


@pytest.mark.parametrize("isAsync", [False, True], ids=["generator", "async"])
def test_in_debug_mode_a_turn_that_takes_long_is_logged_with_the_name_of_its_component(
    caplog, monkeypatch, isAsync
):
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")

    class Slow(component):
        def main(self):
            yield 1
            time.sleep(0.06)

    class AsyncSlow(component):
        async def main(self):
            await asyncio.sleep(0)
            time.sleep(0.06)

    slow = AsyncSlow() if isAsync else Slow()
    with caplog.at_level(logging.WARNING):
        slow.run()
    said = [record.getMessage() for record in caplog.records]
    assert any(slow.name in message and "took" in message for message in said), said


def test_without_debug_mode_nothing_is_measured(caplog, monkeypatch):
    monkeypatch.delenv("PYTHONASYNCIODEBUG", raising=False)

    def steps(self):
        time.sleep(0.06)
        yield 1

    script(steps).run()
    assert reports(caplog) == []


# The end


def test_components_that_are_activated_while_all_end_are_ended_too():
    ended = []

    class Late(component):
        def main(self):
            yield 1

        def stop(self):
            super().stop()
            ended.append(self)

    def steps(self):
        try:
            yield 1
            scheduler.run.stop()
            yield 1
            yield from self.waitForChange()
        finally:
            Late().activate()

    script(steps).run()
    assert len(ended) == 1
    assert scheduler.run.listAllThreads() == []


def test_a_shutdown_message_reaches_a_run_that_would_sleep_for_good(monkeypatch):
    def steps(self):
        yield from self.passOnShutdown()

    sleeper = script(steps).activate()
    monkeypatch.setattr(
        DeadlockCheck, "check", lambda _: sleeper._deliver(shutdownMicroprocess(), "control")
    )
    scheduler.run.runThreads()
    assert sleeper._isStopped()


def test_a_virtual_clock_advances_while_the_scheduler_is_stepped_by_hand(virtualClock):
    class Sleeps(component):
        def main(self):
            self.pause(3600)
            yield 1

    sleeps = Sleeps().activate()
    for _ in zip(range(100), scheduler.run.main(), strict=False):
        pass
    assert sleeps._isStopped()
    assert virtualClock.now() == pytest.approx(3600)
