"""`async def main`: it awaits anything of asyncio, with the boxes of any component."""

import asyncio

import pytest

from Axon.AxonExceptions import noSuchBox
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import FINISHED, feed


def alone(main, **attributes):
    """A component with this main, which has run."""
    made = type("Alone", (component,), {"main": main})(**attributes)
    made.run()
    return made


class Script(component):
    def main(self):
        return self.steps(self)


def test_it_may_await_anything_of_asyncio(virtualClock):
    async def main(self):
        async with asyncio.timeout(10):
            self.got = await asyncio.gather(asyncio.sleep(1, "a"), asyncio.to_thread(str, 5))

    assert alone(main).got == ["a", "5"]


def test_receive_waits_for_one_message_and_takes_it():
    class Two(component):
        async def main(self):
            self.send([await self.receive(), await self.receive()])

    assert feed(Two(), inbox=[1, 2, 3])["outbox"] == [[1, 2]]


def test_receive_waits_at_the_box_that_is_named():
    class Asks(component):
        Inboxes = ["inbox", "control", "answers"]

        async def main(self):
            self.send(await self.receive("answers"))

    assert feed(Asks(), inbox=["no"], answers=["yes"])["outbox"] == ["yes"]


@pytest.mark.parametrize("end", [producerFinished(), shutdownMicroprocess()])
def test_messages_end_with_a_shutdown_message_which_is_passed_on(end):
    class Doubles(component):
        async def main(self):
            async for message in self.messages():
                self.send(message * 2)

    outcome = feed(Doubles(), inbox=[1, 2], control=["noise", end])
    assert outcome == {"outbox": [2, 4], "signal": [end]}


def test_a_message_in_another_inbox_does_not_keep_messages_from_waiting():
    class Reads(component):
        Inboxes = ["inbox", "control", "other"]

        async def main(self):
            async for message in self.messages():
                self.send(message)

    reads = Reads()
    reads._deliver("unread", "other")

    def later(self):
        yield 1
        yield 1
        reads._deliver("read")
        reads._deliver(FINISHED, "control")

    Script(steps=later).activate()
    assert feed(reads, control=[])["outbox"] == ["read"]


@pytest.mark.parametrize("ask", ["receive", "messages"])
def test_a_wrong_box_is_an_error_at_the_call(ask):
    async def main(self):
        if ask == "receive":
            await self.receive("inbx")
        async for _ in self.messages("inbx"):
            pass

    with pytest.raises(noSuchBox, match="Did you mean 'inbox'"):
        alone(main)


def test_a_timeout_around_receive_leaves_the_message_for_the_next():
    async def main(self):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(self.receive(), 0)
        self._deliver("late")
        self.got = await self.receive()

    assert alone(main).got == "late"


def test_what_it_starts_may_receive_beside_it():
    class Both(component):
        Inboxes = ["inbox", "control", "other"]

        async def main(self):
            self.send(await asyncio.gather(self.receive(), self.receive("other")))

    assert feed(Both(), inbox=["a"], other=["b"])["outbox"] == [["a", "b"]]


def test_its_finally_blocks_may_await_before_the_run_is_over():
    closed = []

    class Closes(component):
        async def main(self):
            try:
                await self.receive()
            finally:
                await asyncio.sleep(0)
                closed.append("in order")

    def stop(self):
        for _ in range(3):
            yield 1
        scheduler.run.stop()
        yield 1

    Closes().activate()
    Script(steps=stop).run()
    assert closed == ["in order"]


def test_an_error_in_a_finally_block_is_raised_too():
    class Closes(component):
        async def main(self):
            try:
                await self.receive()
            finally:
                raise KeyError("while closing")

    def stop(self):
        for _ in range(200):
            yield 1
        self.pause(0.001)
        yield 1
        raise ValueError("first")

    closes = Closes().activate()
    closes._deliver
    Script(steps=stop).activate()
    with pytest.raises(ExceptionGroup) as caught:
        scheduler.run.runThreads()
    assert [type(each) for each in caught.value.exceptions] == [ValueError, KeyError]


def test_a_coroutine_that_never_began_is_closed_without_a_warning():
    class Never(component):
        async def main(self):
            self.isBegun = True

    never = Never().activate()
    never.stop()
    scheduler.run.runThreads()
    assert not hasattr(never, "isBegun")


def test_stepping_an_async_body_by_hand_is_an_error_that_asks_for_a_loop():
    class Needs(component):
        async def main(self):
            pass

    Needs().activate()
    with pytest.raises(RuntimeError, match=r"needs an event loop: use runThreads\(\)"):
        list(scheduler.run.main())


def test_cancelling_itself_is_an_error_like_any_other():
    async def main(self):
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError) as caught:
        alone(main)
    assert "Alone" in caught.value.__notes__[0]


def test_a_held_coroutine_receives_a_shutdown_message():
    class Floods(component):
        sent = 0

        async def main(self):
            while not self.isShuttingDown():
                self.send("more")
                self.sent += 1
                await asyncio.sleep(0)

    floods, deaf = Floods(), component()
    deaf.link((floods, "outbox"), (deaf, "inbox"), capacity=5)

    def shut_down(self):
        while deaf.dataReady() < 5:
            self.pause(0)
            yield 1
        floods._deliver("something else")
        yield 1
        floods._deliver(FINISHED, "control")
        while not floods._isStopped():
            self.pause(0)
            yield 1

    floods.activate()
    Script(steps=shut_down).run()
    assert floods.sent == 5


def test_messages_that_are_not_urgent_do_not_step_a_held_coroutine():
    class Floods(component):
        sent = 0

        async def main(self):
            while self.sent < 20:
                self.send("more")
                self.sent += 1
                await asyncio.sleep(0)

    floods, slow = Floods(), component()
    slow.link((floods, "outbox"), (slow, "inbox"), capacity=4)
    highest = 0

    def take(self):
        nonlocal highest
        while not floods._isStopped():
            for _ in range(3):
                floods._deliver("noise")
                self.pause(0)
                yield 1
            highest = max(highest, slow.dataReady())
            if slow.dataReady() >= 4:
                list(slow.Inbox())

    floods.activate()
    Script(steps=take).run()
    assert highest == 4
    assert floods.sent == 20


def test_stopped_while_held_its_finally_blocks_may_still_await():
    closed = []

    class Floods(component):
        async def main(self):
            try:
                while True:
                    self.send("more")
                    await asyncio.sleep(0)
            finally:
                self.send("last")
                await asyncio.sleep(0)
                closed.append("in order")

    floods, deaf = Floods(), component()
    deaf.link((floods, "outbox"), (deaf, "inbox"), capacity=1)

    def stop(self):
        while not scheduler.run.queue.held:
            self.pause(0)
            yield 1
        floods.stop()

    floods.activate()
    Script(steps=stop).run()
    assert closed == ["in order"]


def test_a_timeout_around_one_receive_cancels_no_other(virtualClock):
    class Both(component):
        Inboxes = ["inbox", "control", "other"]

        async def main(self):
            async with asyncio.TaskGroup() as group:
                waiting = group.create_task(self.receive())
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(self.receive("other"), 1)
                self._deliver("still received")
            self.send(waiting.result())

    assert feed(Both(), control=[])["outbox"] == ["still received"]


def test_each_of_several_waits_at_one_box_gets_a_message():
    class Three(component):
        async def main(self):
            waits = [asyncio.ensure_future(self.receive()) for _ in range(3)]
            await asyncio.sleep(0)
            for message in "abc":
                self._deliver(message)
                await asyncio.sleep(0)
            self.send(sorted(await asyncio.gather(*waits)))

    assert feed(Three(), control=[])["outbox"] == [["a", "b", "c"]]


def test_a_wait_that_was_cancelled_leaves_nothing_behind():
    async def main(self):
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(self.receive(), 0.0001)
        self.left = len(self._task.body._waiters)

    assert alone(main).left == 0


EAGER = pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="new in Python 3.12")


def runEagerly(*components):
    async def guest():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        for each in components:
            each.activate()
        await scheduler.run.runAsync()

    asyncio.run(guest())


@EAGER
def test_under_an_eager_task_factory_a_main_that_returns_in_its_first_step_ends():
    class Returns(component):
        async def main(self):
            self.send("done")

    got, returns = component(), Returns()
    got.link((returns, "outbox"), (got, "inbox"))
    runEagerly(returns)
    assert got.recv() == "done"
    assert returns._isStopped()
    assert not scheduler.run.jobs
    assert scheduler.run.outside == 0


@EAGER
def test_under_an_eager_task_factory_an_error_in_the_first_step_is_raised():
    class Breaks(component):
        async def main(self):
            raise ValueError("at once")

    with pytest.raises(ValueError, match="at once") as caught:
        runEagerly(Breaks())
    assert "Breaks" in caught.value.__notes__[0]


@EAGER
def test_under_an_eager_task_factory_a_main_that_waits_goes_on():
    class Echoes(component):
        async def main(self):
            self.send(await self.receive())
            await asyncio.sleep(0)

    got, echoes = component(), Echoes()
    got.link((echoes, "outbox"), (got, "inbox"))
    echoes._deliver("first")
    runEagerly(echoes)
    assert got.recv() == "first"


def test_an_error_that_is_raised_as_another_ends_the_run_is_not_lost():
    class Breaks(component):
        async def main(self):
            await asyncio.sleep(0)
            raise ValueError(self.name)

    Breaks().activate()
    Breaks().activate()
    with pytest.raises(ExceptionGroup) as caught:
        scheduler.run.runThreads()
    assert [type(error) for error in caught.value.exceptions] == [ValueError, ValueError]


@pytest.mark.parametrize("reason", ["the end of a child", "unpause() from the loop"])
def test_waitForWakeUp_ends_at_the_end_of_a_child_and_at_unpause(reason):
    class Child(component):
        def main(self):
            yield 1

    async def main(self):
        if reason == "the end of a child":
            child = Child()
            self.addChildren(child)
            child.activate()
        else:
            asyncio.get_running_loop().call_later(0.001, self.unpause)
        await self.waitForWakeUp()
        self.got = reason

    assert alone(main).got == reason


def test_anyMessage_waits_for_a_message_in_any_inbox_and_names_the_inbox():
    class Asks(component):
        Inboxes = ["inbox", "control", "answers"]

        async def main(self):
            boxname = await self.anyMessage()
            self.send((boxname, self.recv(boxname)))

    assert feed(Asks(), answers=["yes"], control=[])["outbox"] == [("answers", "yes")]


def test_anyMessage_does_not_report_an_unread_message_twice():
    class Forgetful(component):
        Inboxes = ["inbox", "control", "unread"]
        reports = 0

        async def main(self):
            while True:
                await self.anyMessage()
                self.reports += 1

    forgetful = Forgetful()
    feed(forgetful, unread=["once"], control=[])
    assert forgetful.reports == 1


@pytest.mark.parametrize(("alsoWhenTaken", "expected"), [(True, [1, 0]), (False, [])])
def test_an_async_body_is_woken_when_its_message_is_taken_if_it_asks_for_that(
    virtualClock, alsoWhenTaken, expected
):
    seen = []

    class Sender(component):
        async def main(self):
            self.send("a")
            self.send("b")
            while self.outboxes["outbox"]:
                await self.waitForWakeUp(alsoWhenTaken)
                seen.append(len(self.outboxes["outbox"]))

    class Taker(component):
        def main(self):
            for _ in range(2):
                self.pause(0.01)
                yield 1
                self.recv()
            yield 1

    sender, taker = Sender(), Taker()
    sender.link((sender, "outbox"), (taker, "inbox"))
    sender.activate()
    feed(taker, until=0.5, control=[], inbox=[])
    assert seen == expected
