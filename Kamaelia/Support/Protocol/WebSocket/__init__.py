"""WebSocket (RFC 6455) as plain code, on wsproto.

Handshake        the request and the response that change a connection from HTTP to WebSocket
ClientHandshake  the same for a client
MessagePeer      messages from bytes and bytes from messages, on either side of a connection
PlainFrames      the fast way for short messages
"""
