"""Components for protocols of the network.

HTTP       clients and servers of the web
WebSocket  messages in both directions, beside HTTP
"""
