"""What a thread asks of the scheduler's thread happens in order with what it sends."""

import threading

import pytest

from Axon.AxonExceptions import normalShutdown, noSpaceInBox
from Axon.Component import component
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler
from Axon.ThreadedComponent import threadedadaptivecommscomponent, threadedcomponent


class Sink(component):
    """Keep everything, until the shutdown message."""

    def main(self):
        self.got = []
        while not self.isShuttingDown():
            yield from self.waitForMessage()
            self.got += self.Inbox()


def inThread(body, base=threadedcomponent, **attributes):
    """Return a threaded component whose main is `body(self)`."""

    class Made(base):
        def main(self):
            return body(self)

    return Made(**attributes)


def runWithSink(body, base=threadedcomponent):
    """Run `body(thread, sink)` in a thread beside a sink, and return what the sink got."""
    sink = Sink()

    def main(self):
        body(self, sink)
        self.link((self, "signal"), (sink, "control"))
        self.send(producerFinished(self), "signal")

    sink.activate()
    inThread(main, base).run()
    return sink.got


def test_what_a_thread_sends_between_link_and_unlink_is_delivered():
    def body(self, sink):
        for number in range(5):
            joint = self.link((self, "outbox"), (sink, "inbox"))
            self.send(number)
            self.unlink(thelinkage=joint)

    assert runWithSink(body) == [0, 1, 2, 3, 4]


def test_what_a_thread_sends_while_nothing_is_linked_is_discarded():
    def body(self, sink):
        self.send("before")
        joint = self.link((self, "outbox"), (sink, "inbox"))
        self.send("between")
        self.unlink(thelinkage=joint)
        self.send("after")

    assert runWithSink(body) == ["between"]


def test_an_outbox_that_exists_for_one_message_delivers_it():
    def body(self, sink):
        for number in range(5):
            name = self.addOutbox("notify")
            self.link((self, name), (sink, "inbox"))
            self.send(number, name)
            self.unlink(sink)
            self.deleteOutbox(name)

    assert runWithSink(body, threadedadaptivecommscomponent) == [0, 1, 2, 3, 4]


def test_a_message_that_finds_no_room_is_delivered_before_a_later_unlink():
    def body(self, sink):
        joint = self.link((self, "outbox"), (sink, "inbox"), pipewidth=2)
        for number in range(20):
            self.send(number)
        self.unlink(thelinkage=joint)

    assert runWithSink(body) == [*range(20)]


def test_a_mistake_in_a_request_is_raised_in_the_thread_and_loses_nothing():
    def body(self, sink):
        self.link((self, "outbox"), (sink, "inbox"))
        self.send("first")
        with pytest.raises(KeyError, match="nowhere"):
            self.link((self, "nowhere"), (sink, "inbox"))
        self.send("second")

    assert runWithSink(body) == ["first", "second"]


def test_a_request_of_a_thread_that_was_asked_to_end_raises_normalShutdown():
    raised = []

    def body(self):
        self.unpauseParent()
        self.waitForMessage("control")
        with pytest.raises(normalShutdown):
            self.link((self, "outbox"), (self, "inbox"))
        raised.append(True)

    class Stopper(component):
        def main(self):
            part = inThread(body, unpauseParent=self.unpause)
            self.addChildren(part)
            part.activate()
            yield from self.waitForChange()
            part.stop()
            yield from self.waitForChange()

    Stopper().run()
    assert raised == [True]


def stepByHand(part, until):
    """Step `part` with next() until the event is set; no scheduler runs."""
    part.activate()
    for _ in range(10_000):
        next(part, None)
        if until.wait(0.001):
            return
    raise AssertionError("the thread waits for ever")


REQUESTS = {
    "addInbox": lambda self: self.addInbox("more"),
    "addOutbox": lambda self: self.addOutbox("more"),
    "addChildren": lambda self: self.addChildren(component()),
    "link": lambda self: self.link((self, "outbox"), (self, "inbox")),
    "unlink": lambda self: self.unlink(self.link((self, "outbox"), (self, "inbox"))),
    "setInboxSize": lambda self: self.setInboxSize("inbox", 3),
    "forwardInboxToThread": lambda self: self.forwardInboxToThread("inbox"),
    "sync": lambda self: self.sync(),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_component_that_is_stepped_by_hand_answers_its_threads_requests(request_):
    answered = threading.Event()

    def body(self):
        request_(self)
        answered.set()

    stepByHand(inThread(body, threadedadaptivecommscomponent), answered)


def test_a_component_that_is_stepped_by_hand_delivers_and_ends():
    got, taken = component(), threading.Event()

    def body(self):
        self.link((self, "outbox"), (got, "inbox"))
        self.send(self.waitForMessage() and self.recv())
        taken.set()

    part = inThread(body)
    part._deliver("there")
    stepByHand(part, taken)
    while next(part, None):
        pass
    assert got.recv() == "there"


# Sizes


class Sender(component):
    """Send numbers while it may, then note the error and end."""

    def main(self):
        for number in range(100):
            try:
                self.send(number)
            except noSpaceInBox as error:
                self.accepted, self.error = number, error
                self.sink.stop()
                return
            for _ in range(3):  # the thread's side carries them meanwhile
                yield 1


class Deaf(threadedcomponent):
    def main(self):
        self.waitForMessage("control")


@pytest.mark.parametrize(
    "setSize",
    [
        lambda sink, link: (sink.inboxes["inbox"].setSize(2), link()),
        lambda sink, link: (link(), sink.inboxes["inbox"].setSize(2)),
        lambda sink, link: (sink.setInboxSize("inbox", 2), link()),
        lambda sink, link: link(pipewidth=2),
    ],
    ids=["before link", "after link", "setInboxSize", "pipewidth"],
)
def test_a_sized_inbox_of_a_thread_accepts_queuelengths_and_its_size(setSize):
    sink = Deaf(3)
    sender = Sender(sink=sink)
    setSize(sink, lambda **how: sender.link((sender, "outbox"), (sink, "inbox"), **how))
    sink.activate()
    sender.run()
    assert sender.accepted == 5
    assert sender.error.args == (2, 2)


def test_a_thread_that_sends_to_a_sized_inbox_is_stopped_after_size_and_queuelengths():
    counts = []

    def body(self):
        for number in range(100):
            try:
                self.send(number)
            except noSpaceInBox:
                counts.append(number)
                return
            if number < 2:
                self.sync()

    part, idle = inThread(body, queuelengths=3), component()
    part.link((part, "outbox"), (idle, "inbox"), pipewidth=2)
    part.activate()
    for _ in scheduler.run.main(canblock=True):
        if counts and len(idle.inboxes["inbox"]) == 2:
            idle.recv()
    assert counts == [5]


def test_the_error_of_a_full_queue_names_the_queue_and_sync():
    errors = []

    def body(self):
        try:
            for number in range(2000):
                self.send(number)
        except noSpaceInBox as error:
            errors.append(error)

    part, held = inThread(body), component()
    part.link((part, "outbox"), (held, "inbox"), pipewidth=1)
    part.activate()
    for _ in scheduler.run.main(canblock=True):
        if errors and held.dataReady():
            held.recv()
    assert errors[0].args == (1000, 1000)
    sentence = str(errors[0])
    assert part.name in sentence
    assert "the full queue is the thread's own" in sentence
    assert "self.sync()" in sentence
