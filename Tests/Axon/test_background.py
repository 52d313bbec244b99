"""background and Handle: a Kamaelia system beside a program that is none."""

import asyncio
import threading
from queue import Empty

import pytest

from Axon.AxonExceptions import noSpaceInBox
from Axon.background import background
from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Handle import Handle
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Microprocess import microprocess
from Axon.Scheduler import scheduler


class Doubler(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                self.send(number * 2)
            if self.isShuttingDown():
                return


class Once(component):
    def main(self):
        self.thread = threading.current_thread()
        yield 1


def after(turns, function):
    for _ in range(turns):
        yield 1
    function()


def started(**options):
    thread = background(**options)
    thread.start()
    return thread


def ended(thread):
    thread.join(10)
    assert not thread.is_alive()


def await_(handle, boxname="outbox"):
    """Waits, in a thread, for what asyncio code would await."""

    async def get():
        return await asyncio.wait_for(handle.get(boxname), 10)

    return asyncio.run(get())


# background


def test_it_is_a_daemon_that_waits_for_a_first_component_and_ends_with_the_last():
    thread = started()
    assert thread.daemon
    assert thread.is_alive()
    once = Once().activate()
    ended(thread)
    assert once.thread is thread


def test_it_runs_what_was_activated_before():
    once = Once().activate()
    ended(started())
    assert once._isStopped()


def test_a_second_one_while_it_runs_is_a_RuntimeError():
    waiting = background()
    thread = started()
    with pytest.raises(RuntimeError, match="another"):
        background()
    with pytest.raises(RuntimeError, match="another"):
        waiting.start()
    Once().activate()
    ended(thread)
    Once().activate()
    ended(started())


def test_one_beside_a_scheduler_that_runs_already_is_a_RuntimeError_and_spoils_nothing():
    class Second(component):
        def main(self):
            with pytest.raises(RuntimeError, match="running already"):
                background().start()
            self.isDone = True
            yield 1

    second = Second().activate()
    scheduler.run.runThreads()
    assert second.isDone
    Once().activate()
    ended(started())


def test_a_second_activation_by_another_thread_does_nothing():
    class Counts(component):
        turns = 0

        def main(self):
            for self.turns in range(1, 4):
                yield from self.waitForMessage()
                self.recv()

    thread, mayGoOn = started(), threading.Event()
    scheduler.run.callFromThread(mayGoOn.wait)
    counts = Counts()
    for _ in range(2):
        counts.activate()
    mayGoOn.set()
    hadTurns = threading.Event()
    microprocess(after(3, hadTurns.set)).activate()
    assert hadTurns.wait(10)
    for _ in range(3):
        scheduler.run.callFromThread(lambda: counts._deliver("a message"))
    ended(thread)
    assert thread.error is None
    assert counts.turns == 3


def test_zap_starts_afresh():
    old, tracker = scheduler.run, coordinatingassistanttracker.getcat()
    tracker.trackValue("leftover", 1)
    left = Once().activate()
    thread = started(zap=True)
    assert scheduler.run is not old
    Once().activate()
    ended(thread)
    assert not left._isStopped()
    tracker.trackValue("leftover", 2)


def test_a_component_that_is_stopped_before_it_is_registered_ends():
    begun, release = threading.Event(), threading.Event()

    class Busy(component):
        def main(self):
            begun.set()
            assert release.wait(10)
            yield 1

    thread = started()
    Busy().activate()
    assert begun.wait(10)
    idle = component()
    idle.main = idle.passOnShutdown
    idle.activate()
    idle.stop()
    release.set()
    ended(thread)
    assert idle._isStopped()


def test_an_error_goes_to_the_threads_excepthook(monkeypatch):
    seen = []
    monkeypatch.setattr(threading, "excepthook", lambda details: seen.append(details.exc_value))

    class Breaks(component):
        def main(self):
            yield 1
            raise LookupError

    thread = started()
    Breaks().activate()
    ended(thread)
    assert seen == [thread.error]
    assert isinstance(thread.error, LookupError)


# Handle, in threads


def test_what_is_put_is_worked_on_and_the_answer_is_got():
    thread = started()
    handle = Handle(Doubler()).activate()
    for number in range(100):
        handle.put(number, "inbox")
    assert [await_(handle) for _ in range(100)] == [number * 2 for number in range(100)]
    handle.put(producerFinished(), "control")
    assert isinstance(await_(handle, "signal"), producerFinished)
    ended(thread)


def test_get_raises_Empty_at_once_when_nothing_is_there():
    handle = Handle(Doubler())
    for boxname in ("outbox", "signal"):
        with pytest.raises(Empty):
            handle.get(boxname)


def test_what_was_put_before_the_system_runs_is_not_lost_nor_what_is_left_at_its_end():
    handle = Handle(Doubler()).activate()
    handle.put(21)
    handle.put(shutdownMicroprocess(), "control")
    scheduler.run.runThreads()
    assert handle.get() == 42
    with pytest.raises(Empty):
        handle.get()
    handle.put("discarded")


def test_the_end_loses_nothing_however_much_is_left():
    class Many(component):
        def main(self):
            for number in range(3000):
                self.send(number)
            yield 1

    handle = Handle(Many(), queuelengths=10).activate()
    scheduler.run.runThreads()
    assert [handle.get() for _ in range(3000)] == list(range(3000))


def test_there_is_a_limit_to_what_waits_for_the_component():
    handle = Handle(Doubler(), queuelengths=2)
    handle.put(1)
    handle.put(2)
    with pytest.raises(noSpaceInBox, match="the full queue is the Handle's own"):
        handle.put(3)


def test_other_boxes_are_a_KeyError():
    handle = Handle(Doubler())
    with pytest.raises(KeyError, match="inbox"):
        handle.put(1, "inbx")
    with pytest.raises(KeyError, match="outbox"):
        handle.get("inbox")


def test_a_handle_ends_with_its_component():
    handle = Handle(Once()).activate()
    scheduler.run.runThreads()
    assert handle.childrenDone()
    assert handle._isStopped()


# Handle, in asyncio code


def test_in_one_loop_get_waits_for_the_answer():
    async def program():
        handle = Handle(Doubler()).activate()
        running = asyncio.create_task(scheduler.run.runAsync())
        early = asyncio.create_task(handle.get())
        await asyncio.sleep(0)
        handle.put(4)
        handle.put(5)
        answers = [await early, await handle.get("outbox")]
        handle.put(producerFinished(), "control")
        signal = await handle.get("signal")
        await running
        with pytest.raises(Empty):
            await handle.get()
        return answers, signal

    answers, signal = asyncio.run(asyncio.wait_for(program(), 10))
    assert answers == [8, 10]
    assert isinstance(signal, producerFinished)


def test_a_wait_for_a_message_that_never_arrives_ends_with_Empty():
    async def program():
        handle = Handle(Once()).activate()
        waiting = asyncio.create_task(handle.get())
        await asyncio.sleep(0)
        await scheduler.run.runAsync()
        with pytest.raises(Empty):
            await waiting

    asyncio.run(asyncio.wait_for(program(), 10))


def test_a_get_that_is_cancelled_takes_nothing():
    async def program():
        handle = Handle(Doubler()).activate()
        running = asyncio.create_task(scheduler.run.runAsync())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(handle.get(), 0.01)
        handle.put(1)
        assert await handle.get() == 2
        handle.put(producerFinished(), "control")
        await running

    asyncio.run(asyncio.wait_for(program(), 10))


def test_a_component_in_the_same_loop_gets_at_once_or_not_at_all():
    class Asks(component):
        def main(self):
            handle = Handle(Doubler()).activate()
            handle.put(3)
            while True:
                try:
                    self.answer = handle.get()
                    break
                except Empty:
                    yield 1
            handle.put(producerFinished(), "control")

    asks = Asks()
    asks.run()
    assert asks.answer == 6


def test_gets_that_were_cancelled_leave_nothing_behind():
    async def program():
        handle = Handle(Doubler()).activate()
        running = asyncio.create_task(scheduler.run.runAsync())
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(handle.get(), 0.001)
        assert not handle._waiters
        handle.put(producerFinished(), "control")
        await running

    asyncio.run(asyncio.wait_for(program(), 10))
