"""Components for protocols of the network.

HTTP                  clients and servers of the web
WebSocket             messages in both directions, beside HTTP
IRC                   a client of IRC
RTP                   packets of media streams
SDP                   a parser of session descriptions
MimeRequestComponent  a parser of a request with a header and a body

Small protocols for ServerCore:
EchoProtocol             sends back what it receives
EchoProtocolComponent    its historical import path
FortuneCookieProtocol    sends a saying
FileStream               sends a file, or the output of a command, at a constant rate
AudioCookieProtocol      sends a sound
SimpleVideoCookieServer  sends a video

Messages over streams and datagrams:
Framing                  frames and chunks: messages within a stream
Packetise                pieces of limited size
RecoverOrder             the order of numbered messages
SimpleReliableMulticast  data over a network that loses, repeats and reorders packets
"""
