"""A component in the background is used like a file, and nothing is lost, nor left running."""

import gc
import queue
import threading
from functools import partial

import pytest

from Axon.AxonExceptions import BoxAlreadyLinkedToDestination
from Axon.background import background as theOnlyBackground
from Axon.Component import component
from Axon.experimental import _pprocess_support
from Axon.experimental._pprocess_support import (
    DEFIN,
    DEFOUT,
    addBox,
    background,
    componentWrapperInput,
    dummyComponent,
    likefile,
)
from Axon.Ipc import producerFinished, shutdown, shutdownMicroprocess
from Axon.Scheduler import scheduler

LONG = 10  # seconds, after which what hangs has failed


class Doubler(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for number in self.Inbox():
                self.send(number * 2)
            if self.isShuttingDown():
                return


class Stubborn(component):
    """Keeps what comes, and ends only when `free` is set."""

    def __init__(self):
        super().__init__()
        self.free = threading.Event()
        self.came = []

    def main(self):
        while not self.free.is_set():
            self.came += [*self.Inbox(), *self.Inbox("control")]
            self.send("still here")
            self.pause(0.001)
            yield 1


class Hungry(component):
    """Has a small inbox, from which it takes nothing before it is `free`."""

    def __init__(self):
        super().__init__()
        self.setInboxSize("inbox", 2)
        self.free = threading.Event()
        self.came = []

    def main(self):
        while not self.free.is_set():
            self.pause(0.001)
            yield 1
        while not self.dataReady("control"):
            self.came += self.Inbox()
            self.pause()
            yield 1
        self.came += self.Inbox()
        self.came += self.Inbox("control")


class Boxes(component):
    """From "more" to "log", and nowhere else."""

    Inboxes = ("more", "control")
    Outboxes = ("log", "signal")

    def main(self):
        while not self.isShuttingDown():
            yield from self.waitForMessage()
            for message in self.Inbox("more"):
                self.send(message, "log")


class Many(component):
    def main(self):
        for number in range(300):
            self.send(number)
            yield 1


@pytest.fixture
def running():
    thread = background()
    thread.start()
    dummy = dummyComponent().activate()
    yield thread
    dummy.stop()
    thread.join(LONG)
    assert not thread.is_alive(), f"these are left: {scheduler.run.listAllThreads()}"


def test_the_background_is_the_only_one():
    assert background is theOnlyBackground


def test_what_is_put_is_worked_on_and_the_answer_is_waited_for(running):
    doubler = likefile(Doubler())
    for number in range(1000):
        doubler.put(number)
    assert [doubler.get(timeout=LONG) for _ in range(1000)] == [n * 2 for n in range(1000)]
    doubler.shutdown()


def test_get_without_blocking_raises_Empty_if_there_is_no_message(running):
    doubler = likefile(Doubler())
    assert doubler.empty()
    assert doubler.anyReady() is None
    for get in (doubler.get_nowait, partial(doubler.get, timeout=0.001)):
        with pytest.raises(queue.Empty):
            get()
    doubler.shutdown()


def test_a_tracker_lists_its_services_and_values(running):
    doubler = likefile(Doubler())
    for number in (1, 2, 3):
        doubler.put(number)
    doubler.put(producerFinished(), "control")
    assert isinstance(doubler.get("signal", timeout=LONG), producerFinished)
    assert doubler.qsize() == 3
    assert not doubler.empty()
    assert doubler.empty("signal")
    assert doubler.anyReady() == ["outbox"]
    assert [doubler.get_nowait() for _ in range(3)] == [2, 4, 6]
    doubler.shutdown()


@pytest.mark.parametrize("end", [producerFinished, shutdownMicroprocess])
def test_the_end_of_the_data_does_not_overtake_it(running, end):
    for _ in range(30):
        doubler = likefile(Doubler())
        doubler.put(1)
        doubler.put(2)
        doubler.put(end(), "control")
        assert [doubler.get(timeout=LONG) for _ in range(2)] == [2, 4]
        assert isinstance(doubler.get("signal", timeout=LONG), end)


def test_after_its_end_the_remaining_messages_can_be_taken_and_further_gets_do_not_wait(running):
    many = likefile(Many())
    assert [many.get(timeout=LONG) for _ in range(300)] == list(range(300))
    with pytest.raises(queue.Empty):
        many.get()
    many.put("discarded")
    assert many.inQueues["inbox"].empty()
    assert many.inputComponent.isDead.wait(LONG)


def test_shutdown_sends_all_three_messages_and_detaches_a_component_that_ignores_them(running):
    stubborn = Stubborn()
    wrapped = likefile(stubborn)
    assert wrapped.get(timeout=LONG) == "still here"
    wrapped.put("before")
    wrapped.shutdown()
    for each in (partial(wrapped.put, "late"), wrapped.get, wrapped.shutdown):
        with pytest.raises(AttributeError, match="shutdown"):
            each()
    waitUntilEnded(wrapped.inputComponent, wrapped.outputComponent)
    assert not stubborn._isStopped()
    stubborn.free.set()
    waitUntilEnded(stubborn)
    assert [each if each == "before" else type(each) for each in stubborn.came] == [
        "before",
        shutdown,
        producerFinished,
        shutdownMicroprocess,
    ]


def test_an_object_that_is_garbage_collected_shuts_its_component_down(running):
    wrapped = likefile(Doubler())
    parts = [wrapped.inputComponent, wrapped.outputComponent, wrapped.inputComponent.child]
    del wrapped
    gc.collect()
    waitUntilEnded(*parts)


def test_a_component_without_control_is_detached(running):
    stubborn = Stubborn()
    wrapped = likefile(stubborn, "inbox", "outbox", wrapDefault=False)
    assert list(wrapped.inQueues) == ["inbox"]
    assert list(wrapped.outQueues) == ["outbox"]
    wrapped.shutdown()
    waitUntilEnded(wrapped.inputComponent, wrapped.outputComponent)
    stubborn.free.set()


def test_a_shutdown_that_finds_no_room_is_warned_of(running, monkeypatch):
    monkeypatch.setattr(_pprocess_support, "PATIENCE", 0.01)
    hungry = Hungry()
    hungry.setInboxSize("control", 1)
    wrapped = likefile(hungry)
    with pytest.warns(RuntimeWarning, match="Hungry"):
        wrapped.shutdown()
    hungry.free.set()
    waitUntilEnded(wrapped.inputComponent, wrapped.outputComponent, hungry)


def test_a_full_inbox_loses_nothing_and_the_end_of_data_waits_for_it(running):
    hungry = Hungry()
    wrapped = likefile(hungry)
    for number in range(50):
        wrapped.put(number)
    end = producerFinished()
    wrapped.put(end, "control")
    hungry.free.set()
    waitUntilEnded(hungry, wrapped.inputComponent, wrapped.outputComponent)
    assert hungry.came == [*range(50), end]


def test_a_shutdownMicroprocess_does_not_wait_for_room(running):
    hungry = Hungry()
    wrapped = likefile(hungry)
    for number in range(50):
        wrapped.put(number)
    wrapped.put(shutdownMicroprocess(), "control")
    assert wrapped.inputComponent.isDead.wait(LONG)
    hungry.free.set()
    waitUntilEnded(hungry)


def test_other_boxes_have_their_names(running):
    boxes = likefile(Boxes(), "more", ("log",))
    assert list(boxes.inQueues) == ["control", "more"]
    assert list(boxes.outQueues) == ["signal", "log"]
    boxes.put("hello", "more")
    assert boxes.get("log", timeout=LONG) == "hello"
    with pytest.raises(KeyError):
        boxes.put("hello")
    with pytest.raises(KeyError):
        boxes.get()
    boxes.shutdown()


def test_boxes_that_are_missing_or_named_twice_raise_an_error_at_once(running):
    with pytest.raises(KeyError, match=r"no inbox 'moore'.*Did you mean 'more'"):
        likefile(Boxes(), "moore")
    with pytest.raises(KeyError, match="no outbox 'lug'"):
        likefile(Boxes(), "more", "lug")
    with pytest.raises(ValueError, match="'inbox'"):
        likefile(Doubler(), "inbox")


def test_after_a_box_that_was_linked_already_there_may_be_another_attempt(running):
    doubler, other = Doubler(), component()
    other.link((doubler, "signal"), (other, "control"))
    with pytest.raises(BoxAlreadyLinkedToDestination):
        likefile(doubler)
    wrapped = likefile(doubler, ("inbox", "control"), "outbox", wrapDefault=False)
    wrapped.put(4)
    assert wrapped.get(timeout=LONG) == 8
    with pytest.raises(queue.Empty):
        wrapped.get_nowait()
    wrapped.shutdown()


def test_limited_queues_hold_the_component_and_lose_nothing(running, monkeypatch):
    monkeypatch.setattr(_pprocess_support, "queuelengths", 3)
    many = likefile(Many())
    assert [many.get(timeout=LONG) for _ in range(300)] == list(range(300))


def test_limited_queues_raise_when_they_are_full(running, monkeypatch):
    monkeypatch.setattr(_pprocess_support, "queuelengths", 2)
    hungry = Hungry()
    wrapped = likefile(hungry)
    with pytest.raises(queue.Full):
        feedAll(wrapped, range(5))  # two in its inbox, two in the queue, and one too many
    wrapped.put(producerFinished(), "control")
    hungry.free.set()
    waitUntilEnded(hungry)


def test_an_error_of_the_component_ends_the_wait_for_it(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda details: None)

    class Breaks(component):
        def main(self):
            yield from self.waitForMessage()
            self.send("last words")
            raise LookupError

    thread = background()
    thread.start()
    breaks = likefile(Breaks())
    breaks.put("go")
    assert breaks.get(timeout=LONG) == "last words"
    with pytest.raises(queue.Empty):
        breaks.get()
    thread.join(LONG)
    assert isinstance(thread.error, LookupError)


def test_without_a_background_the_error_says_what_is_missing():
    with pytest.raises(AttributeError, match="background"):
        likefile(Doubler())


def test_addBox_notes_the_actual_names():
    wrapper = componentWrapperInput(Doubler(), [])
    names = {}
    addBox(["outbox", "new"], names, wrapper.addOutbox)
    assert names == {"outbox": "outbox_1", "new": "new"}
    with pytest.raises(ValueError, match="new"):
        addBox(["new"], names, wrapper.addOutbox)


def test_the_usual_boxes():
    assert (DEFIN, DEFOUT) == (["inbox", "control"], ["outbox", "signal"])


def test_a_dummy_is_idle_until_it_receives_a_shutdown_message():
    dummy = dummyComponent()
    dummy._deliver(producerFinished(), "control")
    dummy.run()
    assert dummy._isStopped()


def feedAll(wrapped, messages):
    for message in messages:
        wrapped.put(message)


def waitUntilEnded(*components):
    """Blocks until they have ended: a component in the background says so."""
    ended = threading.Event()

    class Watcher(component):
        def main(self):
            while not all(each._isStopped() for each in components):
                self.pause(0.001)
                yield 1
            ended.set()

    watcher = Watcher().activate()
    if not ended.wait(LONG):
        watcher.stop()
        pytest.fail(f"these have not ended: {[str(c) for c in components if not c._isStopped()]}")
