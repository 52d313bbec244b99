"""The packets of RTCP as records of bit fields (RFC 3550, section 6).

Example usage
-------------
    report = ReceiverReport(version=2, packetType=201, length=1, SSRC=7)
    assert report.ReceiverReportInvariant()
    bytes(report.pack())

How does it work?
-----------------
The fields are those of the RFC, in its order (Kamaelia.Support.Data.bitfieldrec). Text is a list of
the numbers of its bytes. Each record has a method that tells whether its fields are consistent;
pack() does not call it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from Kamaelia.Support.Data.bitfieldrec import bfrec, field

__all__ = [
    "AppPacket",
    "ByePacket",
    "CName",
    "Email",
    "Loc",
    "Name",
    "Note",
    "Phone",
    "Priv",
    "RTCPHeader",
    "ReceiverReport",
    "ReportBlock",
    "SenderReport",
    "SourceDescription",
    "SourceDescription_chunk",
    "SourceDescription_item",
    "Tool",
]

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, BYE, APP = range(200, 205)

#: The first 32 bits of each packet, with the name of the count in it.
START = [("version", 2, None), ("padding", 1, None)]
REST = [("packetType", 8, None), ("length", 16, None)]


class Record(bfrec):
    """A record whose fields are its attributes."""

    if TYPE_CHECKING:  # __init__ sets the fields

        def __getattr__(self, name: str) -> Any: ...

    def hasLength(self) -> bool:
        """Return whether `length` is that of this record: 32-bit words minus one (RFC, 6.4.1)."""
        words, rest = divmod(self.structureSize(), 32)
        return rest == 0 and bool(self.length == words - 1)


class RTCPHeader(Record):
    """The base of the packets."""


class ReportBlock(Record):
    """The report on one source, in a SenderReport or ReceiverReport (RFC 3550, 6.4.1)."""

    fields = field.mkList(
        [
            ("SSRC_n", 32, None),
            ("fractionLost", 8, None),
            ("cumulativePacketsLost", 24, None),
            ("extendedHighSeqNumRecv", 32, None),
            ("interarrivalJitter", 32, None),
            ("lastSRTimestamp", 32, None),
            ("delaySinceLastSR", 32, None),
        ]
    )


class SenderReport(RTCPHeader):
    """The report of a sender (RFC 3550, 6.4.1); report blocks follow."""

    fields = field.mkList(
        [
            *START,
            ("receptionReportCount", 5, None),
            *REST,
            ("SSRC", 32, None),
            ("NTPtimestamp", 64, None),
            ("RTPtimestamp", 32, None),
            ("sendersPacketCount", 32, None),
            ("sendersOctetCount", 32, None),
        ]
    )

    def SenderReportInvariant(self) -> bool:
        """Return whether the type is that of a sender report."""
        return bool(self.packetType == SENDER_REPORT)


class ReceiverReport(RTCPHeader):
    """The report of a receiver (RFC 3550, 6.4.2); report blocks follow."""

    fields = field.mkList([*START, ("receptionReportCount", 5, None), *REST, ("SSRC", 32, None)])

    def ReceiverReportInvariant(self) -> bool:
        """Return whether the type is that of a receiver report."""
        return bool(self.packetType == RECEIVER_REPORT)


class SourceDescription_item(Record):
    """One item of a SourceDescription_chunk (RFC 3550, 6.5); `description` is UTF-8."""

    itemTypeOfClass: int | None = None  # the only valid type, or None for any

    fields = field.mkList([("itemType", 8, None), ("length", 8, None), ("description", 8, list)])

    def SourceDescription_itemInvariant(self) -> bool:
        """Return whether `length` is that of the description, and the type that of the class."""
        return bool(self.length == self.textLength() and self.hasType())

    def textLength(self) -> int:
        """Return the number of bytes after `length`."""
        return len(self.description)

    def hasType(self) -> bool:
        """Return whether the type is that of this class."""
        return self.itemTypeOfClass is None or bool(self.itemType == self.itemTypeOfClass)


class CName(SourceDescription_item):
    """The canonical name of a source (RFC 3550, 6.5.1)."""

    itemTypeOfClass = 1

    CNameInvariant = SourceDescription_item.SourceDescription_itemInvariant


class Name(SourceDescription_item):
    """The name of a user (RFC 3550, 6.5.2)."""

    itemTypeOfClass = 2

    NameInvariant = SourceDescription_item.SourceDescription_itemInvariant


class Email(SourceDescription_item):
    """The mail address of a user (RFC 3550, 6.5.3)."""

    itemTypeOfClass = 3

    EmailInvariant = SourceDescription_item.SourceDescription_itemInvariant


class Phone(SourceDescription_item):
    """The telephone number of a user (RFC 3550, 6.5.4)."""

    itemTypeOfClass = 4

    PhoneInvariant = SourceDescription_item.SourceDescription_itemInvariant


class Loc(SourceDescription_item):
    """The geographic location of a user (RFC 3550, 6.5.5)."""

    itemTypeOfClass = 5

    LocInvariant = SourceDescription_item.SourceDescription_itemInvariant


class Tool(SourceDescription_item):
    """The name of the program (RFC 3550, 6.5.6)."""

    itemTypeOfClass = 6

    ToolInvariant = SourceDescription_item.SourceDescription_itemInvariant


class Note(SourceDescription_item):
    """A notice about the state of the source (RFC 3550, 6.5.7)."""

    itemTypeOfClass = 7

    NoteInvariant = SourceDescription_item.SourceDescription_itemInvariant


class Priv(SourceDescription_item):
    """A private extension (RFC 3550, 6.5.8): a prefix before the description."""

    itemTypeOfClass = 8

    fields = field.mkList(
        [
            ("itemType", 8, None),
            ("length", 8, None),
            ("prefixLength", 8, None),
            ("prefixString", 8, list),
            ("description", 8, list),
        ]
    )

    def textLength(self) -> int:
        """Return the number of bytes after `length`."""
        return 1 + len(self.prefixString) + len(self.description)

    def PrivInvariant(self) -> bool:
        """Return whether the fields are consistent."""
        hasPrefix = bool(self.prefixLength == len(self.prefixString))
        return hasPrefix and self.SourceDescription_itemInvariant()


class SourceDescription_chunk(Record):
    """The start of a chunk: its source (RFC 3550, 6.5). Items follow, and zeros up to 32 bits."""

    fields = field.mkList([("SSRC_CSRC", 32, None)])

    def SourceDescription_chunkInvariant(self) -> bool:
        """Return whether the size is a multiple of 32 bits."""
        return self.structureSize() % 32 == 0


class SourceDescription(RTCPHeader):
    """The start of a source description (RFC 3550, 6.5); chunks follow."""

    fields = field.mkList([*START, ("sourceCount", 5, None), *REST])

    def SourceDescriptionInvariant(self) -> bool:
        """Return whether the type is that of a source description."""
        return bool(self.packetType == SOURCE_DESCRIPTION)


class ByePacket(RTCPHeader):
    """The end of sources (RFC 3550, 6.6), with a reason."""

    fields = field.mkList(
        [
            *START,
            ("sourceCount", 5, None),
            *REST,
            ("SSRC_CSRC", 32, list),
            ("reasonLength", 8, None),
            ("reasonString", 8, list),
        ]
    )

    def ByePacketInvariant(self) -> bool:
        """Return whether the type, the counts and the length are right."""
        return bool(
            self.packetType == BYE
            and self.sourceCount == len(self.SSRC_CSRC)
            and self.reasonLength == len(self.reasonString)
            and self.hasLength()
        )


class AppPacket(RTCPHeader):
    """A packet that an application defines (RFC 3550, 6.7); `name` has four letters."""

    fields = field.mkList(
        [
            *START,
            ("subtype", 5, None),
            *REST,
            ("SSRC_CSRC", 32, None),
            ("name", 8, list),
            ("appData", 32, list),
        ]
    )

    def AppPacketInvariant(self) -> bool:
        """Return whether the type, the name and the length are right."""
        return bool(self.packetType == APP and len(self.name) == 4 and self.hasLength())
