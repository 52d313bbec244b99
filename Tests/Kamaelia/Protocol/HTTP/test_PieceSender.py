"""The component that sends a request piece by piece."""

import pytest

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Protocol.HTTP.PieceSender import PIECE, PieceSender


@pytest.mark.parametrize(
    ("pieces", "sent"),
    [
        ([b"head", b"body"], [b"head", b"body"]),
        ("ü", ["ü".encode()]),
        (["a", b"", b"b"], [b"a", b"b"]),
        ([bytes(PIECE + 1)], [bytes(PIECE), b"\0"]),
        ([], []),
    ],
)
def test_pieces_are_sent_in_order_and_large_ones_divided(pieces, sent):
    sender = PieceSender(pieces)
    assert feed(sender, control=[])["outbox"] == sent
    assert sender.count == len(sent)


def test_producerFinished_does_not_end_it_early():
    assert feed(PieceSender([b"a", b"b"]), control=[producerFinished()])["outbox"] == [b"a", b"b"]


class OneATime(component):
    """Takes one message each time that its clock says so."""

    def __init__(self):
        super().__init__()
        self.taken = []
        self.most = 0

    def main(self):
        while len(self.taken) < 20:
            yield from self.waitForMessage("inbox")
            self.most = max(self.most, self.dataReady())
            self.taken.append(self.recv())
            yield 1


@pytest.mark.parametrize("limit", ["capacity", "size"])
def test_it_waits_for_its_receiver(limit):
    receiver = OneATime()
    if limit == "size":
        receiver.setInboxSize("inbox", 2)
    sent = [str(number).encode() for number in range(20)]
    settings = {"capacity": 2} if limit == "capacity" else {}
    feed(Pipeline(PieceSender(sent), receiver, **settings), control=[])
    assert receiver.taken == sent
    assert receiver.most <= 2


class Full(component):
    """Takes nothing, and stops the sender when it is held."""

    sender = None

    def main(self):
        while self.dataReady() < 2:
            yield 1
        self.sender.deliver(shutdownMicroprocess(), "control")
        while not self.sender.hasEnded():
            yield 1


@pytest.mark.parametrize("limit", ["capacity", "size"])
def test_it_stops_at_shutdownMicroprocess_even_while_it_waits(limit):
    receiver, sender = Full(), PieceSender([b"x"] * 20)
    receiver.sender = sender
    if limit == "size":
        receiver.setInboxSize("inbox", 2)
    settings = {"capacity": 2} if limit == "capacity" else {}
    feed(Pipeline(sender, receiver, **settings), control=[])
    assert sender.hasEnded()
    assert sender.count < 20
