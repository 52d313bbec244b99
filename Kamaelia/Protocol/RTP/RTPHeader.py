"""The header of an RTP packet as a record of bit fields (RFC 3550, section 5.1).

Example usage
-------------
    bytes(RTPHeader(version=2, timestamp=1048640772, SSRC=RTPSource().SSRC).pack())

How does it work?
-----------------
The fields are those of the RFC, in its order (Kamaelia.Support.Data.bitfieldrec).
"""

from __future__ import annotations

import secrets

from Kamaelia.Support.Data.bitfieldrec import bfrec, field

__all__ = ["RTPHeader", "RTPSource", "RawRTPPayload", "RawRTPPayloadHeader"]


class RTPHeader(bfrec):
    """The header of a packet."""

    fields = field.mkList(
        [
            ("version", 2, None),
            ("padding", 1, None),
            ("extension", 1, None),
            ("CSRCCount", 4, None),
            ("marker", 1, None),
            ("payloadtype", 7, None),
            ("sequencenumber", 16, None),
            ("timestamp", 32, None),
            ("SSRC", 32, None),
            ("CSRC", 32, list),
        ]
    )

    CSRC: list[int]
    CSRCCount: int

    def RTPHeaderInvariant(self) -> bool:
        """Return whether CSRCCount is the number of the contributing sources, at most 15."""
        return len(self.CSRC) <= 15 and len(self.CSRC) == self.CSRCCount


class RTPSource:
    """A source of packets. SSRC: its random identifier (RFC 3550, section 8)."""

    def __init__(self) -> None:
        self.SSRC = secrets.randbelow(2**32)


class RawRTPPayloadHeader(bfrec):
    """The length of a payload, before the payload."""

    fields = field.mkList([("length", 16, None)])


class RawRTPPayload:
    """A header, the length of the payload, and the payload."""

    def __init__(self, header: RTPHeader, data: bytes) -> None:
        self.header = header
        self.payloadheader = RawRTPPayloadHeader(length=len(data))
        self.data = data

    def pack(self) -> bytes:
        """Return the packet. Raise ValueError if a field, such as the length, does not fit."""
        return bytes(self.header.pack()) + bytes(self.payloadheader.pack()) + self.data
