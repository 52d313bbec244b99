"""main() in a thread: the same box calls, the same end, the same errors as any component's."""

import threading
from itertools import pairwise

import pytest

from Axon.AxonExceptions import normalShutdown, noSpaceInBox
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import FINISHED, feed
from Axon.ThreadedComponent import (
    DefaultQueueSize,
    threadedadaptivecommscomponent,
    threadedcomponent,
)


class Doubler(threadedcomponent):
    def main(self):
        while True:
            self.waitForMessage()
            for number in self.Inbox():
                self.send(number * 2)
            if self.isShuttingDown():
                return


class Sink(component):
    def main(self):
        self.got = []
        while True:
            yield from self.waitForMessage()
            self.got += self.Inbox()
            if self.isShuttingDown():
                return


class Idle(component):
    def main(self):
        yield from self.passOnShutdown()


def chain(*parts, **options):
    top = component()
    for source, sink in pairwise(parts):
        top.link((source, "outbox"), (sink, "inbox"), **options)
        top.link((source, "signal"), (sink, "control"))
    return top


def inThread(body, **attributes):
    """Return a component of this class that runs `body(self)` as its main."""

    class Made(threadedcomponent):
        def main(self):
            return body(self)

    return Made(**attributes)


def test_main_runs_in_a_thread_of_its_own_which_is_a_daemon():
    seen = []
    inThread(lambda self: seen.append(threading.current_thread())).run()
    assert seen[0] is not threading.current_thread()
    assert seen[0].daemon
    assert not seen[0].is_alive()


def test_it_works_like_any_component_between_others():
    assert feed(Doubler(), inbox=[1, 2, 3]) == {"outbox": [2, 4, 6], "signal": [FINISHED]}


def test_all_that_was_sent_is_delivered_before_it_counts_as_stopped():
    def body(self):
        for number in range(500):
            self.send(number)
        self.send(producerFinished(), "signal")

    source, sink = inThread(body), Sink()
    order = []
    source.stop = lambda: order.append(list(sink.inboxes["inbox"]) + getattr(sink, "got", []))
    chain(source, sink)
    source.activate()
    sink.run()
    assert sink.got == list(range(500))
    assert sorted(order[-1]) == list(range(500))


def test_data_and_signal_arrive_in_the_order_in_which_they_were_sent():
    def body(self):
        self.send("data")
        self.send(FINISHED, "signal")

    source, sink = inThread(body), Sink()
    chain(source, sink)
    source.activate()
    sink.run()
    assert sink.got == ["data"]


def test_queues_hold_a_thousand_messages_unless_another_length_is_given():
    assert DefaultQueueSize == 1000
    assert threadedcomponent().queuelengths == 1000
    assert threadedcomponent(5).queuelengths == 5


def test_a_full_queue_raises_noSpaceInBox_in_the_thread():
    caught, isFull = [], threading.Event()

    def body(self):
        try:
            while True:
                self.send("one more")
        except noSpaceInBox as error:
            caught.append(error.args)
            isFull.set()

    part = inThread(body, queuelengths=3)
    with blockedScheduler(part):
        isFull.wait()
    assert caught == [(3, 3)]


def test_sync_waits_for_room_so_that_nothing_is_lost():
    def body(self):
        for number in range(100):
            self.send(number)
            self.sync()
        self.send(FINISHED, "signal")

    source, sink = inThread(body, queuelengths=1), Sink()
    chain(source, sink, capacity=1)
    source.activate()
    sink.run()
    assert sink.got == list(range(100))


def test_a_capacity_holds_the_thread_back():
    """The sink takes nothing until the thread has been refused."""
    refused = threading.Event()

    def body(self):
        try:
            while True:
                self.send("more")
        except noSpaceInBox:
            refused.set()
        self.sync()
        self.send(FINISHED, "signal")

    class Late(Sink):
        def main(self):
            while not refused.is_set():
                self.pause(0.001)
                yield 1
            assert self.dataReady() <= 2
            yield from super().main()

    source, sink = inThread(body, queuelengths=4), Late()
    chain(source, sink, capacity=2)
    source.activate()
    sink.run()
    assert len(sink.got) >= 4


def test_a_full_inbox_of_limited_size_delays_what_a_thread_sent_and_loses_nothing():
    def body(self):
        for number in range(20):
            self.send(number)
        self.send(FINISHED, "signal")

    source, sink = inThread(body), Sink()
    chain(source, sink)
    sink.setInboxSize("inbox", 3)
    source.activate()
    sink.run()
    assert sink.got == list(range(20))


def test_more_than_a_queue_holds_waits_in_the_inbox():
    part = inThread(lambda self: [self.send(m) for m in taken(self, 50)], queuelengths=2)
    assert feed(part, inbox=range(50), control=())["outbox"] == list(range(50))


def test_the_end_does_not_overtake_data_however_much_there_is():
    """The producer sends all and ends in one turn."""
    outcome = feed(Doubler(queuelengths=1000), inbox=range(300))
    assert outcome["outbox"] == [number * 2 for number in range(300)]

    class Counter(threadedcomponent):
        def main(self):
            count = 0
            while True:
                self.waitForMessage()
                count += len(list(self.Inbox()))
                if self.isShuttingDown():
                    break
            self.send(count)

    assert feed(Counter(queuelengths=3), inbox=range(1000))["outbox"] == [1000]


def test_shutdownMicroprocess_does_not_wait_behind_data():
    class Impatient(threadedcomponent):
        def main(self):
            self.waitForMessage("control")
            self.send(self.dataReady() < 1000)

    part = Impatient(queuelengths=3)
    stop = [shutdownMicroprocess()]
    assert feed(part, inbox=range(1000), control=stop)["outbox"] == [True]


def taken(self, count):
    for _ in range(count):
        self.waitForMessage("inbox")
        yield self.recv()
        self.sync()


def test_pause_blocks_until_a_message_comes():
    def body(self):
        while not self.dataReady():
            self.pause()
        self.send(self.recv())

    assert feed(inThread(body), inbox=["hello"], control=())["outbox"] == ["hello"]


def test_pause_ends_when_its_time_is_over():
    def body(self):
        self.pause(0.02)
        self.send("it goes on")

    assert feed(inThread(body), control=())["outbox"] == ["it goes on"]


def test_what_it_sends_does_not_end_its_own_pause():
    reasons = []

    def body(self):
        self.send("a message")
        self.sync()
        self.pause()
        reasons.append(self.dataReady("control"))  # the system ends

    def stopLater(outcome):
        if outcome["outbox"]:
            scheduler.run.loop.call_later(0.05, scheduler.run.stop)
        return False

    assert feed(inThread(body), control=(), until=stopLater)["outbox"] == ["a message"]
    assert reasons == [1]


def test_unpause_ends_a_pause_from_any_thread():
    def body(self):
        threading.Thread(target=self.unpause).start()
        self.pause()

    inThread(body).run()


def test_the_end_of_a_child_ends_a_pause():
    class Child(component):
        def main(self):
            yield 1

    def body(self):
        child = Child()
        self.addChildren(child)
        child.activate()
        while not child._isStopped():
            self.pause()
        self.removeChild(child)
        self.send(self.childComponents())

    assert feed(inThread(body), control=())["outbox"] == [[]]


def test_waitForMessage_returns_the_box_or_False_at_the_timeout():
    def body(self):
        self.send(self.waitForMessage("control", timeout=0.01))
        self.send(self.waitForMessage())
        self.send(self.anyReady())

    assert feed(inThread(body), inbox=[1], control=())["outbox"] == [False, "inbox", "inbox"]


@pytest.mark.parametrize("call", ["recv", "dataReady", "Inbox", "waitForMessage"])
def test_a_wrong_inbox_is_a_KeyError_where_the_mistake_is_made(call):
    with pytest.raises(KeyError, match="inbx"):
        inThread(lambda self: getattr(self, call)("inbx")).run()


def test_a_wrong_outbox_is_a_KeyError_where_the_mistake_is_made():
    with pytest.raises(KeyError, match="Did you mean 'outbox'"):
        inThread(lambda self: self.send(1, "outbx")).run()


def test_an_empty_inbox_is_an_IndexError():
    with pytest.raises(IndexError):
        inThread(lambda self: self.recv()).run()


def test_an_error_is_raised_from_run_with_its_arguments_and_its_traceback():
    def breaks(self):
        raise ZeroDivisionError("by", 0)

    with pytest.raises(ZeroDivisionError) as caught:
        inThread(breaks).run()
    assert caught.value.args == ("by", 0)
    assert "breaks" in [entry.name for entry in caught.traceback]
    assert "Made" in caught.value.__notes__[0]


def test_what_was_sent_before_an_error_is_delivered():
    def body(self):
        self.send("last words")
        raise LookupError

    sink, source = Sink(), inThread(body)
    chain(source, sink)
    sink.activate()
    with pytest.raises(LookupError):
        source.run()
    assert sink.got + list(sink.inboxes["inbox"]) == ["last words"]


def test_an_error_is_contained_if_a_parent_handles_it():
    class Parent(component):
        def childFailed(self, child, culprit, error):
            self.error = error
            return True

        def main(self):
            child = inThread(lambda self: 1 / 0)
            self.addChildren(child)
            child.activate()
            while not child._isStopped():
                yield from self.waitForChange()

    parent = Parent()
    parent.run()
    assert isinstance(parent.error, ZeroDivisionError)


class Yields(threadedcomponent):
    def main(self):
        yield 1


class Awaits(threadedcomponent):
    async def main(self):
        pass


class NoFunction(threadedcomponent):
    main = None


@pytest.mark.parametrize("kind", [Yields, Awaits, NoFunction])
def test_a_main_that_is_no_plain_function_is_a_TypeError_at_once(kind):
    with pytest.raises(TypeError, match="plain function"):
        kind().activate()


def test_a_main_that_gives_a_generator_is_a_TypeError():
    with pytest.raises(TypeError, match="gave <generator"):
        inThread(lambda self: (x for x in "never run")).run()


def test_the_old_style_works():
    class Old(threadedcomponent):
        def initialiseComponent(self):
            self.left = 3

        def mainBody(self):
            self.left -= 1
            self.send(self.left)
            return self.left

        def closeDownComponent(self):
            self.send("closed")

    assert feed(Old(), control=())["outbox"] == [2, 1, 0, "closed"]


def test_links_made_in_the_thread_are_made_by_the_scheduler_and_go_at_its_end():
    sink = Sink()

    def body(self):
        self.link((self, "outbox"), (sink, "inbox"))
        self.send("through")
        self.sync()
        self.unlink(sink)
        self.send("discarded")
        self.link((self, "signal"), (sink, "control"))
        self.send(FINISHED, "signal")

    inThread(body).activate()
    sink.run()
    assert sink.got == ["through"]


def test_a_mistake_in_wiring_is_raised_in_the_thread():
    def body(self):
        with pytest.raises(KeyError):
            self.link((self, "nowhere"), (self, "inbox"))

    inThread(body).run()


def test_at_the_end_of_the_run_the_thread_is_asked_to_end_and_its_waits_end():
    ended = []

    def body(self):
        self.sync()
        self.pause()
        ended.append(type(self.recv("control")))

    class Breaks(component):
        def main(self):
            yield 1
            raise LookupError

    inThread(body).activate()
    with pytest.raises(LookupError):
        Breaks().run()
    assert ended == [shutdownMicroprocess]


def test_a_wait_that_cannot_end_raises_normalShutdown_which_is_not_an_error():
    raised = []

    def body(self):
        try:
            while True:
                self.pause()
        except normalShutdown as error:
            raised.append(error)
            raise

    part = inThread(body)
    part.activate()
    stopSoon()
    scheduler.run.runThreads()
    assert raised


def test_stop_asks_the_thread_to_end_and_the_others_continue():
    part, idle = Doubler(), Idle()
    part.activate()

    class Stopper(component):
        def main(self):
            yield 1
            part.stop()
            while part._task.isAlive():
                self.pause(0.001)
                yield 1
            idle._deliver(FINISHED, "control")

    Stopper().activate()
    idle.run()


def test_an_error_on_the_way_out_is_raised_too():
    def body(self):
        while not self.dataReady("control"):
            self.pause()
        raise LookupError("while closing")

    inThread(body).activate()
    stopSoon()
    with pytest.raises(LookupError, match="while closing"):
        scheduler.run.runThreads()


def test_a_thread_that_does_not_listen_is_left_behind_after_the_grace_period(caplog):
    release = threading.Event()

    class Deaf(threadedcomponent):
        grace = 0.05

        def main(self):
            release.wait()

    for _ in range(3):
        Deaf().activate()
    stopSoon()
    scheduler.run.runThreads()
    assert "its thread still runs" in caplog.text
    assert scheduler.run.outside == 0
    release.set()


def test_the_scheduler_is_clean_afterwards():
    Doubler().activate()
    stopSoon()
    scheduler.run.runThreads()
    assert scheduler.run.outside == 0
    assert scheduler.run.listAllThreads() == []
    test_it_works_like_any_component_between_others()


def test_it_is_not_a_deadlock_while_a_thread_may_wake_a_component():
    """All components in the scheduler are asleep or held, but the thread goes on."""
    part = inThread(lambda self: (self.pause(0.02), self.send(FINISHED, "signal")))
    idle = Idle()
    chain(part, idle)
    part.activate()
    idle.run()


def test_it_runs_when_the_scheduler_is_stepped_by_hand():
    part = Doubler()
    sink = Sink()
    chain(part, sink)
    part._deliver(21)
    part._deliver(FINISHED, "control")
    part.activate()
    sink.activate()
    for _ in scheduler.run.main(canblock=True):
        pass
    assert sink.got == [42]


def test_foreign_threads_that_the_thread_started_may_send_too():
    def body(self):
        helper = threading.Thread(target=lambda: self.send("from a helper"))
        helper.start()
        helper.join()

    assert feed(inThread(body), control=())["outbox"] == ["from a helper"]


def test_a_thread_may_add_and_delete_boxes():
    class Switch(threadedadaptivecommscomponent):
        def main(self):
            names = [self.addInbox("extra"), self.addInbox("extra"), self.addOutbox("more")]
            self.link((self, "more"), (self, "extra"))
            self.send("round", "more")
            self.waitForMessage("extra")
            names.append(self.recv("extra"))
            self.deleteOutbox("more")
            self.deleteInbox("extra")
            with pytest.raises(KeyError):
                self.recv("extra")
            self.send(names)

    [names] = feed(Switch(), control=())["outbox"]
    assert len(set(names)) == 4
    assert names[0] == "extra"
    assert names[2:] == ["more", "round"]
    assert "extra" not in threadedadaptivecommscomponent.Inboxes


# What these tests need


def stopSoon():
    """Stops the scheduler once all have had some turns."""

    class Stopper(component):
        def main(self):
            for _ in range(3):
                self.pause(0.001)
                yield 1
            self.scheduler.stop()

    Stopper().activate()


class blockedScheduler:
    """Activates a component and gives it one turn; then nothing is carried until the end."""

    def __init__(self, part):
        self.part = part

    def __enter__(self):
        self.part.activate()
        self.steps = scheduler.run.main()
        while self.part._bridge is None:
            next(self.steps)

    def __exit__(self, *error):
        for _ in self.steps:
            pass


def test_what_waits_can_be_forwarded_to_the_thread_without_waiting_for_a_turn():
    release, begun, counts = threading.Event(), threading.Event(), []

    def body(self):
        begun.set()
        assert release.wait(10)
        counts.append(list(self.Inbox()))

    busy = inThread(body, queuelengths=2)

    class Sender(component):
        def main(self):
            self.link((self, "outbox"), (busy, "inbox"))
            busy.forwardInboxToThread("inbox")  # it does not run yet: nothing happens
            busy.activate()
            while not begun.is_set():
                self.pause(0.001)
                yield 1
            for number in range(3):
                self.send(number)
            busy.forwardInboxToThread("inbox")
            counts.append((busy._bridge.waiting("inbox"), busy.dataReady("inbox")))
            with pytest.raises(KeyError):
                busy.forwardInboxToThread("inbx")
            release.set()
            yield 1

    Sender().run()
    assert counts[0] == (2, 1)
    assert counts[1][:2] == [0, 1]


def test_a_thread_may_request_the_messages_that_wait_before_its_turn():
    def body(self):
        self.forwardInboxToThread("inbox")
        self.send(self.recv())

    assert feed(inThread(body), inbox=["there"])["outbox"] == ["there"]
