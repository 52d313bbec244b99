"""Pool: which copy receives a message, and the end."""

import asyncio
import threading

import pytest

from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Flow.Pool import Pool
from Kamaelia.Util.PassThrough import PassThrough
from Kamaelia.Util.PureTransformer import PureTransformer
from Tests.Kamaelia.consumers import runInto


class Worker(component):
    """A component that needs the number of seconds in each message."""

    async def main(self):
        async for seconds in self.messages():
            await asyncio.sleep(seconds)
            self.send((self, seconds))


def test_copies_work_at_the_same_time(virtualClock):
    begin = virtualClock.now()
    outcome = feed(Pool(Worker, 5), inbox=[10] * 20)
    assert len(outcome["outbox"]) == 20
    assert outcome["signal"] == [FINISHED]
    assert virtualClock.now() - begin == pytest.approx(40)


class Paced(component):
    """A source that sends a message every two seconds."""

    def main(self):
        for seconds in (100, 1, 1, 1, 1):
            self.send(seconds)
            yield from self.waitForChange(2)
        self.send(producerFinished(), "signal")


def test_a_copy_that_is_busy_gets_no_message_while_another_one_waits(virtualClock):
    begin = virtualClock.now()
    outcome = feed(Pipeline(Paced(), Pool(Worker, 2)), control=())["outbox"]
    assert [seconds for _, seconds in outcome] == [1, 1, 1, 1, 100]
    assert len({worker for worker, _ in outcome}) == 2
    assert virtualClock.now() - begin == pytest.approx(100)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_message_is_processed_once_without_a_key(count):
    outcome = feed(Pool(PassThrough, count), inbox=range(100))
    assert sorted(outcome["outbox"]) == list(range(100))


def test_messages_with_the_same_key_go_to_the_same_copy_in_order():
    class Tag(component):
        def main(self):
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.send((self.name, message))
                if self.isShuttingDown():
                    return

    messages = [(number % 17, number) for number in range(500)]
    outcome = feed(Pool(Tag, 4, key=lambda message: message[0]), inbox=messages)["outbox"]
    byKey = {}
    for name, (key, number) in outcome:
        byKey.setdefault(key, []).append((name, number))
    assert len(byKey) == 17
    assert len({name for name, _ in outcome}) == 4
    for found in byKey.values():
        assert len({name for name, _ in found}) == 1
        assert [number for _, number in found] == sorted(number for _, number in found)


def test_no_more_messages_than_the_capacity_wait_at_a_copy():
    most = []

    class Watch(component):
        def main(self):
            while True:
                yield from self.waitForMessage()
                most.append(self.dataReady())
                if self.dataReady():
                    self.send(self.recv())
                for _ in range(5):
                    yield 1
                if not self.dataReady() and self.isShuttingDown():
                    return

    outcome = feed(Pool(Watch, 3, capacity=2), inbox=range(50))
    assert sorted(outcome["outbox"]) == list(range(50))
    assert max(most) == 2


def test_a_capacity_of_its_inbox_holds_the_sender():
    made = Pool(PassThrough, 2)
    source = PureTransformer()
    source.link((source, "outbox"), (made, "inbox"), capacity=2)
    source.link((source, "signal"), (made, "control"))
    for number in range(20):
        source.deliver(number)
    source.deliver(FINISHED, "control")
    source.activate()
    slow = runInto(made, capacity=1)
    assert sorted(slow.got) == list(range(20))
    assert slow.signals == [FINISHED]


def test_threads_are_copies_like_any_others():
    barrier = threading.Barrier(3, timeout=20)

    class Blocking(threadedcomponent):
        def main(self):
            while True:
                self.waitForMessage()
                for message in self.Inbox():
                    barrier.wait()  # passes only if three threads wait at the same time
                    self.send(message)
                if self.isShuttingDown():
                    return

    outcome = feed(Pool(Blocking, 3), inbox=range(3))
    assert sorted(outcome["outbox"]) == [0, 1, 2]


def test_a_shutdownMicroprocess_reaches_the_copies_at_once(virtualClock):
    stop = shutdownMicroprocess()
    pool = Pool(Worker, 2)
    outcome = feed(pool, inbox=[1] * 10, control=[stop])
    assert outcome["signal"] == [stop]
    assert len(outcome["outbox"]) < 10
    assert virtualClock.now() < 10


@pytest.mark.parametrize("kind", [producerFinished, shutdownMicroprocess])
def test_a_pool_without_messages_ends(kind):
    message = kind()
    outcome = feed(Pool(PassThrough, 3), control=["else", message])
    assert outcome["signal"] == [message]


class Once(component):
    """A component that processes one message."""

    def main(self):
        yield from self.waitForMessage()
        self.send(self.recv())


def test_the_others_receive_what_a_copy_has_left_unread():
    made = iter([Once(), PassThrough()])
    outcome = feed(Pool(lambda: next(made), 2, capacity=5), inbox=range(10))
    assert sorted(outcome["outbox"]) == list(range(10))


def test_a_pool_ends_when_all_copies_have_ended():
    outcome = feed(Pool(Once, 3), inbox=range(10), control=())
    assert len(outcome["outbox"]) == 3
    assert [type(each) for each in outcome["signal"]] == [producerFinished]


def test_an_error_of_a_copy_is_raised():
    with pytest.raises(ZeroDivisionError):
        feed(Pool(lambda: PureTransformer(lambda number: 1 // number), 2), inbox=[1, 0])


@pytest.mark.parametrize("limit", [{"count": 0}, {"count": 1, "capacity": 0}])
def test_a_pool_needs_at_least_one_copy_and_one_place(limit):
    with pytest.raises(ValueError, match="at least 1"):
        Pool(PassThrough, **limit)


def test_a_factory_that_returns_something_else_is_an_error():
    with pytest.raises(wiringError):
        Pool(lambda: "copy", 2)


def test_a_key_that_must_be_a_value_must_not_be_async():
    async def key(message):
        return message

    with pytest.raises(TypeError, match="key"):
        feed(Pool(PassThrough, 2, key=key), inbox=[1])


def test_the_class_keeps_no_boxes_of_an_instance():
    Pool(PassThrough, 3)
    assert set(Pool.Outboxes) == {"outbox", "signal"}
