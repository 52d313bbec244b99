"""Components in processes of their own work as they do in one, and end as they do in one."""

import os
import threading
from functools import partial

import pytest

from Axon.Component import component
from Axon.experimental.Process import (
    ProcessGraphline,
    ProcessPipeline,
    ProcessPipelineComponent,
    ProcessWrapComponent,
)
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler
from Axon.testing import feed


class Adder(component):
    """Add `number` to each message; answer "process" with the id of the process."""

    def __init__(self, number=1):
        super().__init__()
        self.number = number

    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send(os.getpid() if message == "process" else message + self.number)
            if self.dataReady("control"):
                self.recv("control")
                break
        self.send(producerFinished(self), "signal")


class Breaks(component):
    def main(self):
        self.send("before")
        yield 1
        raise LookupError("in there", 7)


class Unspeakable(component):
    def main(self):
        yield 1

        class Local(Exception):
            pass

        raise Local("cannot be pickled")


class Dies(component):
    def main(self):
        yield 1
        os._exit(3)


class Floods(component):
    def main(self):
        for number in range(5000):
            self.send(number)
            if number % 100 == 0:
                yield 1


class SendsLock(component):
    def main(self):
        self.send(threading.Lock())
        yield from self.passOnShutdown()


class Stays(component):
    def main(self):
        yield from self.passOnShutdown()


def test_a_component_runs_in_another_process():
    [pid] = feed(ProcessWrapComponent(Adder()), inbox=["process"])["outbox"]
    assert pid != os.getpid()


def test_a_pipeline_passes_messages_and_shutdown_through_all_its_processes():
    outcome = feed(ProcessPipeline(Adder(1), Adder(10), Adder(100)), inbox=range(300))
    assert outcome["outbox"] == [number + 111 for number in range(300)]
    [signal] = outcome["signal"]
    assert isinstance(signal, producerFinished)
    assert "Adder" in signal.caller, "a component arrives as its name"


def test_a_graphline_links_what_it_is_told():
    graph = ProcessGraphline(
        A=Adder(1),
        B=Adder(10),
        linkages={
            ("", "inbox"): ("A", "inbox"),
            ("A", "outbox"): ("B", "inbox"),
            ("B", "outbox"): ("", "results"),
            ("", "control"): ("A", "control"),
            ("A", "signal"): ("B", "control"),
        },
    )
    assert feed(graph, inbox=[1, 2])["results"] == [12, 13]


@pytest.mark.parametrize(
    ("linkages", "sentence"),
    [
        ([("A", "outbox"), ("B", "inbox")], "are a dict, not a list"),
        ({("A", "outbox"): ("BB", "inbox")}, "Did you mean 'B'?"),
    ],
)
def test_linkages_are_checked_as_those_of_a_Graphline(linkages, sentence):
    with pytest.raises(ValueError, match=f"ProcessGraphline .*{sentence}"):
        ProcessGraphline(A=Adder(1), B=Adder(10), linkages=linkages)


@pytest.mark.parametrize("wrong", [5, None, "Adder"])
def test_an_object_that_is_neither_component_nor_factory_is_rejected_at_once(wrong):
    with pytest.raises(ValueError, match=f"ProcessWrapComponent was given .*{wrong!r} is no comp"):
        ProcessPipelineComponent(Adder(1), wrong)


async def asyncFactory():
    """A factory that is wrongly defined with async."""


@pytest.mark.parametrize(
    ("factory", "sentence"),
    [
        (asyncFactory, r"asyncFactory\(\) returned a coroutine"),
        (dict, r"dict\(\) must return a component, but {} is no component"),
    ],
)
def test_the_error_names_a_factory_whose_result_is_not_a_component(factory, sentence):
    with pytest.raises(TypeError, match=sentence):
        feed(ProcessWrapComponent(factory))


@pytest.mark.parametrize("make", [ProcessPipelineComponent, partial(ProcessGraphline, A=Adder)])
def test_missing_parts_raise_an_error_at_once(make):
    with pytest.raises(ValueError):
        make()


def test_an_error_is_raised_where_the_process_was_started():
    with pytest.raises(LookupError) as caught:
        ProcessWrapComponent(Breaks()).run()
    assert caught.value.args == ("in there", 7)
    assert any("Traceback" in note for note in caught.value.__notes__)


def test_an_error_that_cannot_be_pickled_is_a_RuntimeError_that_says_the_same():
    with pytest.raises(RuntimeError, match="Local: cannot be pickled"):
        ProcessWrapComponent(Unspeakable()).run()


def test_a_process_that_dies_is_an_error():
    with pytest.raises(RuntimeError, match="exit code 3"):
        ProcessWrapComponent(Dies()).run()


def test_nothing_is_lost_however_much_is_sent():
    assert feed(ProcessWrapComponent(Floods()), control=())["outbox"] == list(range(5000))


def test_at_the_end_of_the_run_the_processes_end():
    stays = ProcessPipeline(Stays(), Stays())
    stays.activate()

    class Stopper(component):
        def main(self):
            while any(child._bridge is None for child in stays.children):
                self.pause(0.001)
                yield 1
            self.scheduler.stop()

    Stopper().run()
    assert all(child._process.exitcode is not None for child in stays.children)
    assert scheduler.run.outside == 0


def test_a_component_is_not_forked_beside_other_threads():
    release = threading.Event()
    other = threading.Thread(target=release.wait)
    other.start()
    try:
        with pytest.raises(RuntimeError, match="factory"):
            ProcessWrapComponent(Adder()).run()
    finally:
        release.set()
        other.join()


def test_a_factory_is_called_in_a_process_that_is_started_afresh():
    release = threading.Event()
    other = threading.Thread(target=release.wait)
    other.start()
    try:
        assert feed(ProcessWrapComponent(partial(Adder, 5)), inbox=[1])["outbox"] == [6]
    finally:
        release.set()
        other.join()


def test_a_message_that_cannot_be_pickled_is_an_error_on_either_side():
    with pytest.raises(TypeError, match="pickle"):
        feed(ProcessWrapComponent(Stays()), inbox=[threading.Lock()], control=())
    part = ProcessWrapComponent(SendsLock())
    with pytest.raises(TypeError, match="pickle"):
        feed(part, control=())


def test_ticking_is_true_once_a_second():
    times = iter([100, 100.5, 101, 101.5, 101.75, 105, 105.5, 106])
    part = ProcessWrapComponent(Adder(), now=lambda: next(times))
    ticks = [part.ticking() for _ in range(7)]
    assert ticks == [False, True, False, False, True, False, True]
