"""Components for WebSocket: text and binary messages over one connection, both ways.

WebSocketServer  connections of a server, beside HTTP on one port
WebSocketClient  a connection to a server
Conversation     the common part of both: messages, pings and the close
"""
