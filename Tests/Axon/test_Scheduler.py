"""The scheduler: its runs, its errors, its loop, and how it stops."""

import asyncio
import logging
import threading

import pytest

from Axon import EventLoop
from Axon.Component import component
from Axon.Ipc import WaitComplete
from Axon.LoopRun import LoopRun
from Axon.Microprocess import microprocess
from Axon.Scheduler import scheduler


class Endless(component):
    """Run, or sleep, until it is ended, and note that."""

    sleeps = False

    def main(self):
        try:
            while True:
                if self.sleeps:
                    self.pause()
                yield 1
        finally:
            self.isClosed = True


class Breaks(component):
    def main(self):
        yield 1
        raise self.error


class Turns(component):
    turns = 3

    def main(self):
        for _ in range(self.turns):
            yield 1
        self.isDone = True


class SleepsOnce(component):
    def main(self):
        self.pause()
        yield 1
        self.isDone = True


# Runs


def test_a_run_returns_when_no_microprocess_is_left():
    done = [Turns().activate() for _ in range(3)]
    scheduler.run.runThreads()
    assert all(each.isDone for each in done)
    assert scheduler.run.listAllThreads() == []


def test_a_run_of_nothing_returns_at_once():
    scheduler.run.runThreads()
    assert list(scheduler.run.main()) == []


def test_it_can_run_again():
    for _ in range(3):
        turns = Turns()
        turns.run()
        assert turns.isDone


def test_another_scheduler_starts_afresh():
    Endless().activate()
    old, scheduler.run = scheduler.run, scheduler()
    Turns().run()
    assert len(old.listAllThreads()) == 1
    old.run = old
    for each in old.listAllThreads():
        each.stop()
    assert list(old.main())


def test_main_steps_the_system_by_hand_without_any_loop():
    log = []

    class Says(component):
        def main(self):
            for number in range(3):
                log.append(number)
                yield 1

    Says().activate()
    assert len(list(scheduler.run.main())) <= 6
    assert log == [0, 1, 2]


def test_by_hand_next_gives_one_turn_and_yields_while_no_task_is_ready():
    endless = Endless(sleeps=True).activate()
    turns = Turns(turns=2).activate()
    stepper = scheduler.run.main()
    for _ in range(20):
        next(stepper)
    assert turns.isDone
    endless.unpause()
    assert next(stepper) == 1


def test_by_hand_everything_stays_as_it_is_when_the_caller_stops_stepping():
    turns = Turns().activate()
    stepper = scheduler.run.main()
    next(stepper)
    stepper.close()
    assert not turns._isStopped()
    scheduler.run.runThreads()
    assert turns.isDone


def test_by_hand_it_may_sleep_while_no_task_is_ready():
    class Brief(component):
        def main(self):
            self.pause(0.002)
            yield 1

    Brief().activate()
    assert len(list(scheduler.run.main(canblock=True))) < 10


def test_two_threads_cannot_run_one_scheduler():
    class Nested(component):
        def main(self):
            with pytest.raises(RuntimeError, match="running already"):
                scheduler.run.runThreads()
            self.isDone = True
            yield 1

    nested = Nested()
    nested.run()
    assert nested.isDone


def test_runThreads_raises_within_a_running_loop():
    async def outer():
        with pytest.raises(RuntimeError, match=r"await scheduler\.run\.runAsync"):
            scheduler.run.runThreads()

    asyncio.run(outer())


def test_it_may_run_slowly(virtualClock):
    Turns().activate()
    scheduler.run.runThreads(slowmo=0.0001)


def test_wakeThread_may_activate_and_isThreadPaused_detects_sleep():
    turns = Turns()
    scheduler.run.wakeThread(turns, canActivate=True)
    assert scheduler.run.listAllThreads() == [turns]
    sleeper = Endless(sleeps=True).activate()
    stepper = scheduler.run.main()
    for _ in range(3):
        next(stepper)
    assert scheduler.run.isThreadPaused(sleeper)
    assert not scheduler.run.isThreadPaused(turns)
    stepper.close()


def test_pauseThread_makes_another_sleep_from_its_next_yield_on():
    turns = Turns(turns=10).activate()
    stepper = scheduler.run.main()
    next(stepper), next(stepper)
    scheduler.run.pauseThread(turns)
    for _ in range(30):
        next(stepper)
    assert not turns._isStopped()
    turns.unpause()
    assert list(stepper)
    assert turns.isDone


# Stopping


@pytest.mark.roundRobin
def test_stop_ends_the_run_after_the_cycle():
    log = []

    class Says(component):
        def main(self):
            while True:
                log.append(self.say)
                if self.say == "a" and len(log) > 2:
                    scheduler.run.stop()
                yield 1

    says = [Says(say=say).activate() for say in "abc"]
    scheduler.run.runThreads()
    assert "".join(log) == "abcabc"
    assert all(each._isStopped() for each in says)


@pytest.mark.parametrize("sleeps", [True, False])
def test_stop_closes_all_that_remain(sleeps):
    endless = [Endless(sleeps=sleeps).activate() for _ in range(3)]

    class Stops(component):
        def main(self):
            yield 1
            scheduler.run.stop()
            yield 1

    Stops().run()
    assert all(each.isClosed and each._isStopped() for each in endless)
    Turns().run()


def test_stop_from_another_thread_ends_a_run_in_which_all_sleep():
    endless = Endless(sleeps=True).activate()

    class Starts(component):
        def main(self):
            threading.Thread(target=scheduler.run.stop).start()
            yield 1

    Starts().run()
    assert endless.isClosed


def test_stop_of_a_scheduler_that_does_not_run_does_nothing():
    scheduler.run.stop()
    turns = Turns()
    turns.run()
    assert turns.isDone


def test_stop_by_hand():
    endless = Endless().activate()
    stepper = scheduler.run.main()
    next(stepper), next(stepper)
    scheduler.run.stop()
    assert len(list(stepper)) < 3
    assert endless.isClosed


@pytest.mark.parametrize("turns", [1, 1000])
def test_it_waits_for_a_first_microprocess_from_another_thread(turns):
    first = Turns(turns=turns)
    scheduler.waitForOne()

    async def both():
        system = asyncio.create_task(scheduler.run.runAsync())
        await asyncio.sleep(0)
        await asyncio.to_thread(first.activate)
        await system

    asyncio.run(both())
    assert first.isDone


def test_it_does_not_wait_for_one_if_there_is_one_already():
    first = Turns().activate()
    scheduler.waitForOne()
    scheduler.run.runThreads()
    assert first.isDone


# Errors


def byHand():
    for _ in scheduler.run.main():
        pass


def onALoop():
    scheduler.run.runThreads()


ways = pytest.mark.parametrize("go", [byHand, onALoop])


@ways
@pytest.mark.parametrize(
    "error",
    [ValueError, RuntimeError, IndexError, KeyError, GeneratorExit, KeyboardInterrupt, SystemExit],
)
def test_an_uncaught_error_ends_the_run_and_names_its_component(go, error):
    endless = [Endless(sleeps=sleeps).activate() for sleeps in (True, False)]
    broken = Breaks(error=error("mine")).activate()
    with pytest.raises(error, match="mine") as caught:
        go()
    note = caught.value.__notes__[0]  # an interrupt has another one, about all components
    assert broken.name in note
    assert "inboxes: inbox, control, outboxes: outbox, signal" in note
    assert all(each.isClosed for each in endless)


@ways
def test_after_an_error_the_scheduler_is_clean_and_runs_again(go):
    Endless(sleeps=True).activate()
    Breaks(error=ValueError()).activate()
    with pytest.raises(ValueError):
        go()
    assert scheduler.run.listAllThreads() == []
    assert not scheduler.run.queue
    turns = Turns().activate()
    go()
    assert turns.isDone


@ways
def test_several_errors_are_a_group(go):
    class BreaksAtTheEnd(component):
        def main(self):
            try:
                while True:
                    yield 1
            finally:
                raise KeyError("second")

    last = BreaksAtTheEnd().activate()
    Breaks(error=ValueError("first")).activate()
    with pytest.raises(ExceptionGroup) as caught:
        go()
    first, second = caught.value.exceptions
    assert (type(first), type(second)) == (ValueError, KeyError)
    assert last.name in second.__notes__[0]


def test_an_interrupt_is_raised_before_all_other_errors():
    class BreaksAtTheEnd(component):
        def main(self):
            try:
                while True:
                    yield 1
            finally:
                raise KeyError("second")

    BreaksAtTheEnd().activate()
    Breaks(error=KeyboardInterrupt()).activate()
    with pytest.raises(KeyboardInterrupt):
        scheduler.run.runThreads()


def test_an_error_in_stop_or_in_closing_down_ends_the_run():
    class BadStop(component):
        def main(self):
            yield 1

        def stop(self):
            super().stop()
            raise ValueError("while stopping")

    endless = Endless().activate()
    BadStop().activate()
    with pytest.raises(ValueError, match="while stopping"):
        scheduler.run.runThreads()
    assert endless.isClosed


def test_an_immortal_scheduler_logs_an_error_and_lets_the_others_go_on(caplog):
    scheduler.immortalise()
    turns = Turns(turns=10).activate()
    broken = Breaks(error=ValueError("contained")).activate()
    with caplog.at_level(logging.ERROR, "Axon"):
        scheduler.run.runThreads()
    assert turns.isDone
    assert broken._isStopped()
    (record,) = caplog.records
    assert broken.name in record.getMessage()
    assert str(record.exc_info[1]) == "contained"


def test_an_immortal_scheduler_still_ends_at_an_interrupt():
    scheduler.immortalise()
    Breaks(error=KeyboardInterrupt()).activate()
    with pytest.raises(KeyboardInterrupt):
        scheduler.run.runThreads()


def test_after_mortalise_an_error_ends_the_run_again():
    scheduler.immortalise()
    scheduler.mortalise()
    with pytest.raises(ValueError):
        Breaks(error=ValueError()).run()


def test_a_parent_may_handle_errors_of_its_children_and_is_woken_when_one_has_failed(caplog):
    class Answers(component):
        def main(self):
            self.failures = []
            self.addChildren(Breaks(error=ValueError("child's")).activate())
            yield from self.waitForChange()
            self.isWoken = True

        def childFailed(self, child, culprit, error):
            self.failures.append((child, culprit, str(error)))
            return True

    parent = Answers()
    parent.run()
    (child,) = parent.childComponents()
    assert parent.failures == [(child, child, "child's")]
    assert parent.isWoken
    assert child.name in caplog.text


def test_the_nearest_parent_that_handles_errors_is_asked_first_with_child_and_culprit(caplog):
    asked = []

    class Asked(component):
        answers = False

        def main(self):
            self.addChildren(self.child.activate())
            yield from self.waitForChange()
            while not self.child._isStopped():
                yield from self.waitForChange()

        def childFailed(self, child, culprit, error):
            asked.append((self, child, culprit))
            return self.answers

    broken = Breaks(error=ValueError())
    low = Asked(child=broken)
    middle = Asked(child=low, answers=True)
    top = Asked(child=middle)
    top.run()
    assert asked == [(low, broken, broken), (middle, low, broken)]


# On a loop


def test_it_joins_a_loop_that_runs_beside_asyncio_work():
    log = []

    class Says(component):
        def main(self):
            for _ in range(3):
                log.append("turn")
                self.pause(0)
                yield 1

    async def beside():
        for _ in range(3):
            log.append("beside")
            await asyncio.sleep(0)

    async def both():
        Says().activate()
        await asyncio.gather(scheduler.run.runAsync(), beside())

    asyncio.run(both())
    assert sorted(log) == ["beside"] * 3 + ["turn"] * 3
    assert log != sorted(log)
    assert log != sorted(log, reverse=True)


def test_components_that_never_sleep_leave_the_loop_to_others():
    Endless().activate()

    async def both():
        system = asyncio.create_task(scheduler.run.runAsync())
        for _ in range(10):
            await asyncio.sleep(0)
        scheduler.run.stop()
        await system

    asyncio.run(both())


def test_a_cancelled_run_ends_all_microprocesses_first():
    endless = Endless(sleeps=True).activate()

    async def cancel():
        system = asyncio.create_task(scheduler.run.runAsync())
        for _ in range(3):
            await asyncio.sleep(0)
        system.cancel()
        with pytest.raises(asyncio.CancelledError):
            await system

    asyncio.run(cancel())
    assert endless.isClosed


def test_a_message_from_asyncio_work_wakes_a_component():
    class Waits(component):
        def main(self):
            yield from self.waitForMessage()
            self.got = self.recv()

    async def both():
        waits = Waits().activate()
        system = asyncio.create_task(scheduler.run.runAsync())
        for _ in range(3):
            await asyncio.sleep(0)
        waits._deliver("from outside")
        await system
        return waits

    assert asyncio.run(both()).got == "from outside"


def test_an_error_is_raised_where_the_system_is_awaited():
    async def awaits():
        Breaks(error=ValueError("awaited")).activate()
        with pytest.raises(ValueError, match="awaited"):
            await scheduler.run.runAsync()

    asyncio.run(awaits())


def test_an_idle_system_has_nothing_scheduled():
    """Neither a callback that is ready nor a time at which it would wake."""
    Endless(sleeps=True).activate()

    async def look():
        system = asyncio.create_task(scheduler.run.runAsync())
        for _ in range(5):
            await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        isRequested = scheduler.run.loopRun.isSliceRequested()
        seen = len(loop._ready), len(loop._scheduled), isRequested
        scheduler.run.stop()
        await system
        return seen

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert runner.run(look()) == (0, 0, False)


@pytest.mark.parametrize("end", ["stop", "cancel", "error"])
def test_a_requested_slice_of_an_ended_run_does_not_affect_the_next_run(end):
    async def begin(sleepers):
        for each in sleepers:
            each.activate()
        system = asyncio.create_task(scheduler.run.runAsync())
        for _ in range(3):
            await asyncio.sleep(0)
        for each in sleepers:
            each.unpause()
        return system

    def fail():
        raise ValueError("in a call")

    async def program():
        system = await begin([Endless(sleeps=True) for _ in range(3)])
        assert scheduler.run.loopRun.isSliceRequested()
        if end == "stop":
            scheduler.run.stop()
        elif end == "cancel":
            system.cancel()
        else:
            scheduler.run.calls.append(fail)
        await asyncio.gather(system, return_exceptions=True)
        woken = [SleepsOnce() for _ in range(3)]
        await asyncio.wait_for(await begin(woken), 10)
        assert all(each.isDone for each in woken)

    asyncio.run(program())


def test_a_sleeping_task_has_one_timer_however_often_it_is_woken():
    sleeper = Endless(sleeps=True)
    sleeper.pause = lambda: component.pause(sleeper, 100)
    sleeper.activate()

    async def look():
        system = asyncio.create_task(scheduler.run.runAsync())
        for _ in range(50):
            sleeper.unpause()
            await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        seen = sum(not each.cancelled() for each in loop._scheduled)
        scheduler.run.stop()
        await system
        return seen

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert runner.run(look()) == 1


def test_runThreads_makes_its_loop_and_closes_it(monkeypatch):
    made = []
    newLoop = EventLoop.newLoop

    def remember(clock=None):
        made.append(newLoop(clock))
        return made[-1]

    monkeypatch.setattr(EventLoop, "newLoop", remember)
    Turns().run()
    (loop,) = made
    assert loop.is_closed()


def test_another_threads_activation_is_run():
    turns = Turns()

    class Starts(component):
        def main(self):
            thread = threading.Thread(target=turns.activate)
            thread.start()
            self.pause(30)
            self.addChildren(turns)
            while not turns._isStopped():
                yield 1

    Starts().run()
    assert turns.isDone


def test_microprocesses_without_boxes_run_too():
    class Plain(microprocess):
        def main(self):
            yield 1
            self.isDone = True

    plain = Plain()
    plain.run()
    assert plain.isDone


def test_a_busy_system_yields_to_the_loop_despite_calls_of_threads_and_timers(monkeypatch):
    """A slice asks for its like: if each call brought one more, they would fill the loop."""
    busy = Endless().activate()
    sleeper = Endless(sleeps=True)
    sleeper.pause = lambda: component.pause(sleeper, 0)
    sleeper.activate()

    async def look():
        slices, giveTurns = [], LoopRun._giveTurns
        monkeypatch.setattr(
            LoopRun, "_giveTurns", lambda run, *args: (slices.append(1), giveTurns(run, *args))
        )
        system = asyncio.create_task(scheduler.run.runAsync())
        for _ in range(10):
            scheduler.run.callFromThread(busy.unpause)
            await asyncio.sleep(0)
        slices.clear()
        for _ in range(10):
            await asyncio.sleep(0)
        scheduler.run.stop()
        await system
        return len(slices)

    assert asyncio.run(look()) <= 20


def test_waitForOne_ends_with_the_first_component_whichever_thread_activates_it():
    async def program():
        scheduler.waitForOne()
        system = asyncio.create_task(scheduler.run.runAsync())
        await asyncio.sleep(0)
        Turns().activate()
        await asyncio.wait_for(system, 10)

    asyncio.run(program())


def test_an_error_at_the_end_of_a_run_that_is_cancelled_is_logged(caplog):
    class Clumsy(component):
        def main(self):
            try:
                while True:
                    self.pause()
                    yield 1
            finally:
                raise ValueError("dropped it")

    async def program():
        Clumsy().activate()
        system = asyncio.create_task(scheduler.run.runAsync())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        system.cancel()
        with pytest.raises(asyncio.CancelledError):
            await system

    asyncio.run(program())
    assert "dropped it" in caplog.text


def test_a_component_that_has_stopped_itself_calls_no_other_body():
    class Stops(component):
        called = False

        def main(self):
            self.stop()
            yield WaitComplete(self.call())

        def call(self):
            self.called = True
            yield 1

    stops = Stops().activate()
    scheduler.run.runThreads()
    assert not stops.called
