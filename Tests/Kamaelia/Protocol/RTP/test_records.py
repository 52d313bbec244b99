"""The records of RTP and RTCP have the bits of RFC 3550."""

import pytest

from Kamaelia.Protocol.RTP import RTCPHeader as rtcp
from Kamaelia.Protocol.RTP.RTPHeader import RawRTPPayload, RTPHeader, RTPSource
from Kamaelia.Support.Protocol.RTP import packPacket

TEXT = list(b"It's the cname")


def test_a_header_is_that_of_a_packet() -> None:
    fields = {"payloadtype": 33, "payload": b"", "timestamp": 9, "ssrc": 7, "csrcs": [1, 2]}
    header = RTPHeader(
        version=2, CSRCCount=2, payloadtype=33, sequencenumber=5, timestamp=9, SSRC=7, CSRC=[1, 2]
    )
    assert header.RTPHeaderInvariant()
    assert bytes(header.pack()) == packPacket(fields, 5)
    header.CSRC = [1] * 16
    assert not header.RTPHeaderInvariant()


def test_a_source_has_a_random_identifier() -> None:
    assert len({RTPSource().SSRC for _ in range(10)}) > 5


def test_a_raw_payload_has_its_length_before_it() -> None:
    assert (
        RawRTPPayload(RTPHeader(version=2), b"data").pack() == b"\x80" + bytes(11) + b"\0\x04data"
    )
    with pytest.raises(ValueError, match="length=65536"):
        RawRTPPayload(RTPHeader(), bytes(65536)).pack()


SIZES = {  # bytes
    rtcp.ReportBlock: 24,
    rtcp.SenderReport: 28,
    rtcp.ReceiverReport: 8,
    rtcp.SourceDescription: 4,
    rtcp.SourceDescription_chunk: 4,
    rtcp.SourceDescription_item: 2,
    rtcp.Priv: 3,
    rtcp.ByePacket: 5,
    rtcp.AppPacket: 8,
}


@pytest.mark.parametrize("kind", SIZES)
def test_a_record_has_the_size_of_the_RFC(kind: type) -> None:
    assert len(kind().pack()) == SIZES[kind]


def test_the_timestamp_of_a_sender_report_is_packed() -> None:
    """In 1.14 the name of the field had a colon, so its value was lost."""
    assert bytes(rtcp.SenderReport(RTPtimestamp=7).pack())[16:20] == b"\0\0\0\x07"


ITEMS = [rtcp.CName, rtcp.Name, rtcp.Email, rtcp.Phone, rtcp.Loc, rtcp.Tool, rtcp.Note]


@pytest.mark.parametrize("kind", ITEMS)
def test_an_item_checks_its_type_and_its_length(kind: type[rtcp.SourceDescription_item]) -> None:
    number = ITEMS.index(kind) + 1
    item = kind(itemType=number, length=len(TEXT), description=TEXT)
    invariant = getattr(item, f"{kind.__name__}Invariant")
    assert invariant()
    assert bytes(item.pack()) == bytes([number, 14]) + b"It's the cname"
    item.length = 3
    assert not invariant()
    assert not getattr(kind(itemType=number + 1), f"{kind.__name__}Invariant")()


def test_a_private_item_has_a_prefix() -> None:
    item = rtcp.Priv(
        itemType=8, length=6, prefixLength=2, prefixString=[1, 2], description=[3, 4, 5]
    )
    assert item.PrivInvariant()
    assert bytes(item.pack()) == bytes([8, 6, 2, 1, 2, 3, 4, 5])
    item.prefixLength = 3
    assert not item.PrivInvariant()


@pytest.mark.parametrize(
    ("name", "number"), [("SenderReport", 200), ("ReceiverReport", 201), ("SourceDescription", 202)]
)
def test_a_packet_checks_its_type(name: str, number: int) -> None:
    kind = getattr(rtcp, name)
    assert getattr(kind(packetType=number), f"{name}Invariant")()
    assert not getattr(kind(packetType=number + 1), f"{name}Invariant")()


def test_the_end_of_sources_checks_its_counts_and_its_length() -> None:
    bye = rtcp.ByePacket(
        packetType=203,
        sourceCount=1,
        length=3,
        SSRC_CSRC=[7],
        reasonLength=7,
        reasonString=TEXT[:7],
    )
    assert bye.ByePacketInvariant()
    bye.sourceCount = 2
    assert not bye.ByePacketInvariant()


def test_a_packet_of_an_application_checks_its_name_and_its_length() -> None:
    app = rtcp.AppPacket(packetType=204, length=3, name=list(b"TEST"), appData=[1])
    assert app.AppPacketInvariant()
    app.length = 4
    assert not app.AppPacketInvariant()


def test_a_chunk_is_a_multiple_of_32_bits() -> None:
    assert rtcp.SourceDescription_chunk().SourceDescription_chunkInvariant()
