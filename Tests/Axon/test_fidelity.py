"""Programs that were written for Kamaelia 1.14 find in Axon the behaviour that they rely on.

Each test is one measured statement about the historical release. The tests of the modules examine
each subject in depth; this file shows that the statement, as a program uses it, holds.
"""

import threading
import time

import pytest

from Axon import Component, Introspector, Ipc
from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component, newComponent, scheduler
from Axon.debug import debug
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Linkage import linkage
from Axon.Microprocess import microprocess
from Axon.Postoffice import postoffice
from Axon.testing import feed
from Axon.ThreadedComponent import threadedadaptivecommscomponent, threadedcomponent

PATIENCE = 20  # seconds that a thread has to answer


@pytest.fixture
def abc():
    return component(), component(), component()


# Sizes of boxes


def test_a_size_that_is_set_before_linking_applies_afterwards(abc):
    a, b, _ = abc
    b.inboxes["inbox"].setSize(2)
    a.link((a, "outbox"), (b, "inbox"))
    a.send(1)
    a.send(2)
    with pytest.raises(noSpaceInBox) as raised:
        a.send(3)
    assert raised.value.args == (2, 2)
    assert list(b.Inbox()) == [1, 2]


def test_the_size_of_one_inbox_is_not_that_of_another(abc):
    a, _, c = abc
    a.inboxes["inbox"].setSize(2)
    assert a.inboxes["inbox"].getSize() == 2
    assert a.inboxes["control"].getSize() is None
    assert c.inboxes["inbox"].getSize() is None
    assert c.inboxes["control"].getSize() is None


def test_a_message_in_an_unlinked_inbox_is_in_no_other_inbox(abc):
    a, b, _ = abc
    a.inboxes["inbox"].append("message")
    assert a.recv() == "message"
    a.inboxes["inbox"].append("message")
    assert not b.anyReady()
    assert not component().anyReady()


def acceptedBy(send, step):
    """Send until noSpaceInBox is raised, with some steps between; return how many were accepted."""
    for number in range(100):
        try:
            send(number)
        except noSpaceInBox:
            return number
        for _ in range(5):
            next(step)
    return None


class Idle(threadedcomponent):
    """Receives nothing before it is told to end."""

    def main(self):
        self.mayEnd.wait(PATIENCE)


def test_a_thread_accepts_its_queue_and_the_size_of_its_inbox(abc):
    a, _, _ = abc
    idle = Idle(3, mayEnd=threading.Event())
    idle.inboxes["inbox"].setSize(2)
    a.link((a, "outbox"), (idle, "inbox"))
    idle.activate()
    steps = scheduler.run.main()
    accepted = acceptedBy(a.send, steps)
    idle.mayEnd.set()
    steps.close()
    assert accepted == 5


class Flood(threadedcomponent):
    """Sends a message for each turn that it is given, until that raises noSpaceInBox."""

    sent = 0

    def main(self):
        try:
            while self.mayGoOn.acquire(timeout=PATIENCE):
                self.send(self.sent)
                self.sent += 1
                self.hasSent.release()
        except noSpaceInBox:
            self.isFull = True
            self.hasSent.release()

    isFull = False


def test_a_thread_that_sends_to_a_full_inbox_is_stopped(abc):
    _, sink, _ = abc
    sink.inboxes["inbox"].setSize(2)
    flood = Flood(3, mayGoOn=threading.Semaphore(0), hasSent=threading.Semaphore(0))
    flood.link((flood, "outbox"), (sink, "inbox"))
    flood.activate()
    steps = scheduler.run.main()
    for _ in range(5):
        next(steps)  # the thread starts in the first turn
    while not flood.isFull and flood.sent < 100:
        flood.mayGoOn.release()
        assert flood.hasSent.acquire(timeout=PATIENCE)
        for _ in range(5):
            next(steps)
    steps.close()
    assert flood.sent == 5
    assert sink.dataReady() == 2


# Linkages and children


class Unlinker(threadedcomponent):
    """Makes a linkage for each message, and removes it at once."""

    def main(self):
        for number in range(5):
            made = self.link((self, "outbox"), self.sink)
            self.send(number)
            self.unlink(thelinkage=made)


def test_what_a_thread_sent_before_it_unlinks_is_delivered():
    sink = component()
    Unlinker(sink=(sink, "inbox")).run()
    assert list(sink.Inbox()) == [0, 1, 2, 3, 4]


def test_removeChild_removes_the_linkages_with_the_child(abc):
    p, (a, b, _) = component(), abc
    p.addChildren(a)
    p.link((p, "inbox"), (a, "inbox"), passthrough=1)
    p.removeChild(a)
    p.link((p, "inbox"), (b, "inbox"), passthrough=1)
    p._deliver("message")
    assert b.recv() == "message"
    assert not a.anyReady()


def test_removeChild_of_a_component_that_is_no_child_does_nothing():
    assert component().removeChild(component()) is None


def test_a_linkage_that_is_made_by_hand_is_put_into_effect_by_addsource(abc):
    a, b, _ = abc
    made = linkage(a, b)
    made.getSinkbox().addsource(made.getSourcebox())
    a.send(1)
    assert b.recv() == 1
    a.send(2)
    assert len(made.getSinkbox()) == len(made.getSourcebox()) == 1
    made.getSinkbox().removesource(made.getSourcebox())
    a.send(3)
    assert list(b.Inbox()) == [2]


@pytest.mark.parametrize("end", ["getSourcebox", "getSinkbox"])
def test_a_size_may_be_set_on_either_box_of_a_linkage(abc, end):
    a, b, _ = abc
    made = a.link((a, "outbox"), (b, "inbox"))
    getattr(made, end)().setSize(1)
    a.send(1)
    with pytest.raises(noSpaceInBox):
        a.send(2)


# Names


@pytest.mark.parametrize(
    "statement",
    [
        "from Axon.Component import component, scheduler, newComponent",
        "from Axon.Component import WaitComplete, noSpaceInBox, ipc, notify, status, shutdown",
        "from Axon.Component import reactivate, wouldblock, errorInformation, makeInbox",
        "from Axon.Component import makeOutbox, removeAll, strId, numId, debug",
        f"from Axon.Scheduler import {', '.join(Ipc.__all__)}",
        "from Axon.Scheduler import debug, removeAll, strId, numId",
        "from Axon.Box import BoxAlreadyLinkedToDestination",
        "from Axon.Postoffice import AxonException",
        "from Axon.Linkage import AxonException, ArgumentsClash",
        "from Axon.Microprocess import debug, tupleId",
        "from Axon import AxonObject, AxonType, debugConfigFile, debugConfigDefaults",
        "import Axon; Axon.debug.debug()",
    ],
)
def test_a_name_is_imported_from_where_old_programs_import_it(statement):
    exec(statement, {})


# Attributes


class ReadsTheTime(component):
    def main(self):
        before = time.time()
        self.start = self.scheduler.time
        yield 1
        self.end = self.scheduler.time
        self.offset = self.start - before


def test_the_time_of_the_scheduler_is_the_time_of_day_of_the_cycle():
    reader = ReadsTheTime()
    reader.run()
    assert reader.end >= reader.start
    assert abs(reader.offset) < PATIENCE


def test_every_microprocess_has_a_debugger(monkeypatch):
    monkeypatch.setattr(debug, "noConfig", True)
    assert component().debugger.areDebugging("x", 1) is False
    assert component().debugger.note("x", 1, "said")
    assert isinstance(microprocess().debugger, debug)


def test_init_is_1():
    assert microprocess().init == 1
    assert component().init == 1


def test_a_new_component_has_a_list_of_children_and_a_postoffice():
    assert component().children == []
    assert component().postoffice.linkages == []


# Texts


def test_the_text_of_a_component_names_it_and_shows_its_boxes(abc):
    a, _, _ = abc
    assert str(a).startswith(f"Component {a.name}")
    for boxname in ("inbox", "control", "outbox", "signal"):
        assert boxname in str(a)


def test_the_text_of_a_linkage_names_both_ends(abc):
    a, b, _ = abc
    made = a.link((a, "outbox"), (b, "inbox"))
    assert str(made) == f"Link( source:[{a.name},outbox], sink:[{b.name},inbox] )"
    assert made.short_str() == f"(component_{a.id},outbox):(component_{b.id},inbox)"


def test_the_text_of_a_postoffice_shows_its_linkages(abc):
    a, b, _ = abc
    office = postoffice("mine")
    made = office.link((a, "outbox"), (b, "inbox"))
    assert str(office).startswith("{{ POSTOFFICE: mine")
    assert str(office).endswith(" }}")
    assert f"links [{made}]" in str(office) or f"links [{made!r}]" in str(office)


def test_one_message_is_followed_from_SEND_to_RECV(monkeypatch, capsys):
    monkeypatch.setattr(Component, "TraceAllSends", True)
    monkeypatch.setattr(Component, "TraceAllRecvs", True)
    a, b = component(), component()
    a.link((a, "outbox"), (b, "inbox"))
    message = "hello"
    a.send(message)
    b.recv()
    assert capsys.readouterr().out.splitlines() == [
        f"SEND: {id(message)} component_{a.id} 'outbox' : hello",
        f"RECV: {id(message)} component_{b.id} 'inbox' : hello",
    ]


# Turns


class Other(component):
    hasRun = False

    def main(self):
        type(self).hasRun = True
        yield 1


class OldStyle(component):
    """Activates `Other` in the method named `place`."""

    place = ""
    turns = 2

    def _resultOf(self, method, otherwise):
        return newComponent(Other()) if self.place == method else otherwise

    def initialiseComponent(self):
        return self._resultOf("initialiseComponent", 1)

    def mainBody(self):
        self.turns -= 1
        return self.turns and self._resultOf("mainBody", 1)

    def closeDownComponent(self):
        return self._resultOf("closeDownComponent", 1)


@pytest.mark.parametrize("place", ["initialiseComponent", "mainBody", "closeDownComponent"])
def test_an_old_style_method_may_return_components_to_activate(monkeypatch, place):
    monkeypatch.setattr(Other, "hasRun", False)
    OldStyle(place=place).run()
    assert Other.hasRun


def test_a_pause_in_the_last_turn_of_an_old_style_component_does_not_keep_it_alive():
    class Pauses(OldStyle):
        def mainBody(self):
            self.pause()
            return 0

    paused = Pauses()
    paused.run()
    assert paused._isStopped()


def test_a_scheduler_that_is_created_when_there_is_none_becomes_the_default(monkeypatch):
    monkeypatch.setattr(scheduler, "run", None)
    made = scheduler()
    assert scheduler.run is made
    scheduler()
    assert scheduler.run is made


def test_closing_down_a_component_returns_None():
    assert component()._closeDownMicroprocess() is None


class OwnScheduler:
    """A scheduler of the program's own."""

    def __init__(self):
        self.threads, self.calls = [], []

    def _addThread(self, mprocess):
        self.threads.append(mprocess)

    def wakeThread(self, mprocess, canActivate=False):
        self.calls.append(("wake", mprocess))

    def pauseThread(self, mprocess):
        self.calls.append(("pause", mprocess))

    def isThreadPaused(self, mprocess):
        return bool(self.calls) and self.calls[-1] == ("pause", mprocess)


class Turns(microprocess):
    turns = 0

    def main(self):
        while self.turns < 2:
            self.turns += 1
            yield 1


def test_a_microprocess_may_be_activated_in_a_scheduler_of_the_programs_own():
    own, turns = OwnScheduler(), Turns()
    assert turns.activate(Scheduler=own) is turns
    assert own.threads == [turns]
    next(turns)
    assert turns.turns == 1
    turns.pause()
    assert not turns._isRunnable()
    turns.unpause()
    assert turns._isRunnable()
    assert own.calls == [("pause", turns), ("wake", turns)]
    next(turns)
    with pytest.raises(StopIteration):
        next(turns)


class Countdown:
    """Something that a scheduler can run, and that is no microprocess."""

    def __init__(self, number):
        self.number, self.wasStopped, self.wasClosed = number, False, False

    def __next__(self):
        if not self.number:
            raise StopIteration
        self.number -= 1
        return 1

    def stop(self):
        self.wasStopped = True

    def _closeDownMicroprocess(self):
        self.wasClosed = True


def test_a_scheduler_runs_anything_that_has_turns():
    own, counted = scheduler(), Countdown(3)
    own._addThread(counted)
    assert own.listAllThreads() == [counted]
    assert [*own.main()]
    assert counted.number == 0
    assert counted.wasStopped
    assert counted.wasClosed
    assert own.listAllThreads() == []


def test_anything_that_has_turns_may_be_paused_and_woken():
    own, counted = scheduler(), Countdown(3)
    own._addThread(counted)
    steps = own.main()
    next(steps)
    own.pauseThread(counted)
    left = counted.number
    for _ in range(10):
        next(steps)
    assert left - counted.number <= 1
    assert own.isThreadPaused(counted)
    own.wakeThread(counted)
    assert [*steps]
    assert counted.wasStopped


def test_waking_or_pausing_an_unknown_object_does_nothing():
    own = scheduler()
    own.wakeThread(Countdown(1))
    own.pauseThread(Countdown(1))
    assert own.listAllThreads() == []


# Threads


class AddsABox(threadedadaptivecommscomponent):
    added = None

    def main(self):
        self.added = self.addInbox("more")


def test_a_threaded_component_that_is_stepped_by_hand_answers_its_thread():
    adds = AddsABox().activate()
    until = time.monotonic() + PATIENCE
    while next(adds, "ended") != "ended" and time.monotonic() < until:
        time.sleep(0)  # lets the thread run
    assert adds.added == "more"


# The Introspector


class Brief(component):
    """Lives for a few cycles."""

    def main(self):
        for _ in range(3):
            yield 1


def test_the_introspector_reports_a_component_that_lives_for_a_few_cycles():
    class Starts(component):
        def main(self):
            for _ in range(5):
                yield 1
            self.brief = Brief().activate()
            while not self.brief._isStopped():
                yield 1
            for _ in range(5):
                yield 1
            looker._deliver(shutdownMicroprocess(), "control")

    looker, starts = Introspector.Introspector(), Starts().activate()
    lines = "".join(feed(looker, control=[])["outbox"]).splitlines()
    node = f'NODE "{starts.brief.id}"'
    added = [n for n, line in enumerate(lines) if line.startswith(f"ADD {node} ")]
    removed = [n for n, line in enumerate(lines) if line.startswith(f"DEL {node}")]
    assert len(added) == len(removed) == 1
    assert added < removed


def test_producerFinished_is_not_what_ends_an_introspector():
    looker = Introspector.Introspector()
    control = [producerFinished(), shutdownMicroprocess()]
    assert type(feed(looker, control=control)["signal"][-1]) is shutdownMicroprocess
