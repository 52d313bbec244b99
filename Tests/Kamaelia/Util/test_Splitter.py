"""Splitter, PlugSplitter and Plug: destinations are added and removed at run time."""

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.PassThrough import PassThrough
from Kamaelia.Util.Splitter import Plug, PlugSplitter, Splitter, addsink, removesink


class Reader(component):
    """A component that keeps its messages until a shutdown message arrives."""

    got = ()

    def main(self):
        while True:
            yield from self.waitForMessage()
            self.got = (*self.got, *self.Inbox())
            if self.isShuttingDown():
                return


class Steps(component):
    """A component that delivers messages to the boxes of another, ten turns apart."""

    def __init__(self, target, *steps):
        super().__init__()
        self.target, self.steps = target, steps

    def main(self):
        for boxname, message in self.steps:
            self.target.deliver(message, boxname)
            for _ in range(10):
                yield 1


def test_messages_and_the_end_go_to_the_outbox_of_a_PlugSplitter_and_to_each_Plug():
    splitter = PlugSplitter()
    readers = [Reader(), Reader()]
    for reader in readers:
        Plug(splitter, reader).activate()
    steps = ("configuration", None), ("inbox", 1), ("inbox", 2), ("control", FINISHED)
    Steps(splitter, *steps).activate()
    assert feed(splitter, control=[]) == {"outbox": [1, 2], "signal": [FINISHED]}


def test_a_Plug_exchanges_messages_with_its_component():
    splitter = PlugSplitter().activate()
    Steps(
        splitter, ("configuration", None), ("inbox", 1), ("inbox", 2), ("control", FINISHED)
    ).activate()
    outcome = feed(Pipeline(Plug(splitter, PassThrough())), control=[])
    assert outcome["outbox"] == [1, 2]
    assert outcome["signal"] == [FINISHED]


def test_a_PlugSplitter_ends_with_its_source():
    splitter = PlugSplitter(DataSource([1, 2]))
    assert feed(splitter, control=[])["outbox"] == [1, 2]
    assert splitter.isStopped()


def test_a_removed_destination_receives_nothing_more():
    splitter, reader = PlugSplitter(), Reader()
    Steps(
        splitter,
        ("configuration", addsink(reader, "inbox", "control")),
        ("configuration", addsink(reader, "inbox", "control")),
        ("inbox", 1),
        ("configuration", removesink(reader, "inbox")),
        ("inbox", 2),
        ("control", shutdownMicroprocess()),
    ).activate()
    reader.activate()
    feed(splitter, control=[])
    assert reader.got == (1,)
    assert set(splitter.outboxes) == {"outbox", "signal", "signal_1"}


def test_a_Splitter_sends_to_a_destination_until_it_is_removed():
    splitter, one, two = Splitter(), Reader(), Reader()
    Steps(
        splitter,
        ("configuration", addsink(one)),
        ("configuration", addsink(two)),
        ("inbox", 1),
        ("configuration", removesink(one)),
        ("inbox", 2),
        ("control", FINISHED),
    ).activate()
    assert feed(splitter, control=[])["signal"] == [FINISHED]
    assert (list(one.inboxes["inbox"]), list(two.inboxes["inbox"])) == ([1], [1, 2])


def test_a_Splitter_waits_while_a_destination_is_full():
    class Slow(component):
        taken = ()

        def main(self):
            while len(self.taken) < 20:
                yield from self.waitForMessage()
                self.taken = (*self.taken, self.recv())
                yield 1
                yield 1

    splitter, slow = Splitter(), Slow()
    slow.setInboxSize("inbox", 1)
    slow.activate()
    feed(splitter, configuration=[addsink(slow)], inbox=range(20))
    assert slow.taken == tuple(range(20))
