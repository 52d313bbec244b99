"""Protocols as plain code, tested on bytes.

SMTP         both sides of SMTP, and LMTP
SPF          the Sender Policy Framework
HTTP         messages and URLs of HTTP
WebSocket    both sides of WebSocket
IRC          messages and sessions of IRC
RTP          packets of media streams
SDP          session descriptions
Framing      messages within a stream that may lose parts
SequenceOrder  the order of items with sequence numbers
DNSNames     the verified name of an address
ProxyHeader  the PROXY header of load balancers
DKIM              signatures that vouch for the sender of a mail
Milter            the milter protocol of sendmail and Postfix
PolicyDelegation  the requests of Postfix to a policy service
"""
