"""Components for protocols of the network.

HTTP                  clients and servers of the web
WebSocket             messages in both directions, beside HTTP
IRC                   a client of IRC
MimeRequestComponent  a parser of a request with a header and a body
"""
