"""The client's side of a handler: settings, state, deadlines, and what happens when it is held.

SessionState  settings and state under the historical names
Phase         what the handler waits for, and which phase may follow which
Deadlines     when the client is late
HeldWatch     notices that a peer reads nothing
"""
