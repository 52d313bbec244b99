"""The historical import path of Kamaelia.Protocol.RTP.NullPayloadRTP."""

from Kamaelia.Protocol.RTP.NullPayloadRTP import NullPayloadPreFramer, packLengthAsString

__all__ = ["NullPayloadPreFramer", "packLengthAsString"]
