"""SRM over a simulated network with faults, and over real multicast on the loopback interface."""

import random

import pytest

from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.Multicast_receiver import Multicast_receiver
from Kamaelia.Internet.Multicast_sender import Multicast_sender
from Kamaelia.Internet.Simulate.BrokenNetwork import Duplicate, Reorder, Throwaway
from Kamaelia.Protocol.RecoverOrder import RecoverOrder
from Kamaelia.Protocol.SimpleReliableMulticast import Annotator, SRM_Receiver, SRM_Sender
from Kamaelia.Util.Detuple import SimpleDetupler

MESSAGES = [b"message %d" % number for number in range(200)]
NUMBERED = list(enumerate(MESSAGES, start=1))


def test_messages_are_numbered_from_1():
    assert feed(Annotator(), inbox=["a", "b"])["outbox"] == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("seed", range(5))
def test_order_is_restored_and_second_copies_are_discarded(seed):
    chance = random.Random(seed)
    network = [Duplicate(random=chance), Reorder(random=chance, most=5)]
    chain = Pipeline(SRM_Sender(), *network, SRM_Receiver())
    outcome = feed(chain, inbox=MESSAGES)
    assert outcome["signal"] == [FINISHED]
    # The reordering has no limit: a message may stay in it for long, and is late then.
    assert sorted(outcome["outbox"]) == NUMBERED
    pairs = zip(outcome["outbox"], outcome["outbox"][1:], strict=False)
    late = sum(one > other for one, other in pairs)
    assert late <= 2


@pytest.mark.parametrize("seed", range(5))
def test_lost_messages_are_missing_and_the_others_are_unchanged(seed):
    chance = random.Random(seed)
    chain = Pipeline(SRM_Sender(), Throwaway(random=chance), SRM_Receiver())
    got = feed(chain, inbox=MESSAGES)["outbox"]
    assert 150 < len(got) < 200
    assert got == sorted(got)
    assert set(got) <= set(NUMBERED)


def test_a_shutdown_ends_both_sides():
    stop = shutdownMicroprocess()
    chain = Pipeline(SRM_Sender(), SRM_Receiver())
    assert feed(chain, control=[stop])["signal"] == [stop]


def test_the_order_of_numbers_that_wrap_is_restored():
    numbers = [65533, 65535, 65534, 1, 0, 2]
    outcome = feed(RecoverOrder(bufsize=3, modulo=65536), inbox=[(each, "") for each in numbers])
    assert [number for number, _ in outcome["outbox"]] == [65533, 65534, 65535, 0, 1, 2]


GROUP = "239.255.42.99"


class Repeating(component):
    """A component that sends the first messages again and again, because some are lost."""

    def main(self):
        while not self.isShuttingDown():
            for message in MESSAGES[:20]:
                self.send(message)
            yield from self.waitForMessage("control", timeout=0.02)


def test_messages_survive_real_multicast_with_faults(freePort):
    chance = random.Random(1)
    Pipeline(
        Repeating(),
        SRM_Sender(),
        Duplicate(random=chance),
        Throwaway(random=chance),
        Reorder(random=chance),
        Multicast_sender("127.0.0.1", 0, GROUP, freePort, interface="127.0.0.1"),
    ).activate()
    receiving = Pipeline(
        Multicast_receiver(GROUP, freePort, interface="127.0.0.1"),
        SimpleDetupler(1),
        SRM_Receiver(),
    )

    def isEnough(outcome):
        return {data for _, data in outcome["outbox"]} >= set(MESSAGES[:20])

    numbered = feed(receiving, until=isEnough, control=())["outbox"]
    assert len(set(numbered)) == len(numbered)
    assert all(data == MESSAGES[(number - 1) % 20] for number, data in numbered)
