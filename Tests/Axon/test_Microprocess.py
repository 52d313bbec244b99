"""Microprocesses: turns, sleep, waking, and bodies that run in another's place."""

import threading
from math import inf

import pytest

from Axon.Component import component
from Axon.debug import debug
from Axon.Ipc import WaitComplete, newComponent, reactivate, shutdownMicroprocess
from Axon.Microprocess import microprocess
from Axon.Scheduler import scheduler


class Says(microprocess):
    """Says(log, name, turns) -> writes its name into the log, once a turn."""

    def __init__(self, log, name, turns=3):
        super().__init__()
        self.log, self.say, self.turns = log, name, turns

    def main(self):
        for _ in range(self.turns):
            self.log.append(self.say)
            yield 1


def run(*bodies):
    """Runs generators that are given their own microprocess; gives these."""
    processes = []
    for body in bodies:
        process = microprocess()
        process.main = lambda body=body, process=process: body(process)
        processes.append(process.activate())
    scheduler.run.runThreads()
    return processes


def idle(process):
    yield 1


# Turns


@pytest.mark.roundRobin
def test_a_microprocess_that_neither_paused_nor_ended_gets_one_turn_in_each_round():
    log = []
    for name in "abc":
        Says(log, name).activate()
    scheduler.run.runThreads()
    assert "".join(log) == "abcabcabc"


@pytest.mark.roundRobin
def test_a_newcomer_first_runs_in_the_next_round_after_those_already_running():
    log = []

    class Parent(Says):
        def main(self):
            log.append("a")
            Says(log, "n").activate()
            yield 1
            log.append("a")
            yield newComponent(Says(log, "m", 1), Says(log, "o", 1))
            log.append("a")

    Parent(log, "a").activate()
    Says(log, "b", 4).activate()
    scheduler.run.runThreads()
    assert "".join(log) == "ab" + "abn" + "abnmo" + "bn"


def test_activate_gives_the_microprocess_itself():
    process = Says([], "a")
    assert process.activate() is process


def test_activated_twice_it_runs_once():
    log = []
    Says(log, "a", 2).activate().activate()
    scheduler.run.runThreads()
    assert log == ["a", "a"]


def test_activation_after_the_end_does_nothing():
    log = []
    process = Says(log, "a", 1)
    process.run()
    process.activate()
    scheduler.run.runThreads()
    assert log == ["a"]


def test_running_an_ended_microprocess_again_is_an_error():
    process = Says([], "a", 1)
    process.run()
    with pytest.raises(RuntimeError, match=r"Says_\d+ has already run and ended, .* a new Says"):
        process.run()


def test_other_yielded_values_have_no_meaning():
    def main(process):
        yield from (0, None, False, "text", object(), 2)
        process.isDone = True

    (process,) = run(main)
    assert process.isDone


def test_next_gives_a_turn_by_hand_and_raises_StopIteration_at_the_end():
    log = []
    process = Says(log, "a", 2).activate()
    assert [next(process), process.next()] == [1, 1]
    with pytest.raises(StopIteration):
        next(process)
    assert log == ["a", "a"]


@pytest.mark.parametrize("given", [None, 5, "text"])
def test_a_main_that_is_no_generator_is_a_TypeError_that_says_what_is(given):
    class Plain(microprocess):
        def main(self):
            return given

    with pytest.raises(
        TypeError, match=r"Plain_\d+ must be a generator function .*it gave " + repr(given)
    ):
        Plain().activate()


def test_a_missing_call_of_super_is_an_error_that_explains_it():
    class Forgetful(microprocess):
        def __init__(self):
            pass

    with pytest.raises(TypeError, match=r"Forgetful cannot run: .* super\(\).__init__\(\)"):
        Forgetful().activate()


def test_init_is_1_once_the_constructor_of_microprocess_has_run():
    class Forgetful(microprocess):
        def __init__(self):
            pass

    assert microprocess().init == 1
    assert component().init == 1
    assert component(init=5).init == 5
    assert Forgetful().init == 0


def test_each_microprocess_has_a_debugger_of_its_own(monkeypatch):
    monkeypatch.setattr(debug, "configs", {"known": (5, "default")})
    monkeypatch.setattr(debug, "noConfig", True)
    made = microprocess()
    assert isinstance(made.debugger, debug)
    assert made.debugger is made.debugger
    assert made.debugger is not microprocess().debugger
    assert made.debugger.areDebugging("known", 5)
    assert not made.debugger.areDebugging("unknown", 1)
    assert made.debugger.note("unknown", 1, "said")


def test_a_debugger_that_the_class_or_the_instance_has_set_is_kept():
    class Quiet(component):
        debugger = debug(assertBadDebug=0)

    own = debug()
    assert Quiet().debugger is Quiet.debugger
    assert component(debugger=own).debugger is own


def test_another_main_method_may_be_named():
    log = []

    class Two(microprocess):
        def other(self):
            log.append("other")
            yield 1

    Two().activate(mainmethod="other")
    scheduler.run.runThreads()
    assert log == ["other"]


def test_a_generator_may_be_given_instead_of_main():
    log = []

    def body():
        log.append("body")
        yield 1

    microprocess(body()).run()
    assert log == ["body"]


def test_names_are_module_class_and_a_number_that_counts_up():
    first, second = Says([], "a"), Says([], "b")
    assert first.name == f"{__name__}.Says_{first.id}" == str(first)
    assert second.id > first.id


# Sleep


def test_pause_takes_effect_at_the_next_yield():
    log = []

    def sleeper(process):
        process.pause()
        log.append("same turn")
        yield 1
        log.append("woken")

    def waker(process):
        for _ in range(3):
            yield 1
        log.append("wake")
        sleeping.unpause()

    sleeping = microprocess(sleeper(None))
    sleeping._givenBody = sleeper(sleeping)
    sleeping.activate()
    run(waker)
    assert log == ["same turn", "wake", "woken"]


def test_a_wake_during_the_turn_in_which_it_paused_is_not_lost():
    def main(process):
        process.pause()
        process.unpause()
        yield 1
        process.isDone = True

    (process,) = run(main)
    assert process.isDone


def test_a_wake_before_the_pause_in_the_same_turn_is_not_lost():
    def main(process):
        process.unpause()
        process.pause()
        yield 1
        process.isDone = True

    (process,) = run(main)
    assert process.isDone


def test_many_wakes_give_one_turn():
    turns = []

    def sleeper(process):
        for _ in range(2):
            process.pause()
            yield 1
            turns.append("turn")

    def waker(process):
        for _ in range(2):
            yield 1
            yield 1
            for _ in range(5):
                sleeping.unpause()

    sleeping = microprocess()
    sleeping._givenBody = sleeper(sleeping)
    sleeping.activate()
    run(waker)
    assert turns == ["turn"] * 2


def test_pause_and_unpause_before_activation_do_nothing():
    log = []
    process = Says(log, "a", 1)
    process.pause()
    process.unpause()
    assert not process._isRunnable()
    process.run()
    assert log == ["a"]


@pytest.mark.parametrize("wait", ["pause", "waitForChange"])
def test_the_end_of_a_child_wakes_its_parent(wait):
    class Parent(component):
        def main(self):
            self.addChildren(component().activate())
            if wait == "pause":
                self.pause()
                yield 1
            else:
                yield from self.waitForChange()
            self.seen = self.childComponents()[0]._isStopped()

    parent = Parent()
    parent.run()
    assert parent.seen


def test_unpause_is_safe_from_another_thread():
    inThread = []

    def main(process):
        def wake():
            inThread.append(threading.get_ident())
            process.unpause()

        process.pause()
        threading.Thread(target=wake).start()
        yield 1
        inThread.append(threading.get_ident())

    run(main)
    assert len(set(inThread)) == 2


def test_pause_with_a_timeout_sleeps_that_long(virtualClock):
    def main(process):
        process.pause(2.5)
        yield 1
        process.woken = virtualClock.now()

    (process,) = run(main)
    assert process.woken == 2.5


def test_a_time_to_wait_until_that_moves_on_ends_the_sleep_at_the_first(virtualClock):
    woken = []

    def sleeper(process):
        for due in (10, 30, 30, 12, inf):  # it is woken at 2, and the time that was set stays
            yield from process.waitUntil(due)
            woken.append(virtualClock.now())

    def waker(process):
        for seconds in (2, 100):
            process.pause(seconds)
            yield 1
            sleeping.unpause()

    sleeping = microprocess()
    sleeping._givenBody = sleeper(sleeping)
    sleeping.activate()
    run(waker)
    assert woken == [2, 10, 30, 30, 102]


def test_a_wake_ends_a_pause_before_its_timeout_which_then_means_nothing(virtualClock):
    def sleeper(process):
        process.pause(10)
        yield 1
        process.woken = [virtualClock.now()]
        process.pause()
        yield 1
        process.woken.append(virtualClock.now())

    def waker(process):
        for seconds in (1, 100):
            process.pause(seconds)
            yield 1
            sleeping.unpause()

    sleeping = microprocess()
    sleeping._givenBody = sleeper(sleeping)
    sleeping.activate()
    run(waker)
    assert sleeping.woken == [1, 101]


def test_a_timeout_of_zero_yields_once(virtualClock):
    def main(process):
        process.pause(0)
        yield 1

    run(main)
    assert virtualClock.now() == 0


# In another's place


def test_WaitComplete_runs_a_generator_in_the_callers_place_until_it_ends():
    log = []

    class Caller(component):
        def greet(self):
            log.append("hello")
            yield 1
            log.append("goodbye")

        def main(self):
            log.append("before")
            yield WaitComplete(self.greet())
            log.append("after")

    Caller().run()
    assert log == ["before", "hello", "goodbye", "after"]


def test_WaitComplete_nests():
    log = []

    class Caller(component):
        def level(self, number):
            log.append(number)
            if number < 50:
                yield WaitComplete(self.level(number + 1))
            yield 1
            log.append(-number)

        def main(self):
            yield WaitComplete(self.level(0))
            log.append("end")

    Caller().run()
    assert log == [*range(51), *range(-50, 1), "end"]


def test_pause_works_within_WaitComplete():
    class Caller(component):
        def one(self):
            while not self.dataReady():
                self.pause()
                yield 1
            self.got = self.recv()

        def main(self):
            yield WaitComplete(self.one())
            self.isDone = True

    caller = Caller().activate()

    def sender(process):
        yield 1
        yield 1
        caller._deliver("message")

    run(sender)
    assert caller.got == "message"
    assert caller.isDone


def test_what_was_called_may_end_at_once():
    def nothing():
        return
        yield

    def main(process):
        for _ in range(3):
            yield WaitComplete(nothing())
        process.isDone = True

    (process,) = run(main)
    assert process.isDone


@pytest.mark.parametrize("error", [ValueError, RuntimeError, IndexError, KeyError, GeneratorExit])
def test_an_error_of_what_was_called_is_raised_at_the_callers_yield(error):
    def bad():
        yield 1
        raise error("here")

    def main(process):
        try:
            yield WaitComplete(bad())
        except error as caught:
            process.caught = caught
        yield 1

    (process,) = run(main)
    assert process.caught.args == ("here",)


def test_an_uncaught_error_passes_through_all_callers():
    closed = []

    def bad():
        yield 1
        raise ValueError("deep down")

    def middle():
        try:
            yield WaitComplete(bad())
        finally:
            closed.append("middle")

    def main(process):
        try:
            yield WaitComplete(middle())
        finally:
            closed.append("main")

    with pytest.raises(ValueError, match="deep down"):
        run(main)
    assert closed == ["middle", "main"]


@pytest.mark.parametrize("wrong", [None, 5, [1]])
def test_waiting_for_what_is_no_generator_is_an_error_at_the_callers_yield(wrong):
    def main(process):
        try:
            yield WaitComplete(wrong)
        except TypeError as error:
            process.caught = str(error)
        yield 1

    (process,) = run(main)
    assert "WaitComplete" in process.caught
    assert repr(wrong) in process.caught


def test_stopped_within_WaitComplete_all_finally_blocks_run():
    closed = []

    def called():
        try:
            while True:
                yield 1
        finally:
            closed.append("called")

    def main(process):
        try:
            yield WaitComplete(called())
        finally:
            closed.append("main")

    def stopper(process):
        for _ in range(3):
            yield 1
        processes[0].stop()

    processes = [microprocess(), microprocess()]
    for process, body in zip(processes, (main, stopper), strict=True):
        process._givenBody = body(process)
        process.activate()
    scheduler.run.runThreads()
    assert closed == ["called", "main"]


# The end


def test_at_its_end_stop_is_called_then_the_closing_down():
    log = []

    class Closes(microprocess):
        def main(self):
            log.append("main")
            yield 1

        def stop(self):
            log.append("stop")
            super().stop()

        def _closeDownMicroprocess(self):
            log.append("close")
            return super()._closeDownMicroprocess()

    Closes().run()
    assert log == ["main", "stop", "close"]


def test_stop_ends_it_before_its_next_turn_and_its_finally_blocks_run():
    log = []

    class Endless(microprocess):
        def main(self):
            try:
                while True:
                    log.append("turn")
                    yield 1
            finally:
                log.append("closed")

    endless = Endless().activate()

    def stopper(process):
        yield 1
        endless.stop()

    run(stopper)
    assert log[-1] == "closed"
    assert log.count("turn") <= 2


def test_stop_ends_a_sleeper():
    def sleeper():
        sleeping.pause()
        yield 1

    sleeping = microprocess()
    sleeping._givenBody = sleeper()
    sleeping.activate()

    def stopper(process):
        yield 1
        yield 1
        sleeping.stop()

    run(stopper)
    assert sleeping._isStopped()


def test_stopped_before_it_was_activated_it_never_runs():
    log = []
    process = Says(log, "a")
    process.stop()
    process.run()
    assert log == []


def test_stopped_by_itself_it_ends_after_this_turn():
    log = []

    def main(process):
        process.stop()
        log.append("rest of the turn")
        yield 1
        log.append("never")

    run(main)
    assert log == ["rest of the turn"]


def test_closing_down_may_name_others_that_end_too_or_one_that_wakes():
    def sleeper(process):
        process.pause()
        yield 1
        process.woken = True

    sleepers = [microprocess(), microprocess()]
    for sleeping in sleepers:
        sleeping._givenBody = sleeper(sleeping)
        sleeping.activate()

    def two_rounds():
        yield 1
        yield 1

    microprocess(two_rounds(), closeDownValue=reactivate(sleepers[0])).activate()
    microprocess(two_rounds(), closeDownValue=shutdownMicroprocess(sleepers[1])).activate()
    scheduler.run.runThreads()
    assert sleepers[0].woken
    assert sleepers[1]._isStopped()
    assert not hasattr(sleepers[1], "woken")


def test_an_error_in_the_finally_block_of_one_that_is_stopped_is_raised():
    def main(process):
        try:
            process.stop()
            yield 1
        finally:
            raise ValueError("while closing")

    with pytest.raises(ValueError, match="while closing") as caught:
        run(main)
    assert "microprocess_" in caught.value.__notes__[0]


def test_reading_the_name_leaves_no_trace():
    made = microprocess()
    before = dict(vars(made))
    assert made.name == f"Axon.Microprocess.microprocess_{made.id}"
    assert vars(made) == before
    made.name = "Anna"
    assert made.name == "Anna"
