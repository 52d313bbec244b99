"""The brake: no component but an attendant has turns while the system is paused."""

import pytest

from Axon.Component import component
from Axon.Ipc import newComponent
from Axon.Scheduler import scheduler


class Counter(component):
    """Counts its turns."""

    turns = 0
    most = 10**9

    def main(self):
        while self.turns < self.most:
            self.turns += 1
            yield 1


class Driver(component):
    """An attendant that runs `act`, a generator function, and ends the run."""

    def main(self):
        yield from self.act(self)
        self.scheduler.brake.release()
        for each in self.system:
            each.terminate()


def drive(act, *system):
    driver = Driver(act=act, system=system)
    scheduler.run.attendants.add(driver)
    driver.activate()
    for each in system:
        each.activate()
    scheduler.run.runThreads()


def rest(process):
    """Let the system run for a moment."""
    for _ in range(3):
        yield from process.waitForChange(0.001)


def test_only_attendants_have_turns_while_the_system_is_paused():
    counter, counts = Counter(), []

    def act(driver):
        yield from rest(driver)
        driver.scheduler.brake.pause()
        yield from rest(driver)
        counts.append(counter.turns)
        yield from rest(driver)
        counts.append(counter.turns)
        driver.scheduler.brake.release()
        yield from rest(driver)
        counts.append(counter.turns)

    drive(act, counter)
    before, paused, after = counts
    assert before == paused
    assert after > paused > 0


def test_steps_give_turns_in_the_order_that_is_shown():
    system = [Counter(), Counter(), Counter()]
    turns, orders = [], []

    def act(driver):
        brake = driver.scheduler.brake
        yield from rest(driver)
        brake.pause()
        yield from rest(driver)
        for _ in range(4):
            orders.append([each.process for each in brake.order()])
            before = [each.turns for each in system]
            brake.step()
            yield from rest(driver)
            (changed,) = (
                each for each, old in zip(system, before, strict=True) if each.turns != old
            )
            turns.append(changed)

    drive(act, *system)
    assert turns == [order[0] for order in orders]
    assert set(turns[:3]) == set(system)
    assert turns[3] is turns[0]


class Counted(component):
    """Runs `work`, a generator method, and counts its turns in `turns`, a list."""

    def main(self):
        work = self.work()
        while True:
            self.turns.append(self)
            try:
                value = next(work)
            except StopIteration:
                return
            yield value


class Brief(Counted):
    """Ends in its second turn."""

    def work(self):
        yield 1


class Plain(Counted):
    """Has turns without end."""

    def work(self):
        while True:
            yield 1


class Busy(Counted):
    """Does all that changes the run queue, in different turns."""

    def work(self):
        self.link((self, "outbox"), (self, "inbox"))
        while True:
            child = Brief(turns=self.turns)
            self.addChildren(child)
            child.activate()
            yield 1
            while not child.hasEnded():
                self.pause()
                yield 1
            self.send("a message")
            yield from self.waitForMessage()
            self.recv()
            yield newComponent(Brief(turns=self.turns), Brief(turns=self.turns))


def test_each_step_gives_exactly_one_turn_to_the_first_component_that_is_shown():
    turns, expected = [], []

    def act(driver):
        brake = driver.scheduler.brake
        brake.pause()
        yield from rest(driver)
        turns.clear()
        for _ in range(100):
            expected.append(brake.order()[0].process)
            brake.step()
            yield from rest(driver)
            assert len(turns) == len(expected)

    drive(act, *(kind(turns=turns) for kind in (Brief, Busy, Plain, Busy)))
    assert turns[: len(expected)] == expected


def test_what_is_activated_or_ends_while_the_system_is_paused_has_no_turn():
    late, gone = Counter(), Counter()
    seen = []

    def act(driver):
        driver.scheduler.brake.pause()
        yield from rest(driver)
        late.activate()
        yield from rest(driver)
        before = gone.turns
        gone.terminate()
        yield from rest(driver)
        seen.append((late.turns, gone.turns - before))
        driver.scheduler.brake.release()
        yield from rest(driver)
        seen.append(late.turns > 0)
        late.terminate()

    drive(act, gone)
    assert seen == [(0, 0), True]


def test_a_step_of_a_component_that_fails_ends_the_run_with_its_error():
    class Faulty(component):
        def main(self):
            yield 1
            raise ValueError("the mistake")

    def act(driver):
        driver.scheduler.brake.pause()
        for _ in range(9):
            driver.scheduler.brake.step()
            yield from rest(driver)

    with pytest.raises(ValueError, match="the mistake"):
        drive(act, Faulty())


def test_the_next_run_is_not_paused():
    def act(driver):
        driver.scheduler.brake.pause()
        yield from rest(driver)
        driver.scheduler.stop()
        yield from rest(driver)

    drive(act, Counter())
    again = Counter(most=5).activate()
    scheduler.run.runThreads()
    assert again.turns == 5
