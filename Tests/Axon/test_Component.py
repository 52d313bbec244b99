"""Components: boxes, sending and taking, waiting, capacity, children, mistakes."""

import pytest

from Axon import Component
from Axon.AxonExceptions import deadlock, emptyInbox, noSpaceInBox, noSuchBox, wiringError
from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.Scheduler import scheduler
from Axon.testing import FINISHED, feed


class Script(component):
    """Script(steps=generator function) -> runs it."""

    def main(self):
        return self.steps(self)


def joined(**options):
    """A source and a sink that are linked."""
    source, sink = component(), component()
    source.link((source, "outbox"), (sink, "inbox"), **options)
    return source, sink


def rounds(number):
    for _ in range(number):
        yield 1


# Boxes and attributes


def test_a_new_component_has_its_four_boxes_and_they_are_empty():
    made = component()
    assert list(made.inboxes) == ["inbox", "control"]
    assert list(made.outboxes) == ["outbox", "signal"]
    assert not made.anyReady()
    assert [made.dataReady(), made.dataReady("control")] == [0, 0]


@pytest.mark.parametrize("boxes", [["a", "b"], {"a": "first", "b": "second"}, ("a", "b")])
def test_boxes_may_be_declared_in_a_dict_or_a_list(boxes):
    made = type("Declared", (component,), {"Inboxes": boxes, "Outboxes": boxes})()
    assert list(made.inboxes) == list(made.outboxes) == ["a", "b"]


def test_boxes_belong_to_the_instance():
    first, second = component(), component()
    first.inboxes["more"] = first.inboxes["inbox"]
    first._deliver("hello")
    assert "more" not in second.inboxes
    assert "more" not in component().inboxes
    assert not second.dataReady()


def test_keyword_arguments_become_attributes_and_override_those_of_the_class():
    class Configured(component):
        size = 5

    assert Configured().size == 5
    assert Configured(size=7).size == 7
    assert Configured("ignored", other=1).other == 1
    assert Configured.size == 5


def test_a_new_component_has_an_empty_list_of_children_of_its_own():
    made = component()
    assert made.children == []
    assert made.children is made.children
    made.children.append(1)
    assert component().children == []


def test_children_and_postoffice_may_be_replaced():
    made, office = component(children=["child"]), component().postoffice
    made.postoffice = office
    assert made.postoffice is office
    assert made.childComponents() == ["child"]


def test_a_new_component_has_a_postoffice_of_its_own_without_linkages():
    made = component()
    assert made.postoffice.linkages == []
    assert made.postoffice is made.postoffice
    assert made.postoffice is not component().postoffice


def test_a_linkage_is_found_in_the_postoffice_of_the_component_that_made_it():
    made = component()
    linkage = made.link((made, "outbox"), (component(), "inbox"))
    assert made.postoffice.linkages == [linkage]


def test_the_text_of_a_component_shows_its_name_and_its_boxes():
    source, sink = joined()
    source.send("hello")
    assert str(sink) == (
        f"Component Axon.Component.component_{sink.id}"
        " [ inboxes : {'inbox': 1, 'control': 0} outboxes : {'outbox': 0, 'signal': 0} ]"
    )


# Sending and taking


def test_send_delivers_at_once_and_in_order():
    source, sink = joined()
    for number in range(5):
        source.send(number)
        assert sink.dataReady() == number + 1
    assert list(sink.Inbox()) == list(range(5))


def test_any_object_may_be_sent_and_stays_itself():
    source, sink = joined()
    for message in (None, 0, "", [], object(), ValueError()):
        source.send(message)
        assert sink.recv() is message


def test_an_outbox_without_a_linkage_discards_messages_for_good():
    source, sink = component(), component()
    source.send("gone")
    source.link((source, "outbox"), (sink, "inbox"))
    assert not sink.dataReady()


def test_the_length_of_an_outbox_is_that_of_the_inbox_at_the_far_end():
    source, sink = joined()
    assert len(source.outboxes["outbox"]) == 0
    source.send("one")
    assert len(source.outboxes["outbox"]) == sink.dataReady() == 1


def test_anyReady_names_the_first_box_with_data_in_order_of_declaration():
    made = component()
    made._deliver("stop", "control")
    assert made.anyReady() == "control"
    made._deliver("data")
    assert made.anyReady() == "inbox"


def test_Inbox_also_sees_what_arrives_during_the_loop():
    made = component()
    made._deliver(3)
    seen = []
    for number in made.Inbox():
        seen.append(number)
        if number:
            made._deliver(number - 1)
    assert seen == [3, 2, 1, 0]


def test_a_stopped_component_still_takes_messages():
    source, sink = joined()
    sink.run()
    source.send("late")
    assert sink.recv() == "late"


@pytest.mark.parametrize(
    ("act", "direction"),
    [
        (lambda made: made.send("x", "wrong"), "outbox"),
        (lambda made: made.recv("wrong"), "inbox"),
        (lambda made: made.dataReady("wrong"), "inbox"),
        (lambda made: made._deliver("x", "wrong"), "inbox"),
        (lambda made: list(made.Inbox("wrong")), "inbox"),
        (lambda made: made.setInboxSize("wrong", 1), "inbox"),
        (lambda made: made.waitForMessage("wrong"), "inbox"),
    ],
)
def test_a_wrong_box_is_a_KeyError_that_names_component_and_boxes(act, direction):
    made = component()
    with pytest.raises(KeyError) as caught:
        for _ in act(made) or ():
            pass
    text = str(caught.value)
    assert isinstance(caught.value, noSuchBox)
    assert f"{made.name} has no {direction} 'wrong'" in text
    assert "'control'" in text if direction == "inbox" else "'signal'" in text


def test_a_box_of_the_other_direction_is_recognised():
    with pytest.raises(noSuchBox, match="has no outbox 'inbox', which is an inbox; its outboxes"):
        component().send("x", "inbox")
    with pytest.raises(noSuchBox, match="has no inbox 'signal', which is an outbox; its inboxes"):
        component().recv("signal")


def test_the_error_of_a_misspelt_box_suggests_the_correct_one():
    with pytest.raises(noSuchBox, match="Did you mean 'outbox'"):
        component().send("x", "outbx")


def test_an_empty_inbox_is_an_IndexError_that_names_it():
    made = component()
    with pytest.raises(IndexError, match=f"'control' of {made.name} is empty; check") as caught:
        made.recv("control")
    assert isinstance(caught.value, emptyInbox)


@pytest.mark.parametrize(
    "act",
    [
        lambda made: made.send("x"),
        lambda made: made.recv(),
        lambda made: made.dataReady(),
        lambda made: component().link((made, "outbox"), (component(), "inbox")),
        lambda made: made.activate(),
    ],
)
def test_every_first_use_reports_a_missing_call_of_super(act):
    class Forgetful(component):
        def __init__(self):
            pass

    with pytest.raises(TypeError, match=r"Forgetful.* __init__ must call super\(\).__init__\(\)"):
        act(Forgetful())


def test_TraceAllSends_and_TraceAllRecvs_print_each_message(monkeypatch, capsys):
    monkeypatch.setattr(Component, "TraceAllSends", True)
    monkeypatch.setattr(Component, "TraceAllRecvs", True)
    source, sink = joined()
    message = ["hello"]
    source.send(message)
    assert sink.recv() is message
    assert capsys.readouterr().out.splitlines() == [
        f"SEND: {id(message)} component_{source.id} 'outbox' : ['hello']",
        f"RECV: {id(message)} component_{sink.id} 'inbox' : ['hello']",
    ]


def test_a_component_created_before_tracing_is_not_traced(monkeypatch, capsys):
    source, sink = joined()
    monkeypatch.setattr(Component, "TraceAllSends", True)
    monkeypatch.setattr(Component, "TraceAllRecvs", True)
    source.send("hello")
    sink.recv()
    assert capsys.readouterr().out == ""


# Size and capacity


def test_a_send_into_a_full_inbox_raises_noSpaceInBox_and_stores_nothing():
    source, sink = joined()
    sink.setInboxSize("inbox", 2)
    source.send(1), source.send(2)
    with pytest.raises(noSpaceInBox) as caught:
        source.send(3)
    assert caught.value.args == (2, 2)
    assert list(sink.Inbox()) == [1, 2]
    source.send(4)
    assert sink.recv() == 4


def test_the_size_that_counts_is_that_of_the_last_inbox_shared_by_all_senders():
    source, outer = joined()
    other, inner = component(), component()
    outer.link((outer, "inbox"), (inner, "inbox"), passthrough=1)
    outer.link((other, "outbox"), (inner, "inbox"))
    inner.setInboxSize("inbox", 2)
    source.send(1), other.send(2)
    for sender in (source, other):
        with pytest.raises(noSpaceInBox):
            sender.send(3)


def test_a_size_can_be_removed():
    source, sink = joined(pipewidth=1)
    source.send(1)
    sink.setInboxSize("inbox", None)
    source.send(2)
    assert sink.dataReady() == 2


@pytest.mark.parametrize("capacity", [1, 2, 3, 10])
def test_a_sender_is_held_at_its_next_yield_and_goes_on_when_half_empty(capacity):
    log = []

    def produce(self):
        for number in range(3 * capacity):
            self.send(number)
            log.append("sent")
            yield 1

    def consume(self):
        while not source._isStopped() or self.dataReady():
            yield from rounds(2 * capacity + 3)
            while self.dataReady() * 2 > capacity:
                before = len(log)
                yield from rounds(2)
                assert len(log) == before
                self.recv()
            log.append("half")
            yield from rounds(3)
            list(self.Inbox()) if source._isStopped() else None

    source, sink = Script(steps=produce), Script(steps=consume)
    sink.link((source, "outbox"), (sink, "inbox"), capacity=capacity)
    source.activate(), sink.activate()
    scheduler.run.runThreads()
    assert log[: capacity + 1] == ["sent"] * capacity + ["half"]
    assert log.count("sent") == 3 * capacity


def test_a_turn_is_never_cut_short_by_a_capacity():
    def produce(self):
        for number in range(100):
            self.send(number)
        yield 1

    def consume(self):
        yield from rounds(3)
        self.seen = self.dataReady()

    source, sink = Script(steps=produce), Script(steps=consume)
    sink.link((source, "outbox"), (sink, "inbox"), capacity=2)
    source.activate(), sink.run()
    assert sink.seen == 100


def test_held_it_still_gets_its_shutdown_message_and_a_timeout(virtualClock):
    heard = []

    def produce(self):
        while True:
            self.send("more")
            yield from self.waitForMessage("control", timeout=10)
            heard.append((virtualClock.now(), self.dataReady("control")))
            if self.isShuttingDown():
                return

    def sleepUntil(self, time):
        while virtualClock.now() < time:
            self.pause(time - virtualClock.now())
            yield 1

    def deaf(self):
        for time in (100, 200):
            yield from sleepUntil(self, time)
            list(self.Inbox())
        yield from sleepUntil(self, 300)
        source._deliver(shutdownMicroprocess(), "control")

    source, sink = Script(steps=produce), Script(steps=deaf)
    sink.link((source, "outbox"), (sink, "inbox"), capacity=1)
    source.activate(), sink.run()
    assert heard == [(100, 0), (200, 0), (300, 1)]


def test_unlinked_while_it_is_held_it_goes_on():
    def produce(self):
        for _ in range(10):
            self.send("more")
            yield 1
        self.isDone = True

    def unlink(self):
        yield from rounds(5)
        self.unlink(source)
        while not source._isStopped():
            yield 1

    source, sink = Script(steps=produce), Script(steps=unlink)
    sink.link((source, "outbox"), (sink, "inbox"), capacity=1)
    source.activate(), sink.run()
    assert source.isDone
    assert sink.dataReady() == 1


@pytest.mark.parametrize("size", [2, 3, 7])
def test_components_that_feed_each_other_in_a_ring_make_progress(size):
    def flood(self):
        for number in range(50):
            self.send(number), self.send(number)
            yield 1
            while self.dataReady():
                self.recv()
                self.taken += 1
                yield 1

    ring = [Script(steps=flood, taken=0) for _ in range(size)]
    for source, sink in zip(ring, ring[1:] + ring[:1], strict=True):
        source.link((source, "outbox"), (sink, "inbox"), capacity=1)
        source.activate()
    scheduler.run.runThreads()
    assert all(each.taken for each in ring)


def test_a_sender_held_by_a_component_that_never_takes_is_reported_by_name():
    def flood(self):
        while True:
            self.send("more")
            yield 1

    def deaf(self):
        yield from self.waitForMessage("control")

    source, sink = Script(steps=flood), Script(steps=deaf)
    sink.link((source, "outbox"), (sink, "inbox"), capacity=2)
    source.activate()
    with pytest.raises(deadlock) as caught:
        sink.run()
    assert f"{source.name} waits until {sink.name} empties" in str(caught.value)


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_capacity_is_at_least_one(capacity):
    with pytest.raises(ValueError, match="at least 1 message"):
        joined(capacity=capacity)


# Waiting


def test_a_message_to_any_inbox_wakes_also_one_that_already_holds_some():
    woken = []

    def sleeper(self):
        for _ in range(3):
            self.pause()
            yield 1
            woken.append((self.dataReady(), self.dataReady("control")))

    def sender(self):
        for boxname in ("inbox", "inbox", "control"):
            yield from rounds(3)
            sleeping._deliver("x", boxname)

    sleeping = Script(steps=sleeper).activate()
    Script(steps=sender).run()
    assert woken == [(1, 0), (2, 0), (2, 1)]


def test_taking_a_message_wakes_paused_senders_along_the_chain_but_not_waiting_ones():
    woken = []

    def pauses(self):
        self.send("x")
        self.pause()
        yield 1
        woken.append("paused")

    def waits(self):
        self.send("y")
        yield from self.waitForMessage()
        woken.append("waited")

    def watches(self):
        self.send("z")
        yield from self.waitForChange()
        woken.append("watched")

    def take(self):
        yield from rounds(4)
        list(self.Inbox())
        yield from rounds(4)
        scheduler.run.stop()

    sink, middle = Script(steps=take), component()
    middle.link((middle, "inbox"), (sink, "inbox"), passthrough=1)
    for steps in (pauses, waits, watches):
        source = Script(steps=steps).activate()
        middle.link((source, "outbox"), (middle, "inbox"))
    sink.run()
    assert woken == ["paused"]


def test_waitForMessage_does_not_wait_while_a_message_is_there():
    made = component()
    made._deliver("here", "control")
    assert list(made.waitForMessage()) == []


def test_waitForMessage_sleeps_through_unpause_and_through_what_was_taken():
    turns = []

    def sleeper(self):
        while not turns:
            self._deliver("own")
            self.recv()
            yield from self.waitForMessage()
            turns.append(self.recv())

    def waker(self):
        for _ in range(5):
            yield from rounds(2)
            sleeping.unpause()
        sleeping._deliver("at last")

    sleeping = Script(steps=sleeper).activate()
    Script(steps=waker).run()
    assert turns == ["at last"]


def test_waitForMessage_may_name_the_box():
    def sleeper(self):
        yield from self.waitForMessage("control")
        self.seen = self.dataReady("inbox"), self.dataReady("control")

    def sender(self):
        for boxname in ("inbox", "inbox", "control"):
            yield from rounds(2)
            sleeping._deliver("x", boxname)

    sleeping = Script(steps=sleeper).activate()
    Script(steps=sender).run()
    assert sleeping.seen == (2, 1)


def test_waitForMessage_ends_after_its_timeout(virtualClock):
    def sleeper(self):
        yield from self.waitForMessage(timeout=5)
        self.seen = virtualClock.now(), self.anyReady()

    sleeping = Script(steps=sleeper)
    sleeping.run()
    assert sleeping.seen == (5, False)


def test_after_a_timeout_that_did_not_run_out_it_waits_without_one(virtualClock):
    def sleeper(self):
        yield from self.waitForMessage(timeout=5)
        self.recv()
        yield from self.waitForMessage()
        self.seen = virtualClock.now(), self.recv()

    def sender(self):
        for seconds in (1, 100):
            self.pause(seconds)
            yield 1
            sleeping._deliver(seconds)

    sleeping = Script(steps=sleeper).activate()
    Script(steps=sender).run()
    assert sleeping.seen == (101, 100)


# The end


@pytest.mark.parametrize("end", [producerFinished(), shutdownMicroprocess()])
def test_a_shutdown_message_is_found_among_others_and_passed_on(end):
    class Ends(component):
        def main(self):
            yield from self.passOnShutdown()

    assert feed(Ends(), control=["noise", end, "rest"]) == {"outbox": [], "signal": [end]}


def test_nothing_on_control_is_no_shutdown():
    made = component()
    assert not made.isShuttingDown()
    made._deliver("noise", "control")
    assert not made.isShuttingDown()
    assert not made.dataReady("control")


def test_the_linkages_that_a_component_made_go_when_it_ends():
    source, sink = component(), component()
    maker, other = component(), component()
    maker.link((source, "outbox"), (sink, "inbox"))
    other.link((source, "signal"), (sink, "control"))
    maker.run()
    source.send("x"), source.send("y", "signal")
    assert (sink.dataReady(), sink.dataReady("control")) == (0, 1)


def test_old_style_calls_initialise_then_main_body_while_it_is_true_then_close_down():
    class OldStyle(component):
        left = 3

        def initialiseComponent(self):
            self.send("initialise")

        def mainBody(self):
            self.left -= 1
            self.send(self.left)
            return self.left

        def closeDownComponent(self):
            self.send("close")

    assert feed(OldStyle())["outbox"] == ["initialise", 2, 1, 0, "close"]


# Children


def test_children_are_kept_in_order_and_can_be_removed():
    parent, first, second = component(), component(), component()
    assert parent.childComponents() == []
    parent.addChildren(first, second)
    assert parent.childComponents() == [first, second]
    parent.removeChild(first)
    assert parent.childComponents() == [second]


def test_removeChild_does_nothing_for_what_is_no_child():
    parent, child = component(), component()
    parent.addChildren(child)
    assert component().removeChild(component()) is None
    assert parent.removeChild(component()) is None
    assert parent.childComponents() == [child]


def test_removeChild_removes_the_linkages_that_the_parent_made_with_the_child():
    parent, child, other = component(), component(), component()
    parent.addChildren(child)
    parent.link((parent, "inbox"), (child, "inbox"), passthrough=1)
    parent.link((child, "outbox"), (other, "inbox"))
    kept = parent.link((other, "outbox"), (parent, "control"))
    parent.removeChild(child)
    assert parent.postoffice.linkages == [kept]
    parent.link((parent, "inbox"), (other, "inbox"), passthrough=1)


@pytest.mark.parametrize("order", [1, -1, 7], ids=["first", "last", "mixed"])
def test_children_stay_in_order_whichever_of_them_are_removed(order):
    parent, children = component(), [component() for _ in range(20)]
    parent.addChildren(*children)
    left = list(children)
    for index in range(20):
        child = children[index * order % 20]
        parent.removeChild(child)
        left.remove(child)
        assert parent.hasChildren() == bool(left)
        if index % 3 == 0:
            assert parent.children == left
            assert parent.childComponents() == left
    assert parent.children == []


def test_a_child_that_was_removed_can_be_added_again():
    parent, first, second, third = component(), component(), component(), component()
    parent.addChildren(first, second, third)
    parent.removeChild(first)
    parent.addChildren(first)
    assert parent.childComponents() == [second, third, first]


def test_a_child_that_a_program_put_into_the_list_itself_can_be_removed():
    parent, child = component(), component()
    parent.children.append(child)
    parent.removeChild(child)
    assert parent.children == []


def test_a_class_cannot_be_a_child():
    with pytest.raises(
        wiringError, match=r"component is a class; use an instance of it, such as component\(\)"
    ):
        component().addChildren(component)


def test_a_child_that_was_removed_does_not_wake_its_parent():
    def parent(self):
        child = Script(steps=lambda _: rounds(3)).activate()
        self.addChildren(child)
        self.removeChild(child)
        self.pause()
        yield 1
        self.seen = True

    made = Script(steps=parent)
    feed(made, control=[])
    assert not hasattr(made, "seen")


def test_feeding_the_example_of_the_module_gives_the_sum():
    class Total(component):
        def main(self):
            total = 0
            while True:
                yield from self.waitForMessage()
                total += sum(self.Inbox())
                if self.dataReady("control"):
                    break
            self.send(total)
            yield from self.passOnShutdown()

    assert feed(Total(), inbox=[1, 2, 3]) == {"outbox": [6], "signal": [FINISHED]}


# The small test of itself


def test_the_system_tests_itself_alone_and_beside_others():
    Component.producersConsumersSystemTest()
    idle = component().activate()

    class Tests(component):
        def main(self):
            Component.producersConsumersSystemTest()
            yield 1

    Tests().run()
    assert idle._isStopped()


@pytest.mark.parametrize("broken", ["loses a message", "does not end"])
def test_the_system_test_finds_what_is_wrong(monkeypatch, broken):
    send = component.send

    def sendWrongly(self, message, boxname="outbox"):
        isLost = message == 99 if broken == "loses a message" else boxname == "signal"
        if not isLost:
            send(self, message, boxname)

    monkeypatch.setattr(component, "send", sendWrongly)
    with pytest.raises(RuntimeError, match="the sum is"):
        Component.producersConsumersSystemTest()


def test_a_timeout_of_an_earlier_pause_does_not_end_a_wait_for_messages(virtualClock):
    """Not even that of a sender which is held meanwhile."""

    class Slow(component):
        def main(self):
            yield from self.waitForMessage("control", timeout=1)
            assert len(list(self.Inbox())) == 2

    class Sender(component):
        waited = False

        def main(self):
            self.pause(0.1)
            yield 1
            self.recv()
            self.send(1), self.send(2)
            yield from self.waitForMessage()
            self.waited = True

    class Early(component):
        def main(self):
            self.send("no need to pause longer")
            yield 1

    slow, sender, early = Slow(), Sender(), Early()
    slow.link((sender, "outbox"), (slow, "inbox"), capacity=2)
    early.link((early, "outbox"), (sender, "inbox"))
    slow.activate()
    sender.activate()
    early.activate()
    feed(sender, control=(), until=5)
    assert not sender.waited


def test_of_two_ends_the_shutdownMicroprocess_is_passed_on():
    made, after = joined()
    made.link((made, "signal"), (after, "control"))
    end, stop = producerFinished(made), shutdownMicroprocess()
    for message in ("no end", end, stop):
        made.deliver(message, "control")
    assert made.isShuttingDown()
    assert list(after.inboxes["control"]) == [stop]
    assert not made.isShuttingDown()
