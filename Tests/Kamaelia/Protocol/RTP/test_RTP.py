"""RTP packets are made and taken apart as RFC 3550 says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.AxonExceptions import noSpaceInBox
from Axon.Component import component
from Axon.Ipc import errorInformation, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Protocol.RTP.RTP import RTPDeframer, RTPFramer
from Kamaelia.Support.Protocol.RTP import RTPError, packPacket, parsePacket

SIMPLE = {"payloadtype": 33, "payload": b"data", "timestamp": 1000, "ssrc": 7}
FULL = {
    **SIMPLE,
    "csrcs": [1, 2, 0xFFFFFFFF],
    "extension": (b"AB", b"12345678"),
    "marker": True,
    "bytespadding": 3,
}


def test_a_packet_has_the_bytes_of_the_RFC() -> None:
    assert packPacket(SIMPLE, 5) == bytes.fromhex("80 21 0005 000003e8 00000007") + b"data"
    assert packPacket(FULL, 0x10005, 2**32 - 1) == (
        bytes.fromhex("b3 a1 0005 000003e7 00000007 00000001 00000002 ffffffff")
        + b"AB\0\x0212345678data\0\0\x03"
    )


def test_a_packet_is_taken_apart() -> None:
    number, fields = parsePacket(packPacket(FULL, 5))
    padding = fields | {"bytespadding": 3}
    assert (number, padding) == (5, FULL)


@pytest.mark.parametrize(
    "change",
    [
        {"payload": "text"},
        {"ssrc": None},
        {"csrcs": [1] * 16},
        {"bytespadding": 256},
        {"bytespadding": -1},
        {"extension": (b"ABC", b"1234")},
        {"extension": (b"AB", b"123")},
        {"timestamp": "soon"},
    ],
)
def test_fields_that_do_not_fit_are_an_error(change: dict[str, Any]) -> None:
    with pytest.raises(RTPError):
        packPacket({**SIMPLE, **change}, 0)


@pytest.mark.parametrize("missing", SIMPLE)
def test_a_missing_field_is_named(missing: str) -> None:
    fields = {name: value for name, value in SIMPLE.items() if name != missing}
    with pytest.raises(RTPError, match=f"the field '{missing}'"):
        packPacket(fields, 0)


WHOLE = packPacket(FULL, 5)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        WHOLE[:11],
        WHOLE[:20],
        WHOLE[:26],
        WHOLE[:30],
        b"\x00" + WHOLE[1:],
        WHOLE[:-1] + b"\x00",
        WHOLE[:-1] + b"\xff",
    ],
)
def test_what_is_not_a_packet_is_an_error(packet: bytes) -> None:
    with pytest.raises(RTPError):
        parsePacket(packet)


WORDS = st.integers(0, 2**32 - 1)
FIELDS = st.fixed_dictionaries(
    {
        "payloadtype": st.integers(0, 127),
        "payload": st.binary(max_size=40),
        "timestamp": WORDS,
        "ssrc": WORDS,
        "csrcs": st.lists(WORDS, max_size=15),
        "marker": st.booleans(),
        "extension": st.one_of(
            st.none(),
            st.tuples(
                st.binary(min_size=2, max_size=2), st.sampled_from([b"", b"1234", b"x" * 40])
            ),
        ),
    }
)


@given(FIELDS, st.integers(0, 2**16 - 1), st.integers(0, 255))
def test_what_is_packed_is_parsed(fields: dict[str, Any], number: int, padding: int) -> None:
    assert parsePacket(packPacket({**fields, "bytespadding": padding}, number)) == (number, fields)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_packet_or_an_RTPError(packet: bytes) -> None:
    try:
        number, fields = parsePacket(b"\x9f" + packet)
    except RTPError:
        return
    assert 0 <= number < 2**16
    assert len(fields["payload"]) <= len(packet)


def test_a_framer_counts_its_packets_and_starts_at_random_numbers() -> None:
    packets = [feed(RTPFramer(), inbox=[SIMPLE, FULL])["outbox"] for _ in range(2)]
    (first, fields), (second, _) = map(parsePacket, packets[0])
    assert second == (first + 1) % 2**16
    assert fields["timestamp"] != SIMPLE["timestamp"]
    assert packets[0] != packets[1]


def test_the_numbers_of_a_framer_wrap_around() -> None:
    framer = RTPFramer()
    framer.seqnum = 0xFFFF
    packets = feed(framer, inbox=[SIMPLE, SIMPLE])["outbox"]
    assert [parsePacket(packet)[0] for packet in packets] == [0xFFFF, 0]


def test_a_deframer_reverses_a_framer() -> None:
    packets = feed(RTPFramer(), inbox=[FULL] * 3)["outbox"]
    outcome = feed(RTPDeframer(), inbox=packets)
    assert outcome["signal"] == [FINISHED]
    assert [fields["payload"] for _, fields in outcome["outbox"]] == [b"data"] * 3
    assert [fields["csrcs"] for _, fields in outcome["outbox"]] == [FULL["csrcs"]] * 3


@pytest.mark.parametrize(("kind", "bad"), [(RTPFramer, {"payload": b""}), (RTPDeframer, b"bad")])
def test_a_malformed_message_is_reported_and_the_next_one_is_converted(kind: Any, bad: Any) -> None:
    good = SIMPLE if kind is RTPFramer else packPacket(SIMPLE, 1)
    message = shutdownMicroprocess()
    outcome = feed(kind(), inbox=[bad, good], control=["other", message])
    assert len(outcome["outbox"]) == 1
    (error,), (end,) = outcome["error"], outcome["signal"]
    assert isinstance(error, errorInformation)
    assert isinstance(error.exception, RTPError)
    assert (error.message, end) == (bad, message)


@pytest.mark.parametrize("kind", [RTPFramer, RTPDeframer])
def test_it_waits_while_its_receiver_is_full_and_its_own_sized_inbox_refuses_more(
    kind: Any,
) -> None:
    converter, full, sender = kind(), component(), component()
    converter.inboxes["inbox"].setSize(2)
    full.inboxes["inbox"].setSize(1)
    converter.link((converter, "outbox"), (full, "inbox"))
    sender.link((sender, "outbox"), (converter, "inbox"))
    good = SIMPLE if kind is RTPFramer else packPacket(SIMPLE, 1)
    sender.send(good)
    sender.send(good)
    with pytest.raises(noSpaceInBox):
        sender.send(good)
    assert feed(converter, until=1.0) == {"signal": [], "error": []}
    assert len(full.inboxes["inbox"]) == 1
