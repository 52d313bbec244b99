"""Retry: the number of attempts, their times, and what happens after the last one."""

import asyncio

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Flow.Retry import Retry
from Tests.Kamaelia.consumers import runInto


class Failing:
    """A function that fails a number of times for each message, and notes when it is called."""

    def __init__(self, clock, failures, error=OSError):
        self.clock, self.failures, self.error = clock, failures, error
        self.times, self.left = [], {}

    def __call__(self, message):
        self.times.append(round(self.clock.now(), 3))
        left = self.left.setdefault(message, self.failures)
        if left:
            self.left[message] = left - 1
            raise self.error(f"{message} failed")
        return message * 10

    async def asynchronous(self, message):
        await asyncio.sleep(0.5)
        return self(message)


def test_a_function_is_called_again_after_growing_delays(virtualClock):
    failing = Failing(virtualClock, 3)
    outcome = feed(Retry(failing, attempts=4, delay=1, factor=3, longest=5), inbox=[1])
    assert outcome == {"outbox": [10], "error": [], "signal": [FINISHED]}
    assert [time - failing.times[0] for time in failing.times] == [0, 1, 4, 9]


def test_a_delay_does_not_grow_beyond_the_longest_however_many_attempts_there_are():
    retry = Retry(len, attempts=10_000, delay=1.0, factor=2.0, longest=60.0)
    assert [retry.delayAfter(attempt) for attempt in (0, 5, 6, 9_998)] == [1, 32, 60, 60]


def test_messages_stay_in_order_and_the_end_comes_after_the_last(virtualClock):
    outcome = feed(Retry(Failing(virtualClock, 1)), inbox=[1, 2, 3])
    assert outcome == {"outbox": [10, 20, 30], "error": [], "signal": [FINISHED]}


def test_the_function_may_be_a_coroutine_function(virtualClock):
    failing = Failing(virtualClock, 2)
    assert feed(Retry(failing.asynchronous), inbox=[1, 2])["outbox"] == [10, 20]
    assert len(failing.times) == 6


def test_a_message_that_fails_every_time_goes_to_the_error_box(virtualClock):
    failing = Failing(virtualClock, 3)
    outcome = feed(Retry(failing, attempts=3), inbox=[1])
    [(message, error)] = outcome["error"]
    assert (message, str(error), outcome["outbox"]) == (1, "1 failed", [])


def test_without_a_linkage_of_the_error_box_the_last_error_is_raised(virtualClock):
    retry = Retry(Failing(virtualClock, 3), attempts=2)
    retry.deliver(1)

    class Ask(component):
        def main(self):
            self.link((retry, "outbox"), (self, "inbox"))
            retry.activate()
            yield from self.waitForMessage()

    with pytest.raises(OSError, match="1 failed"):
        Ask().run()


def test_an_error_of_another_class_is_raised_at_once(virtualClock):
    failing = Failing(virtualClock, 3, KeyError)
    with pytest.raises(KeyError):
        feed(Retry(failing, errors=(OSError, ValueError)), inbox=[1])
    assert len(failing.times) == 1


def test_a_result_of_None_is_not_sent():
    assert feed(Retry(lambda message: None), inbox=[1])["outbox"] == []


@pytest.mark.parametrize("isAsync", [True, False])
def test_a_shutdownMicroprocess_ends_a_delay_or_an_attempt(virtualClock, isAsync):
    stop = shutdownMicroprocess()
    cancelled = []

    async def wait(message):
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.append(message)

    retry = Retry(wait if isAsync else Failing(virtualClock, 9), delay=3600)

    class Stop(component):
        def main(self):
            yield from self.waitForChange(10)
            self.send(stop, "signal")

    stopper = Stop().activate()
    stopper.link((stopper, "signal"), (retry, "control"))
    outcome = feed(retry, inbox=[1, 2], control=())
    assert outcome == {"outbox": [], "error": [], "signal": [stop]}
    assert cancelled == [1] * isAsync
    assert virtualClock.now() < 3600


def test_a_shutdownMicroprocess_discards_the_messages_that_wait(virtualClock):
    stop = shutdownMicroprocess()
    outcome = feed(Retry(lambda message: message), inbox=range(9), control=[stop])
    assert outcome["signal"] == [stop]


@pytest.mark.parametrize("kind", [producerFinished, shutdownMicroprocess])
def test_a_Retry_without_messages_ends(kind):
    message = kind()
    assert feed(Retry(str), control=["else", message])["signal"] == [message]


def test_a_slow_consumer_holds_it_and_so_its_sender():
    retry = Retry(lambda number: number)
    for number in range(1, 6):
        retry.deliver(number)
    retry.deliver(FINISHED, "control")
    slow = runInto(retry, capacity=2)
    assert slow.got == [1, 2, 3, 4, 5]
    assert slow.longest <= 2


def test_a_consumer_with_a_size_delays_it():
    retry = Retry(lambda number: number)
    for number in range(1, 6):
        retry.deliver(number)
    retry.deliver(FINISHED, "control")
    assert runInto(retry, size=1).got == [1, 2, 3, 4, 5]


def test_no_attempt_at_all_raises_ValueError():
    with pytest.raises(ValueError, match="at least 1 attempt"):
        Retry(str, attempts=0)
