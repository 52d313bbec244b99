"""sendWithRoom waits until its receiver has room."""

from collections.abc import Iterator

import pytest

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.SendWithRoom import sendAllWithRoom, sendWithRoom


class Sender(component):
    """A component that sends the numbers below `count`, then takes as many."""

    count = 50
    most = 0

    def main(self) -> Iterator[int]:
        self.got: list[int] = []
        for number in range(self.count):
            if not (yield from sendWithRoom(self, number)):
                break
        while len(self.got) < self.count and not self.isShuttingDown():
            self.most = max(self.most, self.dataReady())
            yield from self.waitForMessage()
            self.got += self.Inbox()


class Receiver(component):
    """A component that takes one message a turn, and notes how many were waiting."""

    most = 0

    def main(self) -> Iterator[int]:
        self.got: list[int] = []
        while len(self.got) < 50:
            yield from self.waitForMessage()
            self.most = max(self.most, self.dataReady())
            self.got.append(self.recv())


@pytest.mark.parametrize("isSized", [True, False])
def test_no_more_messages_wait_than_the_receiver_has_room_for(isSized: bool) -> None:
    receiver = Receiver()
    if isSized:
        receiver.inboxes["inbox"].setSize(3)
    feed(
        Graphline(
            SENDER=Sender(),
            RECEIVER=receiver,
            linkages={
                ("SENDER", "outbox"): ("RECEIVER", "inbox"),
                ("self", "control"): ("SENDER", "control"),
            },
            capacity=None if isSized else 3,
        )
    )
    assert receiver.got == list(range(50))
    assert receiver.most <= 3


def test_components_that_send_to_each_other_do_not_wait_for_each_other_forever() -> None:
    one, other = Sender(), Sender()
    feed(
        Graphline(
            ONE=one,
            OTHER=other,
            linkages={
                ("ONE", "outbox"): ("OTHER", "inbox"),
                ("OTHER", "outbox"): ("ONE", "inbox"),
            },
            capacity=2,
        ),
        control=[],
    )
    assert one.got == other.got == list(range(50))


@pytest.mark.parametrize("isSized", [True, False])
def test_shutdownMicroprocess_ends_the_wait(isSized: bool) -> None:
    sender, full, message = Sender(), component(), shutdownMicroprocess()
    if isSized:
        full.inboxes["inbox"].setSize(2)
    sender.link((sender, "outbox"), (full, "inbox"), **({} if isSized else {"capacity": 2}))
    assert feed(sender, control=[message])["signal"] == [message]
    assert len(full.inboxes["inbox"]) <= 2


class ShortSender(component):
    """A component that ends when it has sent its numbers."""

    def main(self) -> Iterator[int]:
        for number in range(50):
            yield from sendWithRoom(self, number)


class ShortReceiver(component):
    """A component that ends after two messages."""

    def main(self) -> Iterator[int]:
        for _ in range(2):
            yield from self.waitForMessage("inbox")
            self.recv()
        yield 1  # the sender fills the inbox again


@pytest.mark.parametrize("isSized", [True, False])
def test_a_sender_is_not_stuck_when_its_receiver_has_ended(isSized: bool) -> None:
    sender, receiver = ShortSender(), ShortReceiver()
    if isSized:
        receiver.inboxes["inbox"].setSize(1)
    feed(Pipeline(sender, receiver, capacity=None if isSized else 1), control=[])
    assert receiver.hasEnded()
    assert sender.hasEnded()


class AllAtOnce(Sender):
    """A sender that sends all of them by one call."""

    def main(self) -> Iterator[int]:
        self.isToContinue = yield from sendAllWithRoom(self, range(self.count))


@pytest.mark.parametrize(
    ("size", "capacity", "most"), [(3, None, 3), (None, 3, 3), (None, None, 50)]
)
def test_many_messages_wait_for_room_as_one_does(
    size: int | None, capacity: int | None, most: int
) -> None:
    sender, receiver = AllAtOnce(), Receiver()
    receiver.inboxes["inbox"].setSize(size)
    Pipeline(sender, receiver, capacity=capacity).run()
    assert receiver.got == list(range(50))
    assert receiver.most == most
    assert sender.isToContinue


@pytest.mark.parametrize(("size", "capacity"), [(1, None), (None, 1)])
def test_a_shutdownMicroprocess_interrupts_many_messages(
    size: int | None, capacity: int | None
) -> None:
    class Deaf(component):
        def main(self) -> Iterator[int]:
            yield from self.waitForMessage("inbox")
            sender.deliver(shutdownMicroprocess(), "control")
            while sender.isActive():
                yield 1

    sender, deaf = AllAtOnce(), Deaf()
    deaf.inboxes["inbox"].setSize(size)
    Pipeline(sender, deaf, capacity=capacity).run()
    assert not sender.isToContinue
    assert deaf.dataReady() == 1
