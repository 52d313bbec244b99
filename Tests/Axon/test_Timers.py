"""Timers wake each task at its time, however often a timeout changes."""

from hypothesis import given
from hypothesis import strategies as st

from Axon.RunQueue import RunQueue
from Axon.Task import PAUSED, READY, Task
from Axon.Timers import Clock, Timers, VirtualClock


def sleepers(number):
    clock = VirtualClock()
    queue = RunQueue()
    tasks = [Task(each) for each in range(number)]
    for task in tasks:
        task.queue, task.state = queue, PAUSED
    return clock, Timers(clock), tasks


def woken(tasks):
    return [task.process for task in tasks if task.state >= READY]


def test_the_machines_clock_is_never_set_back():
    clock = Clock()
    assert clock.now() <= clock.now()


def test_a_virtual_clock_stands_still_until_it_is_advanced_and_never_goes_back():
    clock = VirtualClock(5)
    assert clock.now() == clock.now() == 5
    clock.advanceTo(7)
    clock.advanceTo(6)
    assert clock.now() == 7


def test_next_is_None_while_no_task_sleeps():
    _, timers, _ = sleepers(0)
    assert timers.next() is None
    timers.wakeDue()


def test_each_is_woken_at_its_time_and_not_before():
    clock, timers, tasks = sleepers(3)
    for task, seconds in zip(tasks, (3, 1, 2), strict=True):
        timers.wakeAt(task, clock.now() + seconds)
    assert timers.next() == 1
    for now, expected in ((0.9, []), (1, [1]), (2.5, [1, 2]), (3, [0, 1, 2])):
        clock.advanceTo(now)
        timers.wakeDue()
        assert woken(tasks) == expected
    assert timers.next() is None


def test_a_forgotten_task_is_not_woken():
    clock, timers, tasks = sleepers(2)
    timers.wakeAt(tasks[0], 1), timers.wakeAt(tasks[1], 2)
    timers.forget(tasks[0])
    assert timers.next() == 2
    clock.advanceTo(5)
    timers.wakeDue()
    assert woken(tasks) == [1]


def test_a_timeout_that_is_renewed_again_and_again_keeps_one_entry():
    clock, timers, (task,) = sleepers(1)
    for now in range(1000):
        clock.advanceTo(now)
        timers.wakeAt(task, now + 10)
        timers.wakeDue()
    assert len(timers._heap) == 1
    assert timers.next() == 1009


def test_a_timeout_that_shrinks_again_and_again_stays_small():
    _clock, timers, (task,) = sleepers(1)
    for seconds in range(10_000, 0, -1):
        timers.wakeAt(task, seconds)
    assert timers.next() == 1
    assert len(timers._heap) < 200


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["sleep", "sleep", "woken", "forever", "ended", "later"]),
            st.integers(0, 3),
            st.integers(0, 20),
        )
    )
)
def test_any_order_of_sleeps_and_wakes_is_as_in_a_simple_model(actions):
    """The model: a dict from each sleeping task to the end of its sleep."""
    clock, timers, tasks = sleepers(4)
    model = {}
    for action, number, seconds in actions:
        task = tasks[number]
        if action == "later":
            clock.advanceTo(clock.now() + seconds)
            timers.wakeDue()
            due = [each for each, time in model.items() if time <= clock.now()]
            assert sorted(woken(tasks)) == sorted(due)
            for each in due:
                del model[each]
                tasks[each].state = PAUSED
            assert timers.next() == min(model.values(), default=None)
        elif action == "sleep":
            timers.wakeAt(task, clock.now() + seconds)
            model[number] = clock.now() + seconds
        elif action == "ended":
            timers.forget(task)
            model.pop(number, None)
        else:
            task.deadline = None
            model.pop(number, None)
