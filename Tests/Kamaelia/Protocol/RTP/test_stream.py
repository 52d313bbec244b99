"""A stream in RTP packets arrives whole and in order through a network with faults."""

from random import Random
from typing import Any

import pytest

from Axon.Ipc import errorInformation
from Axon.testing import feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Internet.Simulate.BrokenNetwork import Duplicate, Reorder, Throwaway
from Kamaelia.Protocol.RecoverOrder import RecoverOrder
from Kamaelia.Protocol.RTP.RTP import RTPDeframer, RTPFramer
from Kamaelia.Util.Detuple import SimpleDetupler
from Kamaelia.Util.PureTransformer import PureTransformer

PIECES = [b"piece %05d" % number for number in range(500)]


def described(number: int, payload: bytes) -> dict[str, Any]:
    return {"payloadtype": 33, "payload": payload, "timestamp": 90 * number, "ssrc": 7}


def received(*faults: Any) -> list[bytes]:
    """Return the payloads that arrive through a network with faults."""
    chain = Pipeline(
        RTPFramer(),
        *faults,
        RTPDeframer(),
        RecoverOrder(bufsize=64, modulo=65536),
        SimpleDetupler(1),
        SimpleDetupler("payload"),
    )
    return feed(chain, inbox=[described(*each) for each in enumerate(PIECES)])["outbox"]


@pytest.mark.parametrize("seed", range(3))
def test_a_network_that_repeats_and_reorders_packets_changes_nothing(seed: int) -> None:
    random = Random(seed)
    faults = [Duplicate(random=random), Reorder(random=random, most=4)]
    assert received(*faults) == PIECES


def test_after_losses_the_rest_is_in_order() -> None:
    random = Random(1)
    got = received(Throwaway(random=random), Reorder(random=random, most=4))
    assert got == sorted(got)
    assert 300 < len(set(got)) < 500


def test_damaged_packets_are_reported_and_do_not_stop_the_stream() -> None:
    random = Random(2)

    def damage(packet: bytes) -> bytes:
        return packet[: random.randrange(12)] if random.random() < 0.2 else packet

    chain = Graphline(
        FRAME=RTPFramer(),
        DAMAGE=PureTransformer(damage),
        DEFRAME=RTPDeframer(),
        linkages={
            ("self", "inbox"): ("FRAME", "inbox"),
            ("self", "control"): ("FRAME", "control"),
            ("FRAME", "outbox"): ("DAMAGE", "inbox"),
            ("FRAME", "signal"): ("DAMAGE", "control"),
            ("DAMAGE", "outbox"): ("DEFRAME", "inbox"),
            ("DAMAGE", "signal"): ("DEFRAME", "control"),
            ("DEFRAME", "outbox"): ("self", "outbox"),
            ("DEFRAME", "error"): ("self", "error"),
        },
    )
    outcome = feed(chain, inbox=[described(*each) for each in enumerate(PIECES)])
    payloads = [fields["payload"] for _, fields in outcome["outbox"]]
    assert payloads == sorted(payloads)
    assert len(payloads) + len(outcome["error"]) == len(PIECES)
    assert all(isinstance(each, errorInformation) for each in outcome["error"])
    assert len(outcome["error"]) > 50
