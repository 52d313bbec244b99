"""How threads end when the system ends, and what they must not delay or hide."""

import os
import signal
import subprocess
import sys
import threading
from math import inf
from textwrap import dedent

import pytest

from Axon import ThreadedComponent
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.ThreadedComponent import threadedcomponent


@pytest.fixture
def release():
    """Give an event that ends the threads that do not listen, at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


class Busy(threadedcomponent):
    """Neither listen nor end until `release` is set."""

    def main(self):
        self.begun.set()
        assert self.release.wait(30)


class Breaks(component):
    def main(self):
        while not self.begun.is_set():
            self.pause(0.001)
            yield 1
        raise ValueError("an error of the thread")


def test_an_error_is_logged_while_threads_still_run_and_raised_after_their_grace(caplog, release):
    begun = threading.Event()
    Busy(begun=begun, release=release, grace=0.2).activate()
    with pytest.raises(ValueError, match="of the thread"):
        Breaks(begun=begun).run()
    messages = [record.getMessage() for record in caplog.records]
    assert "ends with an error" in messages[0]
    assert "an error of the thread" in caplog.text
    assert "Breaks" in caplog.text
    assert "its thread still runs" in messages[1]


def test_an_error_is_logged_once_however_many_threads_it_waits_for(caplog, release):
    for _ in range(3):
        begun = threading.Event()
        Busy(begun=begun, release=release, grace=0.1).activate()
    with pytest.raises(ValueError, match="of the thread"):
        Breaks(begun=begun).run()
    messages = [record.getMessage() for record in caplog.records]
    assert sum("ends with an error" in message for message in messages) == 1
    assert sum("its thread still runs" in message for message in messages) == 3


def test_an_error_is_not_logged_when_the_threads_end_at_once(caplog, monkeypatch):
    monkeypatch.setattr(ThreadedComponent, "PATIENCE", 30.0)

    class Listens(threadedcomponent):
        grace = 60.0

        def main(self):
            self.begun.set()
            self.waitForMessage("control")

    begun = threading.Event()
    Listens(begun=begun).activate()
    with pytest.raises(ValueError, match="of the thread"):
        Breaks(begun=begun).run()
    assert not caplog.records


def test_a_thread_that_is_left_behind_is_named_with_the_place_where_it_is(caplog, release):
    begun = threading.Event()
    busy = Busy(begun=begun, release=release, grace=0.01)
    busy.activate()
    with pytest.raises(ValueError, match="of the thread"):
        Breaks(begun=begun).run()
    message = caplog.records[-1].getMessage()
    assert busy.name in message
    assert f"{__file__}:{Busy.main.__code__.co_firstlineno + 2}" in message


def test_threads_have_a_second_to_end_unless_their_class_says_otherwise():
    assert threadedcomponent.grace == 1


BUSY_PROGRAM = """
    import threading
    from Axon.Component import component
    from Axon.ThreadedComponent import threadedcomponent

    class Busy(threadedcomponent):
        def main(self):
            print("begun", flush=True)
            {body}

    Busy().run()
"""


@pytest.mark.parametrize(
    "body",
    ["while True: pass", "threading.Event().wait()", "self.pause()", "while True: self.sync()"],
    ids=["computes", "blocks", "waits", "asks"],
)
def test_the_first_interrupt_ends_a_program_with_a_thread(body):
    program = subprocess.Popen(
        [sys.executable, "-c", dedent(BUSY_PROGRAM).format(body=body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert program.stdout.readline() == "begun\n"
        os.kill(program.pid, signal.SIGINT)
        _, errors = program.communicate(timeout=30)
    finally:
        program.kill()
        program.wait()
    assert "KeyboardInterrupt" in errors.splitlines()


def test_a_thread_may_pause_for_an_infinite_time():
    class Sleeper(threadedcomponent):
        def main(self):
            self.pause(inf)
            self.waitForChange(inf)
            self.waitForMessage(timeout=inf)
            self.waitForMessage("control", inf)
            assert isinstance(self.recv("control"), producerFinished)
            ended.append(self)

    ended, sleeper = [], Sleeper()
    sleeper._deliver("a message")
    sleeper._deliver(producerFinished(), "control")
    sleeper.activate()
    sleeper.unpause()
    for _ in scheduler.run.main(canblock=True):
        sleeper.unpause()
    assert ended


def test_a_thread_is_at_work_unless_it_waits_for_others_without_a_limit():
    begun, go, found = threading.Event(), threading.Event(), []

    class Works(threadedcomponent):
        def main(self):
            begun.set()
            assert go.wait(10)
            self.waitForMessage("inbox")

    part = Works()
    assert not part.isAtWork()
    part.activate()
    for _ in scheduler.run.main():
        if not found and begun.is_set():
            found.append(part.isAtWork())
            go.set()
        elif found and not part.isAtWork() and part._task.isAlive() and len(found) == 1:
            where = part.currentFrame()
            found.append((where.f_code.co_name, where.f_lineno - where.f_code.co_firstlineno))
            part._deliver("a message")
    assert found == [True, ("main", 3)]
    assert not part.isAtWork()


# Unread messages


class EchoThatIgnoresControl(threadedcomponent):
    """Count the waits that return, and end when a message says so."""

    waits = 0

    def main(self):
        while True:
            self.waitForMessage()
            self.waits += 1
            for message in self.Inbox():
                self.send(message)
                if message == "end":
                    return
            self.sync()


class Client(component):
    """Send producerFinished, then messages, each when the one before has come back."""

    def main(self):
        self.send(producerFinished(self), "signal")
        for message in [*range(10), "end"]:
            self.send(message)
            yield from self.waitForMessage("inbox")
            assert self.recv() == message


def test_a_thread_that_leaves_control_unread_waits_for_what_is_new():
    echo, client = EchoThatIgnoresControl(), Client()
    client.link((client, "outbox"), (echo, "inbox"))
    client.link((client, "signal"), (echo, "control"))
    client.link((echo, "outbox"), (client, "inbox"))
    echo.activate()
    client.run()
    assert echo.waits <= 23  # each message, and once more what remains after it was taken


def test_a_wait_reports_what_remains_after_something_was_taken():
    class TakesOneAtATime(threadedcomponent):
        def main(self):
            for _ in range(4):
                boxname = self.waitForMessage()
                taken.append((boxname, self.recv(boxname)))

    taken, part = [], TakesOneAtATime()
    for number in range(3):
        part._deliver(number)
    part._deliver(number, "control")
    part.run()
    assert sorted(taken) == [("control", 2), ("inbox", 0), ("inbox", 1), ("inbox", 2)]


def test_a_wait_on_a_named_box_that_holds_a_message_returns_each_time():
    class Looks(threadedcomponent):
        def main(self):
            found.extend(self.waitForMessage("inbox") for _ in range(3))

    found, part = [], Looks()
    part._deliver("there")
    part.run()
    assert found == ["inbox"] * 3


def test_a_wait_whose_timeout_expires_returns_False_though_something_is_unread(caplog):
    class Looks(threadedcomponent):
        def main(self):
            found.extend([self.waitForMessage(), self.waitForMessage(timeout=0.001)])

    found, part = [], Looks()
    part._deliver(producerFinished(), "control")
    part.run()
    assert found == ["control", False]
    warnings = [record.getMessage() for record in caplog.records]
    assert warnings == ["Looks leaves 'control' unread: ask isShuttingDown()"]


def test_a_thread_that_reads_nothing_ends_when_the_system_ends():
    class Ignores(threadedcomponent):
        def main(self):
            while True:
                self.waitForMessage()
                self.begun.set()

    begun = threading.Event()
    part = Ignores(begun=begun)
    part._deliver("unread")
    part._deliver(shutdownMicroprocess(), "control")
    part.activate()
    with pytest.raises(ValueError, match="of the thread"):
        Breaks(begun=begun).run()
    assert part._bridge.isFinished
