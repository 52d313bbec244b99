"""Waits for messages: each reports what is new, and none spins over what was left unread."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler

ENOUGH = 1000  # turns or loops within which every test here settles


class Looped(component):
    """Wait again and again; `work(self)` is what it does with what a wait reports."""

    Inboxes = ("inbox", "control", "other")
    loops = 0
    arguments: dict[str, object] = {}

    def work(self):
        """Take nothing."""

    def main(self):
        while self.loops < ENOUGH:
            yield from self.waitForMessage(**self.arguments)
            self.loops += 1
            self.work()


class ReadsInbox(Looped):
    def __init__(self):
        super().__init__()
        self.got = []

    def work(self):
        self.got += self.Inbox()


def begun(kind=Looped, **attributes):
    """A component that has begun to wait, and the run that steps it."""
    made = kind(**attributes).activate()
    steps = scheduler.run.main()
    settle(steps)
    return made, steps


def settle(steps):
    """Step until no component is ready; fail if that is never so."""
    for _ in range(ENOUGH):
        next(steps)
        if not scheduler.run.queue:
            return
    raise AssertionError("some component is ready all the time")


@pytest.mark.parametrize("boxname", ["inbox", "control", "other"])
@pytest.mark.parametrize("arguments", [{}, {"timeout": 3600}], ids=["plain", "timeout"])
def test_a_message_that_is_left_unread_is_reported_once(boxname, arguments):
    made, steps = begun(arguments=arguments)
    made._deliver("unread", boxname)
    settle(steps)
    assert made.loops == 1
    made._deliver("another", boxname)
    settle(steps)
    assert made.loops == 2


def test_a_component_that_does_not_read_control_sleeps_between_the_messages_to_its_inbox():
    made, steps = begun(ReadsInbox)
    made._deliver(producerFinished(), "control")
    settle(steps)
    for number in range(5):
        made._deliver(number)
        settle(steps)
    assert made.got == [0, 1, 2, 3, 4]
    assert made.loops == 6


def test_a_component_that_takes_one_message_at_a_time_gets_all_of_them():
    got = []
    made, steps = begun(work=lambda: got.append(made.recv()))
    for number in range(5):
        made._deliver(number)
    settle(steps)
    assert got == [0, 1, 2, 3, 4]


def test_messages_that_were_there_before_the_first_wait_are_reported():
    made = Looped()
    made._deliver("early", "other")
    made.activate()
    settle(scheduler.run.main())
    assert made.loops == 1


def test_a_message_to_itself_is_news():
    sent = []

    def work():
        if len(sent) < 3:
            sent.append(1)
            made._deliver("again", "other")

    made, steps = begun(work=work)
    made._deliver("first")
    settle(steps)
    assert made.loops == 4


def test_a_message_that_comes_after_the_unread_ones_have_moved_away_is_news():
    other = component()

    class MovesAway(Looped):
        def work(self):
            if self.loops == 2:
                moved = self.link((self, "inbox"), (other, "inbox"), passthrough=1)
                self.unlink(thelinkage=moved)
                self.recv("other")
                self._deliver("new")

    moves, steps = begun(MovesAway)
    moves._deliver("unread")
    settle(steps)
    assert moves.loops == 1
    moves._deliver("go on", "other")
    settle(steps)
    assert other.recv() == "unread"
    assert moves.loops == 3


def test_turns_between_the_waits_make_no_difference_to_what_is_found():
    class Yields(Looped):
        def main(self):
            while self.loops < ENOUGH:
                yield from self.waitForMessage()
                self.loops += 1
                yield 1

    made = Yields().activate()
    steps = scheduler.run.main()
    settle(steps)
    made._deliver("unread", "control")
    settle(steps)
    assert made.loops <= 2


def test_a_repeated_wait_for_one_box_gives_up_a_turn_and_returns():
    made, steps = begun(arguments={"boxname": "inbox"})
    made._deliver("unread")
    for _ in range(50):
        next(steps)
    assert 20 <= made.loops <= 50


def test_a_wait_for_one_box_that_holds_a_message_returns_at_once():
    made = component()
    made._deliver("x")
    assert list(made.waitForMessage("inbox")) == []
    assert list(made.waitForMessage("inbox")) == [1]
    made._deliver("y")
    assert list(made.waitForMessage("inbox")) == []
    made.recv()
    assert list(made.waitForMessage("inbox")) == []


@pytest.mark.parametrize("kind", ["waitForMessage", "waitForChange", "pause"])
def test_other_components_have_their_turns_beside_one_that_takes_nothing(kind):
    class Deaf(component):
        def main(self):
            while True:
                if kind == "pause":
                    self.pause()
                    yield 1
                else:
                    yield from getattr(self, kind)()

    class Counts(component):
        turns = 0

        def main(self):
            for _ in range(10):
                self.turns += 1
                yield 1

    deaf, counts = Deaf().activate(), Counts().activate()
    deaf._deliver(producerFinished(), "control")
    steps = scheduler.run.main()
    settle(steps)
    assert counts.turns == 10


def test_the_log_names_a_component_that_leaves_control_unread_once(caplog):
    class Echo(ReadsInbox):
        """Leaves "control" unread."""

    with caplog.at_level(logging.WARNING, "Axon"):
        made, steps = begun(Echo)
        made._deliver(producerFinished(), "control")
        for _ in range(3):
            made._deliver("x")
            settle(steps)
    assert caplog.messages == ["Echo leaves 'control' unread: ask isShuttingDown()"]


def test_the_log_does_not_name_a_component_that_reads_control(caplog):
    class Reads(Looped):
        def main(self):
            while not self.isShuttingDown():
                yield from self.waitForMessage()
                list(self.Inbox())

    with caplog.at_level(logging.WARNING, "Axon"):
        made = Reads().activate()
        made._deliver("x")
        made._deliver(producerFinished(), "control")
        scheduler.run.runThreads()
    assert caplog.messages == []


class Scripted(component):
    """Obey `script` between waits, and note which messages no wait has been over for."""

    Inboxes = ("inbox", "control")

    def __init__(self, script):
        super().__init__()
        self.script = script
        self.unseen = set()  # messages that have come since a wait was over
        self.loops = 0

    def put(self, message, boxname):
        self.unseen.add((boxname, message))
        self._deliver(message, boxname)

    def main(self):
        free = 0  # waits since anything happened that gave up no turn
        while True:
            free += 1
            for step in self.waitForMessage():
                free = 0
                yield step
            # One report for each box: a wait reports what it finds first.
            assert free <= len(self.Inboxes), "waits that report nothing new give up no turn"
            self.unseen.clear()
            self.loops += 1
            for action in self.script.pop(0) if self.script else ():
                free = 0
                if action == "yield":
                    yield 1
                elif action.startswith("put"):
                    self.put(object(), action.removeprefix("put "))
                elif self.dataReady(action):
                    self.unseen.discard((action, self.recv(action)))


WORK = st.lists(
    st.sampled_from(["inbox", "control", "yield", "put inbox", "put control"]), max_size=4
)


@given(st.lists(WORK, max_size=12), st.lists(st.lists(st.sampled_from(["inbox", "control"]))))
def test_waits_never_spin_within_a_turn_and_never_miss_what_is_new(script, deliveries):
    scheduler.run = scheduler()
    made = Scripted(list(script)).activate()
    steps = scheduler.run.main()
    settle(steps)
    for boxnames in deliveries:
        for boxname in boxnames:
            made.put(object(), boxname)
        before = made.loops
        settle(steps)
        assert not made.unseen, "a message came and no wait was over for it"
        assert made.loops > before or not boxnames
