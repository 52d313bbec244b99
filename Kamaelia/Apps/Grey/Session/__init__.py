"""The client's side of a handler: its state, its deadlines, and what happens when it is held.

SessionState  settings and state under the historical names
Deadlines     the time limits of one connection
HeldWatch     notices that a peer reads nothing
"""
