"""The run queue alone: the order of turns, without boxes, time or an event loop."""

from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.Microprocess import microprocess
from Axon.RunQueue import EndOfRound, RunQueue
from Axon.Scheduler import scheduler
from Axon.Task import ENDED, PAUSE, WAIT, WAIT_FOR_CHANGE, Task


class Recorder:
    """Notes what the queue says."""

    def __init__(self):
        self.said = []

    def taskEnded(self, task):
        self.said.append(("ended", task.process))
        task.state = ENDED

    def taskFailed(self, task, error):
        self.said.append(("failed", task.process, error))
        task.state = ENDED

    def taskRequested(self, task, request):
        self.said.append(("asked", task.process, request))

    def becameReady(self):
        self.said.append("ready")


class Yielding(microprocess):
    turns = 5

    def main(self):
        for _ in range(self.turns):
            yield 1


class Gate:
    """A gate that the test opens and shuts."""

    def __init__(self, receiver):
        self.receiver, self.shut, self.waiting = receiver, True, []

    def isShut(self):
        return self.shut

    def hold(self, task):
        if task not in self.waiting:
            self.waiting.append(task)

    def open(self):
        self.shut = False
        waiting, self.waiting = self.waiting, []
        for task in waiting:
            task.release()


@pytest.fixture
def queue():
    return RunQueue(Recorder())


def join(queue, name, turn):
    """Return a task that calls turn(task) in each turn and yields the result, or 1."""
    task = Task(name)

    def resume(_):
        request = turn(task)
        return 1 if request is None else request

    task.body, task.resume = None, resume
    queue.join(task)
    return task


def test_a_round_gives_one_turn_to_each(queue):
    log = []
    for name in "abc":
        join(queue, name, lambda task: log.append(task.process))
    queue.run(8)
    assert "".join(log).startswith("abcabc")


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 100])
def test_the_order_does_not_depend_on_how_the_turns_are_cut_into_slices(queue, turns):
    log = []

    def turn(task):
        log.append(task.process)
        if task.process == "b" and len(log) < 10:
            join(queue, "n", turn)

    for name in "abc":
        join(queue, name, turn)
    while len(log) < 20:
        queue.run(turns)
    assert "".join(log[:20]) == "abc" + "abcn" + "abcnn" + "abcnnnab"


def test_a_task_that_becomes_ready_outside_of_run_is_reported(queue):
    task = join(queue, "a", lambda task: setattr(task, "wish", PAUSE))
    assert queue.handler.said == ["ready"]
    assert not queue.run(10)
    task.wake()
    task.wake()
    assert queue.handler.said == ["ready"] * 2
    assert queue


def test_a_slice_is_requested_once_until_it_has_run(queue):
    said, turns = [], []

    def turn(task):
        turns.append(task.process)
        task.wish = PAUSE

    queue.handler.becameReady = lambda: said.append("ready") or True
    tasks = [join(queue, name, turn) for name in "abc"]
    for _ in range(3):
        assert not queue.run(10)
        said.clear()
        for task in tasks:
            task.wake()
        assert said == ["ready"]
    assert "".join(turns) == "abc" * 3


@pytest.mark.parametrize(
    ("wish", "wakers"),
    [
        (PAUSE, {"wake", "wakeUnlessWaiting", "messageArrived"}),
        (WAIT_FOR_CHANGE, {"wake", "wakeUnlessWaiting", "messageArrived"}),
        (WAIT, {"wake", "messageArrived"}),
    ],
)
def test_each_kind_of_sleep_is_ended_by_its_own_wake_ups(queue, wish, wakers):
    for waker in ("wake", "wakeUnlessWaiting", "messageArrived"):
        task = join(queue, waker, lambda task: setattr(task, "wish", wish))
        queue.run(10)
        assert not queue
        getattr(task, waker)(*([False] if waker == "messageArrived" else []))
        assert bool(queue) == (waker in wakers)
        queue.run(10)


def test_errors_ends_and_requests_are_told_to_the_handler(queue):
    errors = {"v": ValueError(), "i": IndexError(), "g": GeneratorExit(), "k": KeyboardInterrupt()}

    def fail(task):
        raise errors[task.process]

    def end(task):
        raise StopIteration

    def ask(task):
        task.wish = WAIT
        return "request"

    for name in errors:
        join(queue, name, fail)
    join(queue, "e", end), join(queue, "r", ask)
    assert not queue.run(100)
    said = [each for each in queue.handler.said if each != "ready"]
    failures = [("failed", name, error) for name, error in errors.items()]
    assert said == [*failures, ("ended", "e"), ("asked", "r", "request")]


def test_stop_ends_the_round_and_not_the_turn(queue):
    log = []

    def turn(task):
        log.append(task.process)
        if task.process == "a" and len(log) > 3:
            queue.stop()

    for name in "abc":
        join(queue, name, turn)
    with pytest.raises(EndOfRound):
        queue.run(100)
    assert "".join(log) == "abcabc"


# Gates


def held(queue, wish=0):
    """A task that has had one turn, in which a gate shut on it."""
    turns = []

    def turn(task):
        turns.append("turn")
        if len(turns) == 1:
            task.wish = wish
            task.hold(gate)
        else:
            task.wish = PAUSE

    task = join(queue, "sender", turn)
    gate = Gate(Task("receiver"))
    queue.run(10)
    assert turns == ["turn"]
    assert task in queue.held
    return task, gate, turns


@pytest.mark.parametrize("wish", [0, PAUSE, WAIT_FOR_CHANGE])
def test_a_gate_that_opens_lets_a_sender_go_on(queue, wish):
    task, gate, turns = held(queue, wish)
    gate.open()
    queue.run(10)
    assert turns == ["turn"] * 2
    assert task not in queue.held


def test_one_that_waits_for_a_message_goes_on_waiting_when_the_gate_opens(queue):
    task, gate, turns = held(queue, WAIT)
    gate.open()
    assert not queue
    task.messageArrived(False)
    queue.run(10)
    assert turns == ["turn"] * 2


def test_a_message_while_it_is_held_is_not_forgotten(queue):
    task, gate, turns = held(queue, WAIT)
    task.messageArrived(False)
    assert not queue
    gate.open()
    queue.run(10)
    assert turns == ["turn"] * 2


def test_only_an_urgent_message_gets_through_to_one_that_is_held(queue):
    task, _, turns = held(queue)
    task.wake(), task.wakeUnlessWaiting(), task.messageArrived(False)
    assert not queue
    task.messageArrived(True)
    queue.run(10)
    assert turns == ["turn"] * 2
    assert not queue.held


def test_all_gates_have_to_be_open(queue):
    first, second = Gate(Task("one")), Gate(Task("other"))
    turns = []

    def turn(task):
        turns.append("turn")
        task.hold(first), task.hold(second)

    task = join(queue, "sender", turn)
    queue.run(10)
    first.open()
    assert not queue
    second.open()
    assert queue
    assert task not in queue.held


def test_one_of_several_tasks_that_wait_for_each_other_continues(queue):
    gates = {}
    tasks = [join(queue, name, lambda task: task.hold(gates[task])) for name in "abc"]
    for task, receiver in zip(tasks, [*tasks[1:], tasks[0]], strict=True):
        gates[task] = Gate(receiver)
    assert queue.run(30)
    assert len(queue.held) < 3


# Against a model


class Modelled:
    """Tasks, and the model: how each task sleeps; all others have one turn in each round."""

    def __init__(self, wishes):
        self.queue, self.wishes = RunQueue(Recorder()), cycle(wishes)
        self.tasks, self.asleep, self.turns = [], {}, []

    def turn(self, task):
        self.turns.append(task.process)
        task.wish = next(self.wishes)
        if task.wish:
            self.asleep[task.process] = task.wish

    def join(self, _):
        if len(self.tasks) < 5:
            self.tasks.append(join(self.queue, len(self.tasks), self.turn))

    def run(self, _):
        alive = [each.process for each in self.tasks if each.isAlive()]
        expected = sorted(each for each in alive if each not in self.asleep)
        self.turns.clear()
        while len(self.turns) < len(expected):
            self.queue.run(1)
        assert expected or not self.queue.run(10)  # ended tasks in the queue take some
        assert sorted(self.turns) == expected

    def wake(self, number):
        for task in self.tasks[number : number + 1]:
            task.wake()
            self.asleep.pop(number, None)

    def message(self, number):
        for task in self.tasks[number : number + 1]:
            task.messageArrived(False)
            self.asleep.pop(number, None)

    def wakeUnlessWaiting(self, number):
        for task in self.tasks[number : number + 1]:
            task.wakeUnlessWaiting()
            if self.asleep.get(number) != WAIT:
                self.asleep.pop(number, None)

    def end(self, number):
        for task in self.tasks[number : number + 1]:
            task.state = ENDED


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["run", "wake", "wakeUnlessWaiting", "message", "join", "end"]),
            st.integers(0, 4),
        )
    ),
    st.lists(st.sampled_from([0, PAUSE, WAIT_FOR_CHANGE, WAIT]), min_size=1, max_size=7),
)
def test_any_order_of_wakes_and_sleeps_is_as_in_a_simple_model(actions, wishes):
    modelled = Modelled(wishes)
    for action, number in actions:
        getattr(modelled, action)(number)


@pytest.mark.parametrize("turns", [1, 2, 3, 100])
def test_the_turns_that_were_given_are_counted(turns):
    scheduled = scheduler()
    for _ in range(3):
        Yielding().activate(Scheduler=scheduled)
    queue = scheduled.queue
    while queue.run(turns):
        pass
    assert queue.turns == 3 * (Yielding.turns + 1)
    assert not queue.run(turns)
    assert queue.turns == 3 * (Yielding.turns + 1)
