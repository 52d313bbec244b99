"""Components and records for RTP (RFC 3550).

RTP                   RTPFramer and RTPDeframer: dicts to packets and back
RTPHeader             the header of a packet as a record
RTCPHeader            the packets of RTCP as records
NullPayloadRTP        frames of a stream with a constant bit rate
NullPayloadPreFramer  the historical import path of NullPayloadRTP
"""
