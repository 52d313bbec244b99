"""The client's side of a handler: settings, state, deadlines, a watch for peers that do not read.

SessionState  settings and state under the historical names
Phase         what the handler does next, and which phase may follow which
DeclaredClient  the client that a trusted host names by XCLIENT or XFORWARD
ClientRates   how often the clients of one network may connect and send
Deadlines     when the client is late
HeldWatch     reports that a peer reads nothing
"""
