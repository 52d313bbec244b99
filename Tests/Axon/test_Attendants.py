"""Attendants: components that observe a system, and do not keep its run alive."""

import gc

import pytest

from Axon.Component import component
from Axon.Scheduler import scheduler


class Forever(component):
    def main(self):
        while True:
            yield from self.waitForMessage()


class Parent(Forever):
    def main(self):
        self.child = Forever()
        self.addChildren(self.child)
        self.child.activate()
        yield from super().main()


class Turns(component):
    turns = 3

    def main(self):
        for _ in range(self.turns):
            yield 1


def test_a_run_ends_when_only_attendants_and_what_is_below_them_are_left():
    page = Parent()
    scheduler.run.attendants.add(page)
    page.activate()
    work = Turns().activate()
    scheduler.run.runThreads()
    assert work.hasEnded()
    assert page.hasEnded()
    assert page.child.hasEnded()


def test_the_note_of_an_interrupt_names_the_components_of_the_system_alone():
    page, work = Parent(), Forever()
    scheduler.run.attendants.add(page)
    page.activate()
    work.activate()

    class Interrupts(component):
        def main(self):
            yield 1
            self.scheduler.endWith(KeyboardInterrupt())  # as Ctrl-C does
            yield 1

    Interrupts().activate()
    with pytest.raises(KeyboardInterrupt) as caught:
        scheduler.run.runThreads()
    note = "".join(caught.value.__notes__)
    assert work.name in note
    assert page.name not in note
    assert page.child.name not in note


@pytest.mark.parametrize("how", ["itself", "its parent"])
def test_a_run_ends_when_the_last_other_component_becomes_an_attendant(how):
    page, late = Forever().activate(), Forever().activate()
    scheduler.run.attendants.add(page)

    class Adopts(component):
        def main(self):
            yield from self.waitForChange(0.01)  # until the run has seen that `late` is none
            if how == "itself":
                self.scheduler.attendants.add(late)
            else:
                page.addChildren(late)

    Adopts().activate()
    scheduler.run.runThreads()
    assert late.hasEnded()


def test_a_run_by_hand_ends_when_only_attendants_are_left():
    page = Forever().activate()
    scheduler.run.attendants.add(page)
    Turns(turns=10).activate()
    assert sum(1 for _ in scheduler.run.main()) >= 10


def test_a_component_without_an_attendant_above_it_is_none():
    scheduler.run.attendants.add(Forever().activate())
    parent, other = Parent().activate(), Turns()
    other.addChildren(parent)
    parent.addChildren(other)  # a circle
    assert not scheduler.run.attendants.has(parent.getTask())
    parent.terminate()


def test_an_empty_set_of_attendants_is_false():
    attendants = scheduler.run.attendants
    assert not attendants
    page = Forever()
    attendants.add(page)
    assert attendants


def test_attendants_that_no_longer_exist_are_forgotten():
    class Page(component):
        def main(self):
            for _ in range(100):
                child = Turns(turns=1)
                self.addChildren(child)
                child.activate()
                attendants.others(self.scheduler.tasks)
                yield from self.waitForChange(1)
                self.removeChild(child)

    attendants, page = scheduler.run.attendants, Page().activate()
    attendants.add(page)
    Turns(turns=1000).activate()
    scheduler.run.runThreads()
    gc.collect()
    assert page.hasEnded()
    assert len(attendants) < 5
