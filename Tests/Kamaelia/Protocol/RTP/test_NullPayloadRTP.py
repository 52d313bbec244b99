"""Frames of a stream with a constant bit rate."""

import pytest

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Protocol.RTP import NullPayloadPreFramer as oldPath
from Kamaelia.Protocol.RTP.NullPayloadRTP import NullPayloadPreFramer, packLengthAsString


def test_a_length_is_four_bytes() -> None:
    assert packLengthAsString(0x41424344) == b"ABCD"
    with pytest.raises(OverflowError):
        packLengthAsString(2**32)


def test_the_defaults_are_those_of_1_14() -> None:
    framer = NullPayloadPreFramer("dummy")
    assert (framer.sourcename, framer.sourcebitrate, framer.chunksize) == ("dummy", 65536, 1400)
    assert (framer.sourceoctetrate, framer.timestamp) == (8192.0, 0)


@pytest.mark.parametrize("size", [1, 3, 10, 25])
@pytest.mark.parametrize("message", ["shutdown", FINISHED, shutdownMicroprocess()])
def test_the_frames_do_not_depend_on_the_pieces(size: int, message: object) -> None:
    data = bytes(range(25))
    pieces = [data[begin : begin + size] for begin in range(0, 25, size)]
    framer = NullPayloadPreFramer("dummy", sourcebitrate=80, chunksize=10)
    assert feed(framer, recvsrc=pieces, control=["other", message]) == {
        "output": [
            (0.0, b"\0\0\0\x0a" + data[:10]),
            (1.0, b"\0\0\0\x0a" + data[10:20]),
            (2.0, b"\0\0\0\x05" + data[20:]),
        ],
        "signal": [message],
    }


def test_without_data_nothing_is_sent() -> None:
    outcome = feed(NullPayloadPreFramer("dummy"), control=["shutdown"])
    assert outcome == {"output": [], "signal": ["shutdown"]}


@pytest.mark.parametrize("setting", ["sourcebitrate", "chunksize"])
def test_a_size_of_zero_is_an_error(setting: str) -> None:
    with pytest.raises(ValueError, match="positive"):
        NullPayloadPreFramer("dummy", **{setting: 0})


def test_it_waits_while_its_receiver_is_full_and_its_own_sized_inbox_refuses_more() -> None:
    framer, full, sender = NullPayloadPreFramer("x", chunksize=1), component(), component()
    framer.inboxes["recvsrc"].setSize(1)
    full.inboxes["inbox"].setSize(2)
    framer.link((framer, "output"), (full, "inbox"))
    sender.link((sender, "outbox"), (framer, "recvsrc"))
    sender.send(b"1234")
    with pytest.raises(noSpaceInBox):
        sender.send(b"5")
    assert feed(framer, control=[], until=1.0) == {"signal": []}
    assert len(full.inboxes["inbox"]) == 2


def test_the_old_path_has_the_same_names() -> None:
    assert oldPath.NullPayloadPreFramer is NullPayloadPreFramer
    assert oldPath.packLengthAsString is packLengthAsString
