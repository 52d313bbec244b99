"""RTP packets on bytes (RFC 3550, section 5.1).

Example usage
-------------
    packet = packPacket({"payloadtype": 33, "payload": data, "timestamp": 0, "ssrc": 7}, number=1)
    number, fields = parsePacket(packet)

How does it work?
-----------------
The fields of a packet are a dict: payloadtype, payload, timestamp, ssrc, csrcs, extension, marker.
An extension is a pair: two bytes that say what it is, and its data, whose length is a multiple of
four bytes. The payload is not interpreted.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

__all__ = ["RTPError", "packPacket", "parsePacket"]

FIXED = struct.Struct(">BBHII")
EXTENSION = struct.Struct(">2sH")
WORD = 4  # bytes: the unit of the length of an extension (RFC 3550, 5.3.1)

VERSION, PADDING, HAS_EXTENSION, COUNT = 0x80, 0x20, 0x10, 0x0F
MARKER, TYPE = 0x80, 0x7F


class RTPError(ValueError):
    """Bytes that are not an RTP packet, or fields that do not fit in one."""


def packPacket(fields: Mapping[str, Any], number: int, offset: int = 0) -> bytes:
    """Return the packet with a sequence number.

    fields: payloadtype, payload (bytes), timestamp and ssrc; and optionally csrcs (up to 15
    identifiers), extension (a pair of bytes), marker, bytespadding (0 to 255). offset: a number
    that is added to the timestamp. Raise RTPError if a field is missing or does not fit.
    """
    try:
        return joinedParts(fields, number, offset)
    except KeyError as error:
        raise RTPError(f"the field {error} of an RTP packet is missing") from None
    except RTPError:
        raise
    except (struct.error, TypeError, ValueError) as error:
        raise RTPError(f"a field of an RTP packet is malformed: {error}") from error


def joinedParts(fields: Mapping[str, Any], number: int, offset: int) -> bytes:
    """Return the packet; see packPacket."""
    csrcs = [identifier & 0xFFFFFFFF for identifier in fields.get("csrcs") or ()]
    extension = fields.get("extension")
    padding = fields.get("bytespadding", 0)
    if len(csrcs) > COUNT:
        raise RTPError(f"an RTP packet has up to {COUNT} csrcs, not {len(csrcs)}")
    if not 0 <= padding <= 255:
        raise RTPError(f"an RTP packet has up to 255 bytes of padding, not {padding}")
    first = VERSION | len(csrcs)
    first |= (PADDING if padding else 0) | (HAS_EXTENSION if extension else 0)
    second = fields["payloadtype"] & TYPE | (MARKER if fields.get("marker") else 0)
    timestamp = (int(fields["timestamp"]) + offset) & 0xFFFFFFFF
    parts = [
        FIXED.pack(first, second, number & 0xFFFF, timestamp, fields["ssrc"] & 0xFFFFFFFF),
        struct.pack(f">{len(csrcs)}I", *csrcs),
        extensionBytes(*extension) if extension else b"",
        bytes(memoryview(fields["payload"])),
        bytes(padding - 1) + bytes([padding]) if padding else b"",
    ]
    return b"".join(parts)


def extensionBytes(kind: bytes, data: bytes) -> bytes:
    """Return the extension of a header. Raise RTPError if its length is wrong."""
    if len(kind) != 2 or len(data) % WORD or len(data) // WORD > 0xFFFF:
        raise RTPError("an extension has 2 bytes and data of a multiple of 4 bytes")
    return EXTENSION.pack(kind, len(data) // WORD) + data


def parsePacket(packet: bytes) -> tuple[int, dict[str, Any]]:
    """Return the sequence number and the fields. Raise RTPError if it is not an RTP packet."""
    try:
        return partsOf(packet)
    except (struct.error, IndexError):
        raise RTPError(f"an RTP packet of {len(packet)} bytes is incomplete") from None


def partsOf(packet: bytes) -> tuple[int, dict[str, Any]]:
    """Return the sequence number and the fields; see parsePacket."""
    first, second, number, timestamp, ssrc = FIXED.unpack_from(packet)
    if first >> 6 != VERSION >> 6:
        raise RTPError(f"this is not a packet of RTP version 2, but {first >> 6}")
    begin = FIXED.size
    csrcs = struct.unpack_from(f">{first & COUNT}I", packet, begin)
    begin += WORD * len(csrcs)
    extension = None
    if first & HAS_EXTENSION:
        kind, words = EXTENSION.unpack_from(packet, begin)
        begin += EXTENSION.size
        data = packet[begin : begin + WORD * words]
        if len(data) < WORD * words:
            raise RTPError("the extension of an RTP packet is incomplete")
        extension = (kind, data)
        begin += len(data)
    end = len(packet)
    if first & PADDING:
        padding = packet[-1]
        if padding == 0 or end - padding < begin:
            raise RTPError(f"an RTP packet cannot have {padding} bytes of padding")
        end -= padding
    fields = {
        "payloadtype": second & TYPE,
        "payload": packet[begin:end],
        "timestamp": timestamp,
        "ssrc": ssrc,
        "extension": extension,
        "csrcs": list(csrcs),
        "marker": bool(second & MARKER),
    }
    return number, fields
