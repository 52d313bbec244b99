"""RTP packets from dicts, and dicts from RTP packets.

Example usage
-------------
    Pipeline(
        Multicast_transceiver("0.0.0.0", 1600, "224.168.2.9", 0),
        SimpleDetupler(1),          # without the address of the sender
        RTPDeframer(),
        RecoverOrder(bufsize=64, modulo=65536),
        SimpleDetupler(1),          # without the sequence number
        SimpleDetupler("payload"),
        SimpleFileWriter("received"),
    ).run()

How does it work?
-----------------
Kamaelia.Support.Protocol.RTP knows the format. The sequence numbers and the timestamps of a framer
begin at random numbers, as RFC 3550 requires.

Termination: at a producerFinished or shutdownMicroprocess, after the messages before it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from Axon.Component import component
from Axon.Ipc import errorInformation
from Kamaelia.Support.Protocol.RTP import RTPError, packPacket, parsePacket
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["RTPDeframer", "RTPFramer"]


class PacketConverter(component):
    """A component that sends convert(message) for each message, or reports its RTPError."""

    Outboxes = {
        "outbox": "the converted messages",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a malformed message",
    }

    def convert(self, message: Any) -> Any:
        """Return what to send. Raise RTPError for a malformed message."""
        raise NotImplementedError

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                try:
                    converted = self.convert(message)
                except RTPError as error:
                    self.send(errorInformation(self, error.with_traceback(None), message), "error")
                else:
                    yield from sendWithRoom(self, converted)
            if self.isShuttingDown():
                return


class RTPFramer(PacketConverter):
    """A component that sends an RTP packet for each dict.

    The keys are payloadtype, payload (bytes), timestamp, ssrc, and optionally csrcs (a list of up
    to 15), extension (a pair of bytes), marker, bytespadding.
    """

    Inboxes = {"inbox": "dicts", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "bytes: one packet for each dict",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a malformed dict",
    }

    def __init__(self) -> None:
        super().__init__()
        self.seqnum = secrets.randbelow(2**16)
        self.timestamp_offset = secrets.randbelow(2**32)

    def convert(self, message: Mapping[str, Any]) -> bytes:
        """Return the packet, with the next sequence number."""
        packet = packPacket(message, self.seqnum, self.timestamp_offset)
        self.seqnum = (self.seqnum + 1) & 0xFFFF
        return packet


class RTPDeframer(PacketConverter):
    """A component that sends (sequence number, dict) for each RTP packet.

    The keys are those of RTPFramer, without bytespadding.
    """

    Inboxes = {"inbox": "bytes: one packet in each message", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "tuples: (sequence number, dict)",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a malformed packet",
    }

    def convert(self, message: bytes) -> tuple[int, dict[str, Any]]:
        """Return the sequence number and the fields of a packet."""
        return parsePacket(message)


__kamaelia_components__ = (PacketConverter, RTPFramer, RTPDeframer)
