"""Supervisor: strategies, kinds and intensity, for bodies of every kind."""

import gc
import logging
import weakref

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Chassis.Supervisor import Supervisor, tooManyRestarts


class Inverse(component):
    """Send 1 / n for each message n."""

    def main(self):
        while True:
            yield from self.waitForMessage()
            while self.dataReady():
                self.send(1 / self.recv())
                yield 1
            if self.isShuttingDown():
                return


class AsyncInverse(component):
    async def main(self):
        async for number in self.messages():
            self.send(1 / number)


class ThreadedInverse(threadedcomponent):
    def main(self):
        while True:
            self.waitForMessage()
            while self.dataReady():
                self.send(1 / self.recv())
            if self.isShuttingDown():
                return


class Named(component):
    """Fail at "fail", end at "end", and record both and the start in `journal`."""

    def __init__(self, name, journal):
        super().__init__()
        self.tag, self.journal = name, journal

    def main(self):
        self.journal.append(f"+{self.tag}")
        try:
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    if message == "fail":
                        raise RuntimeError(f"{self.tag} failed")
                    if message == "end":
                        return
                if self.isShuttingDown():
                    return
        finally:
            self.journal.append(f"-{self.tag}")


class Wish(component):
    """Deliver messages, one every ten turns, to the component that has a name at that time."""

    def __init__(self, supervisor, *wishes):
        super().__init__()
        self.supervisor, self.wishes = supervisor, wishes

    def main(self):
        for name, message in self.wishes:
            for _ in range(10):
                yield 1
            self.supervisor.components[name]._deliver(message)
        for _ in range(10):
            yield 1
        self.supervisor._deliver(shutdownMicroprocess(), "control")


def three(journal, **settings):
    return Supervisor(
        A=lambda: Named("A", journal),
        B=lambda: Named("B", journal),
        C=lambda: Named("C", journal),
        **settings,
    )


AROUND = {("", "inbox"): ("IT", "inbox"), ("IT", "outbox"): ("", "outbox")}


@pytest.mark.parametrize("body", [Inverse, AsyncInverse])
def test_a_component_that_fails_is_replaced_and_its_successor_reads_the_unread_messages(
    body, caplog
):
    outcome = feed(Supervisor(IT=body, linkages=AROUND), inbox=[1, 0, 2, 0, 4])
    assert outcome["outbox"] == [1, 0.5, 0.25]
    assert [type(each) for each in outcome["signal"]] == [producerFinished]
    assert caplog.text.count("ZeroDivisionError") == 2


@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all"])
def test_a_thread_that_fails_or_waits_is_replaced(strategy, caplog):
    linkages = {("IT", "outbox"): ("", "outbox")}
    supervisor = Supervisor(
        IT=ThreadedInverse, OTHER=ThreadedInverse, linkages=linkages, strategy=strategy
    )
    before = dict(supervisor.components)

    class Sender(component):
        def main(self):
            for number in (1, 0):
                before["IT"]._deliver(number)
            while supervisor.components["IT"] is before["IT"]:
                self.pause(0.001)
                yield 1
            supervisor.components["IT"]._deliver(4)
            supervisor._deliver(FINISHED, "control")

    Sender().activate()
    assert feed(supervisor, control=[])["outbox"] == [1, 0.25]
    assert (supervisor.components["OTHER"] is before["OTHER"]) is (strategy == "one_for_one")
    assert caplog.text.count("ZeroDivisionError") == 1


@pytest.mark.parametrize(
    ("strategy", "endedInOrder"),
    [
        ("one_for_one", ["-B"]),
        ("rest_for_one", ["-B", "-C"]),
        ("one_for_all", ["-B", "-C", "-A"]),
    ],
)
def test_the_strategy_selects_the_components_that_are_replaced(strategy, endedInOrder):
    journal = []
    supervisor = three(journal, strategy=strategy)
    Wish(supervisor, ("B", "fail")).activate()
    supervisor.run()
    count = len(endedInOrder)
    assert sorted(journal[:3]) == ["+A", "+B", "+C"]
    assert journal[3 : 3 + count] == endedInOrder
    begun = sorted(each.replace("-", "+") for each in endedInOrder)
    assert sorted(journal[3 + count : -3]) == begun
    assert sorted(journal[-3:]) == ["-A", "-B", "-C"]


@pytest.mark.parametrize(
    ("kind", "message", "isReplaced"),
    [
        ("permanent", "fail", True),
        ("permanent", "end", True),
        ("transient", "fail", True),
        ("transient", "end", False),
        ("temporary", "fail", False),
        ("temporary", "end", False),
    ],
)
def test_the_kind_decides_after_which_end_a_component_is_replaced(kind, message, isReplaced):
    journal = []
    supervisor = three(journal, kinds={"B": kind})
    Wish(supervisor, ("B", message)).activate()
    supervisor.run()
    assert journal.count("+B") == 1 + isReplaced


def test_a_temporary_component_is_ended_with_the_others_and_not_replaced():
    journal = []
    supervisor = three(journal, strategy="one_for_all", kinds={"A": "temporary"})
    Wish(supervisor, ("B", "fail")).activate()
    supervisor.run()
    assert (journal.count("+A"), journal.count("-A"), journal.count("+C")) == (1, 1, 2)


def test_an_error_of_a_descendant_counts_as_the_component_s_and_descendants_end_first():
    journal = []
    made = []

    def factory():
        made.append(Named("inner", journal))
        return Pipeline(Pipeline(made[-1]), Named("after", journal))

    supervisor = Supervisor(IT=factory, linkages={})

    class Fail(component):
        def main(self):
            for _ in range(10):
                yield 1
            made[0]._deliver("fail")
            for _ in range(10):
                yield 1
            supervisor._deliver(shutdownMicroprocess(), "control")

    Fail().activate()
    supervisor.run()
    assert sorted(journal[:2]) == sorted(journal[4:6]) == ["+after", "+inner"]
    assert journal[2:4] == ["-inner", "-after"]


def test_linkages_between_replaced_components_are_restored():
    linkages = {
        ("", "inbox"): ("ONE", "inbox"),
        ("", "control"): ("ONE", "control"),
        ("ONE", "outbox"): ("TWO", "inbox"),
        ("ONE", "signal"): ("TWO", "control"),
        ("TWO", "outbox"): ("", "outbox"),
        ("TWO", "signal"): ("", "signal"),
    }
    supervisor = Supervisor(ONE=Inverse, TWO=Inverse, linkages=linkages, strategy="rest_for_one")
    outcome = feed(supervisor, inbox=[2, 0, 4])
    assert outcome["outbox"][-1:] == [4]
    assert outcome["signal"] == [FINISHED]


def test_too_many_restarts_within_the_period_end_all_components_and_raise_an_error(caplog):
    journal = []
    supervisor = three(journal, intensity=2, period=60)
    Wish(supervisor, ("B", "fail"), ("A", "fail"), ("B", "fail"), ("B", "fail")).activate()
    with pytest.raises(tooManyRestarts, match="B would be restart 3") as caught:
        supervisor.run()
    assert str(caught.value.__cause__) == "B failed"
    assert [journal.count(f"+{each}") for each in "ABC"] == [2, 2, 1]
    assert [journal.count(f"-{each}") for each in "ABC"] == [2, 2, 1]


def test_restarts_outside_the_period_do_not_count(virtualClock):
    class FailsHourly(component):
        count = 0

        def main(self):
            type(self).count += 1
            if self.count > 20:
                return
            self.pause(3600)
            yield 1
            raise ValueError("an hour is over")

    Supervisor(IT=FailsHourly, intensity=1, period=1800).run()
    assert FailsHourly.count == 21


def test_a_supervisor_may_supervise_another_one_that_gives_up(caplog):
    journal = []
    inner = []

    def factory():
        inner.append(three(journal, intensity=0))
        return inner[-1]

    outer = Supervisor(INNER=factory)

    class Fail(component):
        def main(self):
            for _ in range(10):
                yield 1
            inner[0].components["A"]._deliver("fail")
            for _ in range(10):
                yield 1
            outer._deliver(shutdownMicroprocess(), "control")

    Fail().activate()
    outer.run()
    assert len(inner) == 2
    assert journal.count("+A") == journal.count("-A") == 2
    assert "tooManyRestarts" in caplog.text


def test_an_unknown_strategy_kind_or_name_is_an_error_of_the_constructor():
    with pytest.raises(ValueError, match="strategy 'all'"):
        Supervisor(IT=Inverse, strategy="all")
    with pytest.raises(ValueError, match="kind 'mortal'"):
        Supervisor(IT=Inverse, kinds={"IT": "mortal"})
    with pytest.raises(ValueError, match="component 'THAT'"):
        Supervisor(IT=Inverse, kinds={"THAT": "permanent"})


async def asyncFactory():
    """An async function, which cannot be a factory."""


@pytest.mark.parametrize(
    ("factory", "error", "sentence"),
    [
        (asyncFactory, TypeError, r"Supervisor: IT\(\) returned a coroutine, but it must return"),
        (lambda: None, TypeError, r"Supervisor: IT\(\) must return a component, but None is no"),
        (lambda: Inverse, TypeError, "Inverse is a class; use an instance of it"),
        (Inverse(), TypeError, "is given factories, but IT is .*: write IT=Inverse or"),
    ],
)
def test_the_error_names_a_factory_that_creates_no_component(factory, error, sentence):
    with pytest.raises(error, match=sentence):
        Supervisor(IT=factory)


def test_components_that_fail_together_are_forgotten_once_they_have_been_replaced(caplog):
    caplog.set_level(logging.CRITICAL)  # a record of the log would keep the error
    starts = []

    class FailsTwice(component):
        def main(self):
            starts.append(weakref.ref(self))
            yield 1
            if len(starts) <= 6:
                raise ValueError

    parts = dict.fromkeys("ABC", FailsTwice)
    supervisor = Supervisor(strategy="one_for_all", intensity=9, **parts)
    supervisor.run()
    gc.collect()
    assert len(starts) == 9
    assert all(each() is None for each in starts[:6])
    assert not supervisor.hasChildren()
