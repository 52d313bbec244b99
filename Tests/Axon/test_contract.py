"""The contract of a component, the same for each body and on each event loop.

A body is a class for each of four parts: Relay, Counter, Raises, Parent. Whatever is
promised of a component is promised of all of them.
"""

import asyncio
import importlib.util
import itertools
import logging

import pytest

from Axon import EventLoop
from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler

ERRORS = [ValueError, RuntimeError, StopIteration, GeneratorExit, KeyboardInterrupt]


# The parts, in each body


class GeneratorRelay(component):
    """Sends on what comes, until a shutdown message comes."""

    isClosed = False

    def main(self):
        try:
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.send(message)
                    yield 1
                if self.isShuttingDown():
                    break
        finally:
            self.isClosed = True


class GeneratorCounter(component):
    """Sends numbers, and counts them, until that are enough or a shutdown message comes."""

    numbers = 1_000_000
    sent = 0

    def main(self):
        while self.sent < self.numbers:
            self.send(self.sent)
            self.sent += 1
            yield 1
            if self.isShuttingDown():
                return
        self.send(producerFinished(self), "signal")


class GeneratorRaises(component):
    """Raises `error` when a message comes."""

    def main(self):
        yield from self.waitForMessage()
        raise self.error


class GeneratorParent(component):
    """Ends when its child has ended."""

    def main(self):
        self.addChildren(self.child)
        self.child.activate()
        while not self.child._isStopped():
            self.pause()
            yield 1
        self.send("bereft")


class AsyncRelay(component):
    isClosed = False

    async def main(self):
        try:
            async for message in self.messages():
                self.send(message)
                await asyncio.sleep(0)
        finally:
            self.isClosed = True


class AsyncCounter(GeneratorCounter):
    async def main(self):
        while self.sent < self.numbers:
            self.send(self.sent)
            self.sent += 1
            await asyncio.sleep(0)
            if self.isShuttingDown():
                return
        self.send(producerFinished(self), "signal")


class AsyncRaises(component):
    async def main(self):
        await self.receive()
        raise self.error


class AsyncParent(component):
    async def main(self):
        self.addChildren(self.child)
        self.child.activate()
        while not self.child._isStopped():
            await asyncio.sleep(0)
        self.send("bereft")


class OldStyleRelay(component):
    isClosed = False

    def mainBody(self):
        if not self.anyReady():
            self.pause()
            return 1
        if self.dataReady():
            self.send(self.recv())
            return 1
        return not self.isShuttingDown()

    def stop(self):
        self.isClosed = True
        super().stop()


class OldStyleCounter(GeneratorCounter):
    def main(self):
        return component.main(self)

    def mainBody(self):
        if self.sent and self.isShuttingDown():
            return 0
        if self.sent == self.numbers:
            self.send(producerFinished(self), "signal")
            return 0
        self.send(self.sent)
        self.sent += 1
        return 1


class OldStyleRaises(component):
    def mainBody(self):
        if self.dataReady():
            raise self.error
        self.pause()
        return 1


class OldStyleParent(component):
    def initialiseComponent(self):
        self.addChildren(self.child)
        self.child.activate()

    def mainBody(self):
        self.pause()
        return not self.child._isStopped()

    def closeDownComponent(self):
        self.send("bereft")


BODIES = {
    "generator": (GeneratorRelay, GeneratorCounter, GeneratorRaises, GeneratorParent),
    "async": (AsyncRelay, AsyncCounter, AsyncRaises, AsyncParent),
    "old style": (OldStyleRelay, OldStyleCounter, OldStyleRaises, OldStyleParent),
}

if importlib.util.find_spec("Axon.ThreadedComponent"):
    from Axon.ThreadedComponent import threadedcomponent

    class ThreadRelay(threadedcomponent):
        isClosed = False

        def main(self):
            try:
                while True:
                    while self.dataReady():
                        self.send(self.recv())
                    if self.isShuttingDown():
                        break
                    if not self.anyReady():
                        self.pause()
            finally:
                self.isClosed = True

    class ThreadCounter(threadedcomponent):
        numbers = 1_000_000
        sent = 0

        def main(self):
            while self.sent < self.numbers:
                try:
                    self.send(self.sent)
                    self.sent += 1
                except noSpaceInBox:
                    self.pause(0.001)
                if self.isShuttingDown():
                    return
            self.send(producerFinished(self), "signal")

    class ThreadRaises(threadedcomponent):
        def main(self):
            while not self.dataReady():
                self.pause()
            raise self.error

    class ThreadParent(threadedcomponent):
        def main(self):
            self.addChildren(self.child)
            self.child.activate()
            while not self.child._isStopped():
                self.pause()
            self.send("bereft")

    BODIES["thread"] = (ThreadRelay, ThreadCounter, ThreadRaises, ThreadParent)


class Body:
    def __init__(self, kind):
        self.kind = kind
        self.Relay, self.Counter, self.Raises, self.Parent = BODIES[kind]


@pytest.fixture(params=BODIES)
def body(request):
    return Body(request.param)


@pytest.fixture(autouse=True, params=["asyncio", "uvloop"])
def loop(request, monkeypatch):
    """Every test runs on asyncio's loop and on uvloop's."""
    maker = asyncio if request.param == "asyncio" else pytest.importorskip("uvloop")
    monkeypatch.setattr(EventLoop, "newLoop", lambda clock=None: maker.new_event_loop())
    return request.param


class Keeper(component):
    """Keeps what comes, and ends at a shutdown message."""

    def main(self):
        self.kept = []
        while True:
            yield from self.waitForMessage()
            self.kept += self.Inbox()
            if self.isShuttingDown():
                return


class Script(component):
    """Script(steps=function(self)) -> runs a generator function of the test's own."""

    def main(self):
        return self.steps(self)


def pipeline(*parts, **options):
    for source, sink in itertools.pairwise(parts):
        source.link((source, "outbox"), (sink, "inbox"), **options)
        source.link((source, "signal"), (sink, "control"))
    for part in parts:
        part.activate()
    return parts


def until(condition):
    """Gives way until the condition holds, however many turns that takes another thread."""

    def steps(self):
        while not condition():
            self.pause(0.001)
            yield 1

    return steps


# Order, waking, ends


def test_messages_arrive_in_the_order_in_which_they_were_sent(body):
    *_, keeper = pipeline(body.Counter(numbers=200), body.Relay(), body.Relay(), Keeper())
    scheduler.run.runThreads()
    assert keeper.kept == list(range(200))


def test_each_message_wakes_a_sleeper_also_one_that_comes_alone(body):
    relay, keeper = body.Relay(), Keeper()

    def one_by_one(self):
        for number in range(10):
            self.send(number)
            while self.kept_by.kept != list(range(number + 1)):
                self.pause(0.0005)
                yield 1
        self.send(producerFinished(), "signal")

    pipeline(Script(steps=one_by_one, kept_by=keeper), relay, keeper)
    keeper.kept = []
    scheduler.run.runThreads()
    assert keeper.kept == list(range(10))


@pytest.mark.parametrize("message", [producerFinished(), shutdownMicroprocess()])
def test_a_shutdown_message_ends_it_after_the_data_that_came_before(body, message):
    relay, keeper = pipeline(body.Relay(), Keeper())
    for number in range(3):
        relay._deliver(number)
    relay._deliver(message, "control")
    scheduler.run.runThreads()
    assert keeper.kept == [0, 1, 2]
    assert relay._isStopped()


def test_a_producer_that_sends_and_ends_in_one_turn_loses_nothing(body):
    def all_at_once(self):
        for number in range(100):
            self.send(number)
        self.send(producerFinished(), "signal")
        yield 1

    *_, keeper = pipeline(Script(steps=all_at_once), body.Relay(), Keeper())
    scheduler.run.runThreads()
    assert keeper.kept == list(range(100))


def test_stop_from_outside_ends_it_in_order(body):
    relay = body.Relay().activate()

    def stop(self):
        relay._deliver("begin")
        yield from self.waitForMessage()
        relay.stop()

    script = Script(steps=stop)
    script.link((relay, "outbox"), (script, "inbox"))
    script.run()
    assert relay.isClosed


def test_what_stops_the_scheduler_ends_it_in_order(body):
    relay = body.Relay().activate()

    def stop(self):
        relay._deliver("begin")
        yield from self.waitForMessage()
        scheduler.run.stop()
        yield 1

    script = Script(steps=stop)
    script.link((relay, "outbox"), (script, "inbox"))
    script.run()
    assert relay.isClosed
    assert scheduler.run.listAllThreads() == []


# Capacity


@pytest.mark.parametrize("capacity", [1, 2, 7])
def test_a_sender_is_held_and_goes_on_when_the_inbox_is_half_empty(body, capacity):
    if body.kind == "thread":
        pytest.skip("a thread has a queue of its own beside")
    counter = body.Counter(numbers=50)
    fullAt, sentWhileShut = set(), set()

    class Slow(component):
        def main(self):
            while self.dataReady() or not counter._isStopped():
                while self.dataReady() < capacity and not counter._isStopped():
                    self.pause(0.0002)
                    yield 1
                for _ in range(3):
                    self.pause(0)
                    yield 1
                fullAt.add(self.dataReady())
                while self.dataReady() * 2 > capacity:
                    before = counter.sent
                    for _ in range(3):
                        self.pause(0)
                        yield 1
                    sentWhileShut.add(counter.sent - before)
                    self.recv()
                list(self.Inbox())

    slow = Slow()
    slow.link((counter, "outbox"), (slow, "inbox"), capacity=capacity)
    counter.activate(), slow.activate()
    scheduler.run.runThreads()
    assert max(fullAt) == capacity
    assert sentWhileShut == {0}
    assert counter.sent == 50


def test_a_control_message_reaches_a_sender_that_is_held(body):
    counter, deaf = body.Counter(), component()
    deaf.link((counter, "outbox"), (deaf, "inbox"), capacity=3)
    counter.activate()

    def shut_down(self):
        while deaf.dataReady() < 3:
            self.pause(0.0005)
            yield 1
        yield 1
        counter._deliver(shutdownMicroprocess(), "control")

    def deaf_till_then(self):
        if body.kind == "thread":  # what it sent is delivered before it counts as stopped
            yield from until(lambda: counter._bridge.isFinished)(self)
            assert self.dataReady() == 3
            while not counter._isStopped():
                list(self.Inbox())
                self.pause(0.0005)
                yield 1
        yield from until(counter._isStopped)(self)

    Script(steps=shut_down).activate()
    deaf.main = lambda: deaf_till_then(deaf)
    deaf.run()
    assert counter._isStopped()


def test_a_whole_pipeline_keeps_its_capacity(body):
    if body.kind == "thread":
        pytest.skip("a thread has a queue of its own beside")
    keeper = Keeper()
    parts = pipeline(body.Counter(numbers=300), body.Relay(), body.Relay(), keeper, capacity=4)
    highest = 0

    def watch(self):
        nonlocal highest
        while not keeper._isStopped():
            highest = max(highest, *(part.dataReady() for part in parts))
            yield 1

    Script(steps=watch).activate()
    scheduler.run.runThreads()
    assert keeper.kept == list(range(300))
    assert highest <= 4


# Errors


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_ends_the_run_and_closes_the_others(body, error):
    others = [body.Relay().activate(), GeneratorRelay().activate(), AsyncRelay().activate()]
    broken = body.Raises(error=error("mine")).activate()

    def begin(self):
        for each in others:
            each._deliver("begin")
            self.link((each, "outbox"), (self, "inbox"))
        while self.dataReady() < len(others):
            yield from self.waitForChange()
        broken._deliver("now")

    Script(steps=begin).activate()
    # In a generator or coroutine Python itself makes StopIteration a RuntimeError.
    with pytest.raises((error, RuntimeError) if error is StopIteration else error) as caught:
        scheduler.run.runThreads()
    raised = caught.value
    assert "mine" in str(raised if isinstance(raised, error) else raised.__cause__)
    notes = [note for note in raised.__notes__ if note.startswith("raised in")]
    assert len(notes) == 1
    assert broken.name in notes[0]
    assert "inboxes: inbox, control, outboxes: outbox, signal" in notes[0]
    assert all(each.isClosed for each in others)


@pytest.mark.parametrize("error", ERRORS)
def test_after_an_error_the_scheduler_is_clean_and_runs_again(body, error):
    for _ in range(2):
        broken = body.Raises(error=error()).activate()
        broken._deliver("now")
        with pytest.raises((error, RuntimeError)):
            scheduler.run.runThreads()
        assert scheduler.run.listAllThreads() == []
        assert not scheduler.run.queue
        assert scheduler.run.outside == 0
    *_, keeper = pipeline(body.Counter(numbers=3), Keeper())
    scheduler.run.runThreads()
    assert keeper.kept == [0, 1, 2]


def test_several_errors_are_a_group(body):
    class FailsAtTheEnd(component):
        def main(self):
            try:
                while True:
                    yield 1
            finally:
                raise KeyError("second")

    FailsAtTheEnd().activate()
    broken = body.Raises(error=ValueError("first")).activate()

    def begin(self):
        yield 1
        yield 1
        broken._deliver("now")

    Script(steps=begin).activate()
    with pytest.raises(ExceptionGroup) as caught:
        scheduler.run.runThreads()
    assert [type(each) for each in caught.value.exceptions] == [ValueError, KeyError]


def test_an_immortal_scheduler_contains_an_error(body, caplog):
    scheduler.immortalise()
    broken = body.Raises(error=ValueError("contained")).activate()
    broken._deliver("now")
    *_, keeper = pipeline(body.Counter(numbers=100), Keeper())
    with caplog.at_level(logging.ERROR, "Axon"):
        scheduler.run.runThreads()
    assert keeper.kept == list(range(100))
    (record,) = caplog.records
    assert broken.name in record.getMessage()
    assert "contained" in caplog.text


# Children


def test_the_end_of_a_child_wakes_its_parent_from_any_sleep(body):
    child = body.Counter(numbers=3)
    parent, keeper = body.Parent(child=child), Keeper()
    keeper.link((parent, "outbox"), (keeper, "inbox"))

    def finish(self):
        while not parent._isStopped():
            self.pause(0.0005)
            yield 1
        keeper._deliver(producerFinished(), "control")

    pipeline(parent)
    keeper.activate()
    Script(steps=finish).run()
    assert keeper.kept == ["bereft"]
    assert child.sent == 3


def test_a_parent_that_handles_the_error_of_its_child_continues(body, caplog):
    class Answers(body.Parent):
        def childFailed(self, child, culprit, error):
            failures.append((child, culprit, str(error)))
            return True

    failures = []
    broken = body.Raises(error=ValueError("child's"))
    broken._deliver("now")
    Answers(child=broken).run()
    assert failures == [(broken, broken, "child's")]
    assert broken.name in caplog.text
